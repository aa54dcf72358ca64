/// The weights of one axis of a resampling: which input pixels make up each output pixel.
struct AxisWeights {
  /// The inputs that outputs may use.
  let inputs: Range<Int>
  /// Output i uses the inputs from firstInput[i] on, counted from the first of `inputs`, with the weights
  /// weights[offset[i] ..< offset[i + 1]].
  private(set) var firstInput: [Int] = []
  private(set) var offset: [Int] = [0]
  private(set) var weights: [Float] = []

  /// - Parameters:
  ///   - start: where the view starts on the input's axis.
  ///   - length: how much of the axis it shows. Pixels beyond its ends repeat the last ones within.
  ///   - inputCount: the pixels that exist; weights of others are left out, which makes them count as 0.
  ///   - outputCount: the number of output pixels.
  ///   - reversed: whether output 0 is the last of the view.
  init(
    start: Double, length: Double, inputCount: Int, outputCount: Int, interpolation: Interpolation, reversed: Bool
  ) {
    let touched = touchedPixels(from: start, length: length)
    inputs = touched.clamped(to: 0..<inputCount)
    let extent = length / Double(outputCount)
    for output in 0..<outputCount {
      let place = reversed ? outputCount - 1 - output : output
      let (first, all) = interpolation.weights(left: start + Double(place) * extent, extent: extent)
      var latest: Int?
      firstInput.append(0)
      for (input, weight) in zip(first..., all) {
        let input = min(max(input, touched.lowerBound), touched.upperBound - 1)
        guard inputs.contains(input) else { continue }
        if input == latest {
          weights[weights.count - 1] += Float(weight)
        } else {
          if latest == nil { firstInput[output] = input - inputs.lowerBound }
          weights.append(Float(weight))
          latest = input
        }
      }
      offset.append(weights.count)
    }
  }
}

/// The pixels of an axis that an interval of it touches, whether they exist or not; at least one.
func touchedPixels(from start: Double, length: Double) -> Range<Int> {
  let first = Int(start.rounded(.down))
  return first..<max(first + 1, Int((start + length).rounded(.up)))
}
