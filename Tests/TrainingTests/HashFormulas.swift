import Images

/// The formulas of `Tests/Fixtures/ssd_formulas.py`: numbers that scripts and tests make alike, and what fixtures keep of large tensors.
enum HashFormulas {
  /// MurmurHash3's finalizer of a stream and an element.
  static func hash(_ stream: Int, _ element: Int) -> UInt32 {
    var x = UInt32(truncatingIfNeeded: stream) &* 0x9E37_79B9 &+ UInt32(truncatingIfNeeded: element)
    x ^= x >> 16
    x = x &* 0x85EB_CA6B
    x ^= x >> 13
    x = x &* 0xC2B2_AE35
    return x ^ (x >> 16)
  }

  /// Uniform in -1 ... 1.
  static func signed(_ stream: Int, _ element: Int) -> Double {
    2 * ((Double(hash(stream, element)) + 0.5) / 4_294_967_296) - 1
  }

  /// Sixteen sums Σ ± value, signs from the hash.
  static func projections(_ values: some Sequence<Float>, stream: Int) -> SIMD16<Double> {
    var sums = SIMD16<Double>.zero
    let masks = SIMD16<UInt64>((0..<16).map { 1 << $0 })
    for (element, value) in values.enumerated() {
      let isPositive = SIMD16(repeating: UInt64(hash(stream, element))) & masks .!= 0
      sums += SIMD16(repeating: -Double(value)).replacing(with: Double(value), where: isPositive)
    }
    return sums
  }

  /// How far a tensor is from another one whose projections are `expected`: an estimate of the L2 norm of the difference.
  static func distance(
    _ values: some Sequence<Float>, stream: Int, _ expected: some Sequence<Double>
  )
    -> Double
  {
    let sums = projections(values, stream: stream)
    let squares = zip(0..<16, expected).reduce(0) { $0 + (sums[$1.0] - $1.1) * (sums[$1.0] - $1.1) }
    return (squares / 16).squareRoot()
  }

  /// Every s-th value, s the smallest integer from count / most on that has no divisor in common with the count.
  static func sample(_ values: [Float], atMost most: Int) -> [Float] {
    func divisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : divisor(b, a % b) }
    var step = max(1, (values.count + most - 1) / most)
    while divisor(step, values.count) != 1 { step += 1 }
    return stride(from: 0, to: values.count, by: step).map { values[$0] }
  }

  /// An image of any size up to 640 pixels.
  static func image(_ number: Int, stream: Int, width: Int, height: Int) -> Image {
    var pixels: [UInt8] = []
    pixels.reserveCapacity(width * height * 3)
    for y in 0..<height {
      for x in 0..<width {
        let texture = Int(hash(stream + 1 + number, y / 80 * 8 + x / 80) >> 30)
        for c in 0..<3 {
          pixels.append(UInt8(96 + (hash(stream, ((texture * 16 + y % 16) * 16 + x % 16) * 3 + c) >> 26)))
        }
      }
    }
    return Image(width: width, height: height, pixels: pixels)
  }
}
