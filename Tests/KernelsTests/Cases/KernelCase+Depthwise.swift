import Kernels

/// Depthwise convolutions.
extension KernelCase {
  static let depthwise = [
    KernelCase(maps: "depthwise_rows", depthwiseRows),
    KernelCase(maps: "depthwise_gradient_rows", depthwiseGradientRows),
  ]

  /// All rows of two images, or some.
  private static func range(_ trial: Trial, of rows: Int) -> Range<Int> {
    if trial.stream.chance(0.3) { return 0..<rows }
    let first = trial.stream.integer(below: rows)
    return first..<first + 1 + trial.stream.integer(below: rows - first)
  }

  /// Memory that a kernel may use for anything.
  private static func scratch(_ trial: Trial, _ geometry: DepthwiseGeometry) -> UnsafeMutablePointer<Float> {
    let scratch: Memory<Float> = trial.unset(geometry.scratchCount)
    for i in 0..<scratch.count { scratch.markResult(i) }
    return scratch.start
  }

  /// A normalisation of what is read, or none.
  private static func reading(_ trial: Trial, channels: Int) -> ReferenceNormalization? {
    trial.stream.chance(0.7) ? trial.normalization(channels: channels, trial.activation()) : nil
  }

  /// A map as a kernel reads it.
  private static func read(_ x: MapMemory, _ reading: ReferenceNormalization?, channels: Int) -> [Sum] {
    (0..<x.count).map { i in
      let number = Sum(exactly: x[i])
      return reading?.value(number, channel: i % channels) ?? number
    }
  }

  private static func depthwiseRows(_ trial: Trial) {
    for windows in DepthwiseWindows.all {
      outputs(trial, windows, range(trial, of: windows.outputPixels / windows.output.width))
    }
  }

  private static func outputs(_ trial: Trial, _ windows: DepthwiseWindows, _ rows: Range<Int>) {
    let channels = trial.positiveSize
    let geometry = windows.geometry(channels: channels)
    let reading = reading(trial, channels: channels)
    let finish = trial.normalization(channels: channels, trial.activation())
    // Now and then far from zero, in comparison with the deviations.
    if let shift = finish.shift, trial.stream.chance(0.3) { for channel in 0..<channels { shift[channel] += 100 } }
    let (x, w) = (trial.mapNumbers(windows.inputPixels * channels), trial.numbers(windows.taps * channels))
    let wantsMoments = trial.stream.chance(0.5)
    let (y, moments) = (trial.unsetMap(windows.outputPixels * channels), trial.unset(2 * channels))
    trial.maps.depthwiseRows(
      geometry, rows, x.start, reading: reading?.normalization, weights: w.start, finish: finish.normalization,
      trial.writing(adds: false, floats: false), scratch: scratch(trial, geometry),
      moments: wantsMoments ? moments.start : nil,
      into: y.start)
    let numbers = read(x, reading, channels: channels)
    var products = (0..<channels).map { _ in [Sum]() }
    for pixel in rows.lowerBound * windows.output.width..<rows.upperBound * windows.output.width {
      let taps = windows.pixels(pixel)
      for channel in 0..<channels {
        var product = Sum()
        for (tap, inputPixel) in taps {
          product.add(numbers[inputPixel * channels + channel] * Sum(exactly: w[tap * channels + channel]))
        }
        products[channel].append(product)
        trial.expect(y, pixel * channels + channel, finish.value(product, channel: channel))
      }
    }
    guard wantsMoments else { return }
    for channel in 0..<channels {
      trial.expectMoments(
        moments, channel: channel, of: products[channel].map { finish.argument($0, channel: channel) })
    }
  }

  private static func depthwiseGradientRows(_ trial: Trial) {
    for windows in DepthwiseWindows.all {
      gradients(trial, windows, range(trial, of: windows.inputPixels / windows.input.width))
    }
  }

  private static func gradients(_ trial: Trial, _ windows: DepthwiseWindows, _ rows: Range<Int>) {
    let channels = trial.positiveSize
    let geometry = windows.geometry(channels: channels)
    let reading = reading(trial, channels: channels)
    let gradient = trial.normalizationGradient(channels: channels, trial.activation())
    let inputCount = windows.inputPixels * channels
    let x = reading.map { trial.map(pixels: windows.inputPixels, $0) } ?? trial.mapNumbers(inputCount)
    let z = trial.map(pixels: windows.outputPixels, gradient.reading)
    let (dy, w) = (trial.mapNumbers(z.count), trial.numbers(windows.taps * channels))
    let (wantsInput, writing) = (trial.stream.chance(0.8), trial.writing(floats: false))
    let accumulates = writing == .adds
    let wantsSums = reading != nil && wantsInput && trial.stream.chance(0.7)
    let wantsBias = trial.stream.chance(0.5)
    let mean = wantsSums ? trial.numbers(channels) : nil
    let dx = trial.map(inputCount, writing)
    let (weightSums, biasSums, sums) = (trial.unset(w.count), trial.unset(channels), trial.unset(2 * channels))
    trial.maps.depthwiseGradientRows(
      geometry, rows,
      MapKernels.DepthwiseInput(
        x: x.start, reading: reading?.normalization, mean: mean.map { UnsafePointer($0.start) }),
      weights: w.start, z: z.start, gradient.gradient, outputGradient: dy.start, writing,
      scratch: scratch(trial, geometry), into: wantsInput ? dx.start : nil, weightSums: weightSums.start,
      biasSums: wantsBias ? biasSums.start : nil, sums: wantsSums ? sums.start : nil)
    let numbers = read(x, reading, channels: channels)
    var inputGradient = (0..<inputCount).map { accumulates ? Sum(startingAt: dx.initial($0)) : Sum() }
    var weightGradient = [Sum](repeating: Sum(), count: w.count)
    var biasGradient = [Sum](repeating: Sum(), count: channels)
    for pixel in 0..<windows.outputPixels {
      let taps = windows.pixels(pixel).filter { rows.contains($0.pixel / windows.input.width) }
      let countsForBias = rows.contains(windows.firstRow(pixel / windows.output.width))
      for channel in 0..<channels {
        let place = pixel * channels + channel
        let dz = gradient.value(z[place], dy[place], channel: channel)
        for (tap, inputPixel) in taps {
          let (input, weight) = (inputPixel * channels + channel, tap * channels + channel)
          inputGradient[input].add(dz * Sum(exactly: w[weight]))
          weightGradient[weight].add(dz * numbers[input])
        }
        if countsForBias { biasGradient[channel].add(dz) }
      }
    }
    for i in 0..<w.count { trial.expect(weightSums, i, weightGradient[i]) }
    if wantsBias { for channel in 0..<channels { trial.expect(biasSums, channel, biasGradient[channel]) } }
    guard wantsInput else { return }
    let rowCount = windows.input.width * channels
    let part = rows.lowerBound * rowCount..<rows.upperBound * rowCount
    for i in part { trial.expect(dx, i, inputGradient[i]) }
    guard let reading, let mean else { return }
    trial.expectGradientSums(sums, x, part, reading, mean: mean) { trial.unrounded(dx, $0, inputGradient[$0]) }
  }
}
