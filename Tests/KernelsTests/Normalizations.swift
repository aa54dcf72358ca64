import Kernels

/// Identity, ReLU, ReLU6, an upper bound alone, hard-swish.
let everyActivation: [ActivationFunction] = [
  .identity, .bounds(Bounds(lower: 0, upper: .infinity)), .bounds(Bounds(lower: 0, upper: 6)),
  .bounds(Bounds(lower: -.infinity, upper: 0.5)), .hardSwish,
]

extension ActivationFunction {
  /// f(v).
  func value(_ v: Sum) -> Sum {
    switch self {
    case .bounds(let bounds): v.clamped(bounds.lower, bounds.upper)
    // No slope is greater than 1.5. A sum, two products and a quotient, or its reciprocal, of which none leads beyond v.
    case .hardSwish: v.mapped(slope: 1.5, roundings: 4) { $0 * min(max($0 + 3, 0), 6) / 6 }
    }
  }

  /// f′(v), where that is certain. There is no slope at a bound.
  func slope(_ v: Sum) -> Sum {
    switch self {
    case .bounds(let bounds): return Sum(exactly: bounds.passes(Float(v.value)) ? 1 : 0)
    case .hardSwish:
      if abs(v.value) >= 3 { return Sum(exactly: v.value > 0 ? 1 : 0) }
      // (2 v + 3) / 6.
      var slope = v * Sum(1.0 / 3, roundings: 2)
      slope.add(0.5)
      return slope
    }
  }

  /// Where f′ jumps.
  var kinks: [Float] {
    switch self {
    case .bounds(let bounds): [bounds.lower, bounds.upper].filter(\.isFinite)
    case .hardSwish: [-3, 3]
    }
  }
}

/// A normalisation by its definition.
struct ReferenceNormalization {
  let channels: Int
  /// Of every channel, unless they are nil.
  let scale, shift: Memory<Float>?
  /// Of every channel of every image, unless it is nil.
  let gate: Memory<Float>?
  let activation: ActivationFunction

  /// What a kernel gets.
  var normalization: Normalization {
    Normalization(
      scale: scale.map { UnsafePointer($0.start) }, shift: shift.map { UnsafePointer($0.start) },
      gate: gate.map { UnsafePointer($0.start) }, activation: activation)
  }

  /// scale · x + shift.
  func argument(_ x: Sum, channel: Int) -> Sum {
    var v = x
    if let scale { v = v * Sum(exactly: scale[channel]) }
    if let shift { v.add(Double(shift[channel])) }
    return v
  }

  /// f(scale · x + shift).
  func ungated(_ x: Sum, channel: Int) -> Sum { activation.value(argument(x, channel: channel)) }

  /// f(scale · x + shift) · gate.
  func value(_ x: Sum, channel: Int, image: Int = 0) -> Sum {
    let value = ungated(x, channel: channel)
    return gate.map { value * Sum(exactly: $0[image * channels + channel]) } ?? value
  }

  /// f′(scale · x + shift).
  func slope(_ x: Float, channel: Int) -> Sum { activation.slope(argument(Sum(exactly: x), channel: channel)) }

  /// A scale that does not round.
  fileprivate static let exactScale: Float = 2

  /// Numbers that scale · x + shift leads to bounds of f without roundings.
  fileprivate func bounds(_ channel: Int) -> [Float] {
    let scale = scale?[channel] ?? 1
    guard [1, Self.exactScale].contains(scale), (shift?[channel] ?? 0) == 0, activation != .hardSwish else { return [] }
    return activation.kinks.map { $0 / scale }
  }

  /// Whether roundings may move a number across a kink of f.
  fileprivate func isUncertain(_ x: Float, channel: Int) -> Bool {
    let v = argument(Sum(exactly: x), channel: channel).value
    // Far more than the roundings of numbers up to 15.
    return activation.kinks.contains { abs(v - Double($0)) < 1e-3 } && !bounds(channel).contains(x)
  }
}

/// The gradient of what a normalisation reads, by its definition.
struct ReferenceNormalizationGradient {
  /// With scale and shift.
  let reading: ReferenceNormalization
  let slope, term: Memory<Float>

  /// What a kernel gets.
  var gradient: NormalizationGradient {
    NormalizationGradient(
      scale: reading.scale!.start, shift: reading.shift!.start, slope: slope.start, term: term.start,
      activation: reading.activation)
  }

  /// scale · dy · f′(scale · x + shift) + slope · x + term.
  func value(_ x: Float, _ dy: Float, channel: Int) -> Sum {
    var sum = Sum(exactly: reading.scale![channel]) * Sum(exactly: dy) * reading.slope(x, channel: channel)
    sum.add(Sum(exactly: slope[channel]) * Sum(exactly: x))
    sum.add(Double(term[channel]))
    return sum
  }
}

extension Trial {
  /// Any way to write a map.
  func writing(adds: Bool = true, floats: Bool = true) -> MapWriting {
    let ways: [MapWriting] = [.sets, .setsPastCaches] + (adds ? [.adds] : []) + (floats ? [.setsFloats] : [])
    return ways[stream.integer(below: ways.count)]
  }

  func activation() -> ActivationFunction { everyActivation[stream.integer(below: everyActivation.count)] }

  /// A normalisation that leads from −1 ..< 1 to both sides of every kink.
  ///
  /// - Parameters:
  ///   - isComplete: whether it has scale and shift in any case.
  ///   - gates: images with a gate; there is none without.
  func normalization(
    channels: Int, _ activation: ActivationFunction, isComplete: Bool = false, gates: Int = 0
  ) -> ReferenceNormalization {
    let scale = isComplete || stream.chance(0.5) ? numbers(channels) : nil
    let shift = isComplete || stream.chance(0.5) ? numbers(channels) : nil
    for channel in 0..<channels {
      let isExact = stream.chance(0.2)
      if let scale {
        let number = 8 * scale[channel]
        // Not near zero, where a shift could keep all numbers near a kink.
        scale[channel] = isExact ? ReferenceNormalization.exactScale : number + (number < 0 ? -0.5 : 0.5)
      }
      if let shift { shift[channel] = isExact ? 0 : 4 * shift[channel] }
    }
    return ReferenceNormalization(
      channels: channels, scale: scale, shift: shift, gate: gates > 0 ? numbers(gates * channels) : nil,
      activation: activation)
  }

  /// The gradient of what such a normalisation reads.
  func normalizationGradient(channels: Int, _ activation: ActivationFunction) -> ReferenceNormalizationGradient {
    ReferenceNormalizationGradient(
      reading: normalization(channels: channels, activation, isComplete: true),
      slope: numbers(channels), term: numbers(channels))
  }

  /// A map where the slopes of a normalisation are certain, now and then those at a bound.
  func map(pixels: Int, _ reading: ReferenceNormalization) -> MapMemory {
    let x = mapNumbers(pixels * reading.channels)
    for i in 0..<x.count {
      let channel = i % reading.channels
      let bounds = reading.bounds(channel)
      if !bounds.isEmpty, stream.chance(0.2) { x[i] = bounds[stream.integer(below: bounds.count)] }
      while reading.isUncertain(x[i], channel: channel) { x[i] = number() }
    }
    return x
  }

  /// Compares moments, [mean, sum of squared deviations][channels], of a channel's numbers.
  func expectMoments(_ moments: Memory<Float>, channel: Int, of numbers: [Sum]) {
    let count = Double(numbers.count)
    let mean = numbers.reduce(0) { $0 + $1.value } / count
    let squares = numbers.reduce(0) { $0 + ($1.value - mean) * ($1.value - mean) }
    // A number, a deviation or its square passes through an addition for each of them, and differences, products and quotients.
    let roundings = (count + 6) * Sum.unit
    let error = numbers.map(\.tolerance).max()!
    let meanError = error + roundings * numbers.map { abs($0.value) }.max()!
    // Deviations may be from one of the numbers at first.
    let range = numbers.map(\.value).max()! - numbers.map(\.value).min()!
    let squaresError = count * (roundings * range * range + 2 * range * error + meanError * meanError)
    expect(moments, channel, Sum(mean, within: meanError))
    expect(moments, moments.count / 2 + channel, Sum(squares, within: squaresError))
  }

  /// Compares the sums [Σ g, Σ g · (x − mean)][channels] with g = dy · f′(scale · x + shift), over a part of a map.
  func expectGradientSums(
    _ sums: Memory<Float>, _ x: MapMemory, _ part: Range<Int>, _ reading: ReferenceNormalization,
    mean: Memory<Float>, _ dy: (Int) -> Sum
  ) {
    let channels = reading.channels
    var expected = [Sum](repeating: Sum(), count: sums.count)
    for i in part {
      let channel = i % channels
      let g = dy(i) * reading.slope(x[i], channel: channel)
      expected[channel].add(g)
      expected[channels + channel].add(g * Sum(Double(x[i]) - Double(mean[channel]), roundings: 1))
    }
    for i in 0..<sums.count { expect(sums, i, expected[i]) }
  }
}
