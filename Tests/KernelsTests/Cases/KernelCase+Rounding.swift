import Kernels

/// Numbers rounded to bfloat16.
extension KernelCase {
  static let rounding = [
    KernelCase("encode_bfloat16", encode), KernelCase("decode_bfloat16", decode), KernelCase("add_bfloat16", add),
  ]

  /// The nearest number of eight binary digits, by arithmetic.
  private static func rounded(_ value: Float) -> Float {
    guard value.isFinite else { return value }
    let unit = Double(
      sign: .plus, exponent: max(Int(value.exponent == .min ? -126 : value.exponent), -126) - 7, significand: 1)
    return Float((Double(value) / unit).rounded(.toNearestOrEven) * unit)
  }

  /// Ordinary numbers, ties of both kinds, the largest and the smallest ones, and what is none.
  private static func numbers(_ trial: Trial) -> Memory<Float> {
    let memory = trial.numbers(trial.size)
    let special: [UInt32] = [
      0x3F80_8000, 0x3F81_8000, 0xBF80_8000, 0x3F80_8001, 0x3F80_7FFF, 0x7F7F_FFFF, 0xFF7F_8000, 0x7F7F_7FFF,
      0x7F80_0000, 0xFF80_0000, 0x7FC0_0000, 0x7F80_0001, 0, 0x8000_0000, 0x0080_8000,
    ]
    for index in 0..<trial.size where trial.stream.chance(0.4) {
      memory[index] = Float(bitPattern: special[trial.stream.integer(below: special.count)])
    }
    return memory
  }

  private static func encode(_ trial: Trial) {
    let x = numbers(trial)
    let bits = trial.unset(trial.size, of: UInt16.self)
    trial.kernels.encodeBFloat16(x.start, to: bits.start, count: trial.size)
    for index in 0..<trial.size {
      bits.markResult(index)
      let value = Float(bitPattern: UInt32(bits[index]) << 16)
      let expected = rounded(x[index])
      trial.require(
        expected.isNaN ? value.isNaN : value.bitPattern == expected.bitPattern,
        "[\(index)] of \(x[index]) is \(value), not \(expected)")
    }
  }

  private static func decode(_ trial: Trial) {
    let bits = trial.watch(Memory((0..<trial.size).map { _ in UInt16(trial.stream.integer(below: 1 << 16)) }))
    let x = trial.unset(trial.size)
    trial.kernels.decodeBFloat16(bits.start, to: x.start, count: trial.size)
    for index in 0..<trial.size {
      x.markResult(index)
      trial.require(x[index].bitPattern == UInt32(bits[index]) << 16, "[\(index)] is \(x[index])")
    }
  }

  private static func add(_ trial: Trial) {
    let (x, y) = (numbers(trial), numbers(trial))
    trial.kernels.addBFloat16(x.start, to: y.start, count: trial.size)
    for index in 0..<trial.size {
      trial.expect(y, index, is: rounded(rounded(x[index]) + rounded(y.initial(index))))
    }
  }
}
