import Kernels

/// Maps whose numbers are still to be normalised, and gradients of normalisations.
extension KernelCase {
  static let normalizations = [
    KernelCase(maps: "normalize", normalize), KernelCase(maps: "normalized_sums", normalizedSums),
    KernelCase(maps: "normalization_gradient_sums", normalizationGradientSums),
    KernelCase("merge_moments", mergeMoments),
  ]
  static let normalizationOperands = [
    KernelCase(maps: "pixel_blocks") { pixelBlocks($0, sumsRows: false) },
    KernelCase(maps: "summed_pixel_blocks") { pixelBlocks($0, sumsRows: true) },
    KernelCase(maps: "normalized_gradient_blocks", normalizedGradientBlocks),
    KernelCase(maps: "panel_normalized_gradient", packNormalizedGradient),
  ]

  /// Few rows, or many, which may be summed in parts.
  private static func rows(_ trial: Trial) -> Int {
    trial.size == 0 ? 0 : 1 + trial.stream.integer(below: trial.stream.chance(0.3) ? 200 : 20)
  }

  private static func normalize(_ trial: Trial) {
    let channels = trial.positiveSize
    for activation in everyActivation {
      for hasAddend in [false, true] {
        let count = rows(trial) * channels
        let isInPlace = trial.stream.chance(0.5)
        func reading(_ activation: ActivationFunction) -> ReferenceNormalization {
          trial.normalization(channels: channels, activation, gates: trial.stream.integer(below: 2))
        }
        let (first, second) = (reading(activation), reading(trial.activation()))
        let (x, addend) = (trial.mapNumbers(count), trial.mapNumbers(count))
        // What is no number must stay so.
        if count > 0 { x[trial.stream.integer(below: count)] = .nan }
        let y = isInPlace ? x : trial.unsetMap(count)
        trial.maps.normalize(
          rows: count / channels, channels: channels, x.start, first.normalization,
          addend: hasAddend ? (UnsafeRawPointer(addend.start), second.normalization) : nil, into: y.start)
        for i in 0..<count {
          var sum = first.value(Sum(exactly: x.initial(i)), channel: i % channels)
          if hasAddend { sum.add(second.value(Sum(exactly: addend[i]), channel: i % channels)) }
          trial.expect(y, i, sum)
        }
      }
    }
  }

  private static func normalizedSums(_ trial: Trial) {
    let channels = trial.positiveSize
    for activation in everyActivation {
      for hasFactors in [false, true] {
        let count = rows(trial) * channels
        // The gate does not count.
        let reading = trial.normalization(
          channels: channels, activation, gates: trial.stream.integer(below: 2))
        let (x, factors, sums) = (trial.mapNumbers(count), trial.mapNumbers(count), trial.unset(channels))
        trial.maps.normalizedSums(
          rows: count / channels, channels: channels, x.start, reading.normalization,
          factors: hasFactors ? UnsafeRawPointer(factors.start) : nil, into: sums.start)
        for channel in 0..<channels {
          var sum = Sum()
          for i in stride(from: channel, to: count, by: channels) {
            let value = reading.ungated(Sum(exactly: x[i]), channel: channel)
            sum.add(hasFactors ? value * Sum(exactly: factors[i]) : value)
          }
          trial.expect(sums, channel, sum)
        }
      }
    }
  }

  private static func normalizationGradientSums(_ trial: Trial) {
    let channels = trial.positiveSize
    for activation in everyActivation {
      let rows = rows(trial)
      let reading = trial.normalization(channels: channels, activation)
      let (x, dy) = (trial.map(pixels: rows, reading), trial.mapNumbers(rows * channels))
      let (mean, sums) = (trial.numbers(channels), trial.unset(2 * channels))
      trial.maps.normalizationGradientSums(
        rows: rows, channels: channels, x.start, reading.normalization, mean: mean.start, outputGradient: dy.start,
        into: sums.start)
      trial.expectGradientSums(sums, x, 0..<x.count, reading, mean: mean) { Sum(exactly: dy[$0]) }
    }
  }

  private static func mergeMoments(_ trial: Trial) {
    let channels = trial.positiveSize
    // Means far from zero, in comparison with their distances, too.
    for offset in [0, 100] as [Float] {
      let counts = (0...trial.stream.integer(below: 8)).map { _ in 1 + trial.stream.integer(below: 500) }
      let moments = trial.numbers(counts.count * 2 * channels)
      func place(_ part: Int, _ channel: Int) -> (mean: Int, squares: Int) {
        (part * 2 * channels + channel, (part * 2 + 1) * channels + channel)
      }
      for (part, count) in counts.enumerated() {
        for channel in 0..<channels {
          let place = place(part, channel)
          moments[place.mean] += offset
          moments[place.squares] = abs(moments[place.squares]) * Float(count)
        }
      }
      let (mean, variance) = (trial.unset(channels), trial.unset(channels))
      trial.kernels.mergeMoments(
        moments.start, counts: counts, channels: channels, mean: mean.start, variance: variance.start)
      for channel in 0..<channels {
        let parts = counts.enumerated().map { part, count in
          let place = place(part, channel)
          return (count: Double(count), mean: Double(moments[place.mean]), squares: Double(moments[place.squares]))
        }
        let total = parts.reduce(0) { $0 + $1.count }
        let expectedMean = parts.reduce(0) { $0 + $1.count * $1.mean } / total
        let expectedVariance =
          parts.reduce(0) { $0 + $1.squares + $1.count * ($1.mean - expectedMean) * ($1.mean - expectedMean) } / total
        // A mean, its distance or its square passes through some roundings for each part.
        let roundings = Double(3 * counts.count + 6) * Sum.unit
        let meanError = roundings * parts.map { abs($0.mean) }.max()!
        let range = parts.map(\.mean).max()! - parts.map(\.mean).min()!
        let squares = parts.reduce(0) { $0 + $1.squares } / total
        let varianceError = roundings * (squares + range * range) + meanError * (2 * range * roundings + meanError)
        trial.expect(mean, channel, Sum(expectedMean, within: meanError))
        trial.expect(variance, channel, Sum(expectedVariance, within: varianceError))
      }
    }
  }

  private static func pixelBlocks(_ trial: Trial, sumsRows: Bool) {
    let (channels, images) = (trial.positiveSize, 3)
    let layout = trial.blocks(sumsRows: sumsRows)
    let count = (channels + layout.width - 1) / layout.width
    for activation in everyActivation.map(Optional.init) + [nil] {
      let imageRows = 1 + trial.stream.integer(below: 6)
      let first = trial.stream.integer(below: 2 * imageRows)
      let rowCount = trial.size == 0 ? 0 : 1 + trial.stream.integer(below: images * imageRows - first)
      let rows = first..<first + rowCount
      let reading = activation.map {
        trial.normalization(channels: channels, $0, gates: trial.stream.integer(below: 2) * images)
      }
      // Words between the blocks that belong to others.
      let blockStride = layout.words(rowCount) + 16
      let (x, blocks) = (trial.mapNumbers(images * imageRows * channels), trial.unset(count * blockStride))
      trial.maps.pixelBlocks(
        x.start, channels: channels, imageRows: imageRows, reading?.normalization, rows: rows, sumsRows: sumsRows,
        into: blocks.start, blockStride: blockStride)
      for block in 0..<count {
        trial.expect(blocks, from: block * blockStride, layout, rows: rowCount) { row, column in
          let (row, channel) = (rows.lowerBound + row, block * layout.width + column)
          guard channel < channels else { return Sum() }
          let number = Sum(exactly: x[row * channels + channel])
          return reading?.value(number, channel: channel, image: row / imageRows) ?? number
        }
      }
    }
  }

  private static func normalizedGradientBlocks(_ trial: Trial) {
    let channels = trial.positiveSize
    let (layout, summedLayout) = (trial.blocks(sumsRows: false), trial.blocks(sumsRows: true))
    let count = (channels + layout.width - 1) / layout.width
    for activation in everyActivation {
      let rows = rows(trial)
      let gradient = trial.normalizationGradient(channels: channels, activation)
      let (x, dy) = (trial.map(pixels: rows, gradient.reading), trial.mapNumbers(rows * channels))
      // Words between the blocks that belong to others.
      let (stride, summedStride) = (layout.words(rows) + 16, summedLayout.words(rows) + 32)
      let (blocks, summed) = (trial.unset(count * stride), trial.unset(count * summedStride))
      let sharesWords = trial.precision == .float32
      trial.maps.normalizedGradientBlocks(
        rows: rows, channels: channels, x.start, gradient.gradient, outputGradient: dy.start, into: blocks.start,
        blockStride: stride, summed: sharesWords ? nil : (summed.start, summedStride))
      func expect(_ operand: Memory<Float>, _ layout: WordLayout, stride: Int) {
        for block in 0..<count {
          trial.expect(operand, from: block * stride, layout, rows: rows) { row, column in
            let channel = block * layout.width + column
            guard channel < channels else { return Sum() }
            return gradient.value(x[row * channels + channel], dy[row * channels + channel], channel: channel)
          }
        }
      }
      expect(blocks, layout, stride: stride)
      if !sharesWords { expect(summed, summedLayout, stride: summedStride) }
    }
  }

  private static func packNormalizedGradient(_ trial: Trial) {
    let channels = trial.positiveSize
    let count = (channels + MapKernels.panelWidth - 1) / MapKernels.panelWidth
    for activation in everyActivation {
      let rows = rows(trial)
      let panelStride = trial.panels.words(rows) + 16
      let gradient = trial.normalizationGradient(channels: channels, activation)
      let (x, dy) = (trial.map(pixels: rows, gradient.reading), trial.mapNumbers(rows * channels))
      let dx = trial.stream.chance(0.5) ? dy : trial.unsetMap(rows * channels)
      let (panels, biasSums) = (trial.unset(count * panelStride), trial.numbers(channels))
      trial.maps.packNormalizedGradient(
        rows: rows, channels: channels, x.start, gradient.gradient, outputGradient: dy.start, into: dx.start,
        panels: panels.start, panelStride: panelStride, biasSums: biasSums.start)
      var sums = (0..<channels).map { Sum(startingAt: biasSums.initial($0)) }
      for i in 0..<dx.count {
        let expected = gradient.value(x[i], dy.initial(i), channel: i % channels)
        trial.expect(dx, i, expected)
        sums[i % channels].add(trial.unrounded(dx, i, expected))
      }
      for channel in 0..<channels { trial.expect(biasSums, channel, sums[channel]) }
      for panel in 0..<count {
        trial.expect(panels, from: panel * panelStride, trial.panels, rows: rows) { row, column in
          let channel = panel * MapKernels.panelWidth + column
          return channel < channels ? Sum(exactly: dx[row * channels + channel]) : Sum()
        }
      }
    }
  }
}
