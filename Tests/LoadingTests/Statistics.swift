import Testing

/// Checks that an event happened as often as its probability says, within three standard deviations (a correct
/// generator fails once in 370 checks; the streams are fixed, so a check that passes once passes always).
func expectFrequency(
  _ hits: Int, of trials: Int, probability: Double, sourceLocation: SourceLocation = #_sourceLocation
) {
  let deviation = (Double(trials) * probability * (1 - probability)).squareRoot()
  let difference = abs(Double(hits) - Double(trials) * probability)
  #expect(
    difference <= 3 * deviation, "\(hits) of \(trials), expected a share of \(probability)",
    sourceLocation: sourceLocation)
}

/// Checks the bounds and the mean, within three standard deviations, of numbers that should be uniform.
func expectUniform(
  _ values: [Float], in range: ClosedRange<Float>, sourceLocation: SourceLocation = #_sourceLocation
) {
  let width = Double(range.upperBound - range.lowerBound)
  let deviation = width / (12 * Double(values.count)).squareRoot()
  let mean = values.reduce(0) { $0 + Double($1) } / Double(values.count)
  let middle = Double(range.lowerBound + range.upperBound) / 2
  #expect(values.allSatisfy { range.contains($0) }, sourceLocation: sourceLocation)
  #expect(abs(mean - middle) <= 3 * deviation, "mean \(mean) of \(range)", sourceLocation: sourceLocation)
  // None of n values lies within 20/n of a bound with probability e⁻²⁰.
  let margin = range.lowerBound.distance(to: range.upperBound) * 20 / Float(values.count)
  #expect(
    values.contains { $0 < range.lowerBound + margin }, "nothing near \(range.lowerBound)",
    sourceLocation: sourceLocation)
  #expect(
    values.contains { $0 > range.upperBound - margin }, "nothing near \(range.upperBound)",
    sourceLocation: sourceLocation)
  // A quarter of the values in the lowest quarter: a constant at the middle would not pass.
  expectFrequency(
    values.count { $0 < range.lowerBound + Float(width) / 4 }, of: values.count, probability: 0.25,
    sourceLocation: sourceLocation)
}
