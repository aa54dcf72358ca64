import Kernels

/// Bias and activation, pooling, normalisation.
extension KernelCase {
  static let layers = [
    KernelCase("add_bias", addBias), KernelCase("bias_gradient", biasGradient),
    KernelCase(maps: "max_pool_row", maxPool),
    KernelCase(maps: "max_pool_gradient_row", maxPoolGradient), KernelCase(maps: "l2_normalize", l2Normalize),
    KernelCase(maps: "l2_normalize_gradient", l2NormalizeGradient),
  ]

  private static let rows = 3

  private static func addBias(_ trial: Trial) {
    let (rows, channels) = (trial.size == 0 ? 0 : rows, trial.positiveSize)
    for bounds in everyBounds {
      for hasBias in [true, false] {
        let (bias, y) = (trial.numbers(channels), trial.numbers(rows * channels))
        trial.kernels.addBias(
          hasBias ? UnsafePointer(bias.start) : nil, bounds, to: y.start, rows: rows, channels: channels)
        for i in 0..<rows * channels {
          trial.expect(y, i, is: bounds.clamp(y.initial(i) + (hasBias ? bias[i % channels] : 0)))
        }
      }
    }
  }

  private static func biasGradient(_ trial: Trial) {
    let (rows, channels) = (trial.size == 0 ? 0 : rows, trial.positiveSize)
    for bounds in everyBounds {
      for hasOutput in [true, false] {
        let (y, dy) = (trial.numbers(rows * channels), trial.numbers(rows * channels))
        for i in 0..<y.count { y[i] = bounds.clamp(y[i]) }
        let sums = trial.unset(channels)
        trial.kernels.biasGradient(
          rows: rows, channels: channels, output: hasOutput ? UnsafePointer(y.start) : nil, bounds, gradient: dy.start,
          into: sums.start)
        for channel in 0..<channels {
          var sum = Sum()
          for i in stride(from: channel, to: rows * channels, by: channels) {
            let expected = !hasOutput || bounds.passes(y[i]) ? dy.initial(i) : 0
            trial.expect(dy, i, is: expected)
            sum.add(Double(expected))
          }
          trial.expect(sums, channel, sum)
        }
      }
    }
  }

  /// Windows over a map of 5×4 pixels: in the padding, over each other, apart.
  private static let windows: [(kernel: Int, stride: Int, padding: Int, output: (height: Int, width: Int))] = [
    (3, 2, 1, (3, 2)), (3, 1, 1, (5, 4)), (2, 2, 0, (3, 2)), (1, 2, 0, (3, 2)),
  ]
  private static let map = (height: 5, width: 4)

  /// The pixels of a window that lie in the map, in the order of the taps.
  private static func pixels(
    _ window: (kernel: Int, stride: Int, padding: Int, output: (height: Int, width: Int)), _ y: Int, _ x: Int
  ) -> [(pixel: Int, tap: Int)] {
    (0..<window.kernel * window.kernel).compactMap { tap in
      let row = y * window.stride - window.padding + tap / window.kernel
      let column = x * window.stride - window.padding + tap % window.kernel
      let isInside = (0..<map.height).contains(row) && (0..<map.width).contains(column)
      return isInside ? (row * map.width + column, tap) : nil
    }
  }

  private static func maxPool(_ trial: Trial) {
    let channels = trial.positiveSize
    for (window, writing) in zip(
      windows + windows,
      [MapWriting.sets, .setsPastCaches, .sets, .setsPastCaches, .setsPastCaches, .sets, .setsPastCaches, .sets])
    {
      let x = trial.mapNumbers(map.height * map.width * channels)
      // Small integers are often equal. Some are no numbers.
      for i in 0..<x.count {
        let number = trial.stream.integer(below: 40)
        x[i] = number == 0 ? .nan : Float(number / 6)
      }
      let row = trial.stream.integer(below: window.output.height)
      let count = window.output.width * channels
      let (y, argmax) = (trial.unsetMap(count), trial.unset(count, of: UInt8.self))
      trial.maps.maxPoolRow(
        PoolingGeometry(
          input: map, output: window.output, channels: channels, kernel: window.kernel, stride: window.stride,
          padding: window.padding), image: x.start, outputRow: row, writing, into: y.start, argmax: argmax.start)
      for i in 0..<count {
        let values = pixels(window, row, i / channels).map { ($0.tap, x[$0.pixel * channels + i % channels]) }
        // What is no number wins.
        let first = values.first { $0.1.isNaN } ?? values.first { $0.1 == values.map(\.1).max() }
        trial.expect(y, i, is: first!.1)
        trial.expect(argmax, i, is: UInt8(first!.0))
      }
    }
  }

  private static func maxPoolGradient(_ trial: Trial) {
    let channels = trial.positiveSize
    for (window, writing) in zip(
      windows + windows + windows,
      [
        MapWriting.adds, .sets, .setsPastCaches, .adds, .sets, .setsPastCaches, .adds, .sets, .setsPastCaches, .adds,
        .sets, .setsPastCaches,
      ])
    {
      let count = window.output.height * window.output.width * channels
      let (dy, argmax) = (trial.mapNumbers(count), trial.bytes(count))
      for i in 0..<count {
        argmax[i] = UInt8(trial.stream.integer(below: window.kernel * window.kernel))
      }
      let row = trial.stream.integer(below: map.height)
      let dx = trial.map(map.width * channels, writing)
      trial.maps.maxPoolGradientRow(
        PoolingGeometry(
          input: map, output: window.output, channels: channels, kernel: window.kernel, stride: window.stride,
          padding: window.padding), outputGradient: dy.start, argmax: argmax.start,
        inputRow: row, writing, into: dx.start)
      var sums = (0..<dx.count).map { Sum(startingAt: writing == .adds ? dx.initial($0) : 0) }
      for i in 0..<count {
        let place = i / channels
        for (pixel, tap) in pixels(window, place / window.output.width, place % window.output.width)
        where tap == Int(argmax[i]) && pixel / map.width == row {
          sums[pixel % map.width * channels + i % channels].add(Double(dy[i]))
        }
      }
      for i in 0..<dx.count { trial.expect(dx, i, sums[i]) }
    }
  }

  private static let epsilon: Float = 1e-2

  private static func l2Normalize(_ trial: Trial) {
    let (rows, channels) = (trial.size == 0 ? 0 : rows, trial.positiveSize)
    let (x, scale) = (trial.mapNumbers(rows * channels), trial.numbers(channels))
    let (y, inverseNorms) = (trial.unsetMap(rows * channels), trial.unset(rows))
    trial.maps.l2Normalize(
      rows: rows, channels: channels, epsilon: epsilon, scale: scale.start, x.start, into: y.start,
      inverseNorms: inverseNorms.start)
    for row in 0..<rows {
      let values = (row * channels..<(row + 1) * channels).map { Double(x[$0]) }
      let inverse = 1 / (Double(epsilon) + values.reduce(0) { $0 + $1 * $1 }).squareRoot()
      // The root halves the error of the sum; root and quotient round, later two products.
      let roundings = (channels + 1) / 2 + 2
      trial.expect(inverseNorms, row, Sum(inverse, roundings: roundings))
      for (channel, value) in values.enumerated() {
        let expected = Double(scale[channel]) * value * inverse
        trial.expect(y, row * channels + channel, Sum(expected, roundings: roundings + 2))
      }
    }
  }

  private static func l2NormalizeGradient(_ trial: Trial) {
    let (rows, channels) = (trial.size == 0 ? 0 : rows, trial.positiveSize)
    for (wantsInput, accumulates) in [(true, false), (true, true), (false, false)] {
      let (x, dy) = (trial.mapNumbers(rows * channels), trial.mapNumbers(rows * channels))
      let (scale, inverseNorms) = (trial.numbers(channels), trial.numbers(rows))
      let dx = trial.map(x.count, accumulates ? .adds : .sets)
      let scaleSums = trial.unset(channels)
      trial.maps.l2NormalizeGradient(
        rows: rows, channels: channels, scale: scale.start, x.start, inverseNorms: inverseNorms.start,
        outputGradient: dy.start, accumulates: accumulates, into: wantsInput ? dx.start : nil,
        scaleSums: scaleSums.start)
      // Terms are products of three, of which two products round.
      var sums = [Sum](repeating: Sum(roundings: 2), count: channels)
      for row in 0..<rows {
        let inverse = Double(inverseNorms[row])
        func gradient(_ channel: Int) -> Double { Double(scale[channel]) * Double(dy[row * channels + channel]) }
        func normal(_ channel: Int) -> Double { Double(x[row * channels + channel]) * inverse }
        for channel in 0..<channels {
          let place = row * channels + channel
          sums[channel].add(Double(dy[place]) * normal(channel))
          guard wantsInput else { continue }
          // Three products in every term, another two behind the sum, a difference, a product, an addition.
          var sum = Sum(roundings: channels + 8)
          if accumulates { sum.addUnrounded(Double(dx.initial(place))) }
          sum.addUnrounded(inverse * gradient(channel))
          for other in 0..<channels {
            sum.addUnrounded(-inverse * normal(channel) * gradient(other) * normal(other))
          }
          trial.expect(dx, place, sum)
        }
      }
      for channel in 0..<channels { trial.expect(scaleSums, channel, sums[channel]) }
    }
  }
}
