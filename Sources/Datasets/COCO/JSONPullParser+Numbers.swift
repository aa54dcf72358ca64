/// Numbers. They are rounded correctly.
extension JSONPullParser {
  /// Passes a finite number.
  package mutating func number() throws(Fault) -> Double {
    skipSpace()
    let start = position
    let isNegative = take(byte: UInt8(ascii: "-"))
    var mantissa: UInt64 = 0
    var exponent = 0
    let first = position
    var digits = takeDigits(into: &mantissa)
    guard digits > 0, digits == 1 || bytes[first] != UInt8(ascii: "0") else {
      position = start
      throw unexpected("a number")
    }
    if take(byte: UInt8(ascii: ".")) {
      let decimals = takeDigits(into: &mantissa)
      if decimals == 0 { throw unexpected("a digit") }
      digits += decimals
      exponent = -decimals
    }
    if current | 0x20 == UInt8(ascii: "e") {
      position += 1
      let isBelowOne = take(byte: UInt8(ascii: "-"))
      if !isBelowOne { _ = take(byte: UInt8(ascii: "+")) }
      var power: UInt64 = 0
      if takeDigits(into: &power) == 0 { throw unexpected("a digit") }
      exponent += Int(clamping: power > 9999 ? 9999 : power) * (isBelowOne ? -1 : 1)
    }
    // Both operands are exact, so the result is rounded once.
    if digits <= 19, mantissa <= 1 << 53, abs(exponent) <= 22 {
      let power = Self.powersOfTen[abs(exponent)]
      let value = exponent < 0 ? Double(mantissa) / power : Double(mantissa) * power
      return isNegative ? -value : value
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    guard let value = Double(text), value.isFinite else {
      throw Fault(position: start, reason: "\(text) is too large for a number")
    }
    return value
  }

  /// Passes a finite number and says how it is written.
  mutating func numeral() throws(Fault) -> (text: String, value: Double) {
    skipSpace()
    let start = position
    let value = try number()
    return (String(decoding: bytes[start..<position], as: UTF8.self), value)
  }

  /// Passes a whole number.
  package mutating func integer() throws(Fault) -> Int {
    skipSpace()
    let start = position
    let (text, value) = try numeral()
    // Digits alone are read exactly, however many they are.
    guard let integer = Int(text) ?? Int(exactly: value) else {
      position = start
      throw unexpected("a whole number")
    }
    return integer
  }

  private static let powersOfTen: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
  ]

  /// Appends decimal digits to a number, modulo 2⁶⁴, and returns how many there were.
  private mutating func takeDigits(into number: inout UInt64) -> Int {
    let start = position
    while case let digit = current &- UInt8(ascii: "0"), digit < 10 {
      number = number &* 10 &+ UInt64(digit)
      position += 1
    }
    return position - start
  }
}
