import Kernels

/// Products that go to maps.
extension KernelCase {
  /// Random operands of a product, and the product.
  private struct Product {
    let rows: Int
    let blocks: Int
    let blockStride: Int
    let left: Memory<Float>
    let right: Memory<Float>
    /// [row][column of the panel]
    let numbers: [[Sum]]

    init(_ trial: Trial, rows: Int) {
      let layout = trial.blocks(sumsRows: false)
      self.rows = rows
      // Sums of up to 16 blocks, or 32 with bfloat16, are made at once.
      blocks = trial.stream.chance(0.05) ? 35 : 1 + trial.stream.integer(below: 3)
      blockStride = max(1, layout.words(rows))
      left = trial.operand(layout, rows: blocks * rows)
      right = trial.operand(trial.panels, rows: blocks * layout.width)
      let (left, right, stride, depth) = (left, right, blockStride, blocks * layout.width)
      numbers = (0..<rows).map { row in
        let factors = (0..<depth).map { k in
          Double(trial.number(left, from: k / layout.width * stride, layout, row, k % layout.width))
        }
        return (0..<trial.panels.width).map { column in
          var sum = Sum(roundings: 1)
          for (k, factor) in factors.enumerated() {
            sum.add(factor * Double(trial.number(right, trial.panels, k, column)))
          }
          return sum
        }
      }
    }
  }

  /// Fewer rows than are written together, or some more.
  private static func rows(_ trial: Trial) -> Int {
    trial.size == 0 ? 0 : 1 + trial.stream.integer(below: trial.stream.chance(0.3) ? 70 : 20)
  }

  static func multiplyToOutput(_ trial: Trial) {
    let channels = trial.positiveSize
    for firstChannel in stride(from: 0, to: channels, by: MapKernels.panelWidth) {
      for activation in everyActivation.map(Optional.init) + [nil] {
        let product = Product(trial, rows: rows(trial))
        // Nothing is done to the numbers, or something.
        let finish = activation.map { trial.normalization(channels: channels, $0) }
        let writing = trial.writing()
        let accumulates = writing == .adds
        let wantsMoments = product.rows > 0 && !accumulates && trial.stream.chance(0.7)
        let count = product.rows * channels
        let y = trial.map(count, writing)
        let moments = trial.unset(2 * channels)
        trial.maps.multiplyToOutput(
          rows: product.rows, blocks: product.blocks, left: product.left.start, blockStride: product.blockStride,
          right: product.right.start, channels: channels, firstChannel: firstChannel,
          finish?.normalization ?? Normalization(), writing,
          moments: wantsMoments ? moments.start : nil, into: y.start)
        for column in 0..<min(MapKernels.panelWidth, channels - firstChannel) {
          let channel = firstChannel + column
          let numbers = product.numbers.map { $0[column] }
          for (row, number) in numbers.enumerated() {
            var sum = finish?.value(number, channel: channel) ?? number
            if accumulates { sum.add(Double(y.initial(row * channels + channel))) }
            trial.expect(y, row * channels + channel, sum)
          }
          if wantsMoments {
            trial.expectMoments(
              moments, channel: channel, of: numbers.map { finish?.argument($0, channel: channel) ?? $0 })
          }
        }
      }
    }
  }

  static func multiplyToInputGradient(_ trial: Trial) {
    let channels = trial.positiveSize
    for activation in everyActivation {
      let rows = rows(trial)
      let reading = trial.normalization(channels: channels, activation)
      let (writing, wantsSums) = (trial.writing(floats: false), trial.stream.chance(0.7))
      let accumulates = writing == .adds
      let x = trial.map(pixels: rows, reading)
      var gradients: [Int: Sum] = [:]
      let (mean, sums) = (trial.numbers(channels), trial.unset(2 * channels))
      let dx = trial.map(rows * channels, writing)
      for firstChannel in stride(from: 0, to: channels, by: MapKernels.panelWidth) {
        let product = Product(trial, rows: rows)
        trial.maps.multiplyToInputGradient(
          rows: rows, blocks: product.blocks, left: product.left.start, blockStride: product.blockStride,
          right: product.right.start, channels: channels, firstChannel: firstChannel, writing,
          sums: wantsSums
            ? (sums.start, x: UnsafeRawPointer(x.start), reading.normalization, mean: UnsafePointer(mean.start)) : nil,
          into: dx.start)
        for row in 0..<rows {
          for channel in firstChannel..<min(firstChannel + MapKernels.panelWidth, channels) {
            let i = row * channels + channel
            var sum = product.numbers[row][channel - firstChannel]
            if accumulates { sum.add(Double(dx.initial(i))) }
            trial.expect(dx, i, sum)
            gradients[i] = trial.unrounded(dx, i, sum)
          }
        }
      }
      if wantsSums { trial.expectGradientSums(sums, x, 0..<x.count, reading, mean: mean) { gradients[$0]! } }
    }
  }
}
