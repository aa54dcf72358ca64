import Images

extension SourceView {
  /// Resamples what the view shows to the input of the network, mean subtracted.
  ///
  /// Where the view reaches outside the image, the image continues with the mean, which is 0 after subtraction. Results
  /// of kernels that overshoot are clamped to 0 … 255 before subtraction; nothing is rounded.
  ///
  /// ### Shapes
  /// `destination`: [height, width, 3], overwritten.
  ///
  /// - Parameters:
  ///   - image: the image that the view belongs to.
  ///   - interpolation: the kernel, along both axes.
  ///   - width: columns of the result.
  ///   - height: rows of the result.
  ///   - mean: red, green and blue on the scale 0–255.
  ///   - destination: room for height · width · 3 values.
  /// - Precondition: the view has positive width and height, `width` and `height` are positive.
  public func resample(
    _ image: Image, interpolation: Interpolation, width: Int, height: Int, subtracting mean: (Float, Float, Float),
    into destination: UnsafeMutablePointer<Float>
  ) {
    precondition(self.width > 0 && self.height > 0, "a view of \(self.width)×\(self.height) pixels shows nothing")
    precondition(width > 0 && height > 0, "cannot resample to \(width)×\(height) pixels")
    let columns = AxisWeights(
      start: x, length: self.width, inputCount: image.width, outputCount: width, interpolation: interpolation,
      reversed: isMirrored)
    let rows = AxisWeights(
      start: y, length: self.height, inputCount: image.height, outputCount: height, interpolation: interpolation,
      reversed: false)
    destination.update(repeating: 0, count: height * width * 3)

    // One input row at a time is resampled horizontally and added to the output rows that use it.
    image.pixels.withUnsafeBufferPointer { pixels in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: width * 3) { resampled in
        var latest: Int?
        for use in rows.usesByInput where use.weight != 0 {
          if use.input != latest {
            let row = UnsafeBufferPointer(
              rebasing: pixels[use.input * image.width * 3..<(use.input + 1) * image.width * 3])
            columns.resample(row, subtracting: mean, into: resampled)
            latest = use.input
          }
          let output = destination + use.output * width * 3
          for sample in 0..<width * 3 { output[sample] += use.weight * resampled[sample] }
        }
      }
    }
    if interpolation.overshoots {
      for pixel in 0..<height * width {
        let samples = destination + pixel * 3
        samples[0] = min(max(samples[0], -mean.0), 255 - mean.0)
        samples[1] = min(max(samples[1], -mean.1), 255 - mean.1)
        samples[2] = min(max(samples[2], -mean.2), 255 - mean.2)
      }
    }
  }
}

extension AxisWeights {
  /// That an output uses an input.
  fileprivate struct Use {
    let input: Int
    let output: Int
    let weight: Float
  }

  /// All uses, by ascending input and then ascending output: a fixed order of summation.
  fileprivate var usesByInput: [Use] {
    firstInput.indices
      .flatMap { output in
        zip(firstInput[output]..., weights[offset[output]..<offset[output + 1]]).map { input, weight in
          Use(input: input, output: output, weight: weight)
        }
      }
      .sorted { ($0.input, $0.output) < ($1.input, $1.output) }
  }

  /// Resamples a row of pixels [inputs, 3] to [outputs, 3].
  fileprivate func resample(
    _ row: UnsafeBufferPointer<UInt8>, subtracting mean: (Float, Float, Float),
    into destination: UnsafeMutableBufferPointer<Float>
  ) {
    for output in firstInput.indices {
      var (red, green, blue): (Float, Float, Float) = (0, 0, 0)
      var input = firstInput[output] &* 3
      for index in offset[output]..<offset[output + 1] {
        let weight = weights[index]
        red += weight * (Float(row[input]) - mean.0)
        green += weight * (Float(row[input &+ 1]) - mean.1)
        blue += weight * (Float(row[input &+ 2]) - mean.2)
        input &+= 3
      }
      destination[output &* 3] = red
      destination[output &* 3 &+ 1] = green
      destination[output &* 3 &+ 2] = blue
    }
  }
}
