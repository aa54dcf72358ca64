/// A sum in double precision, and how far float32 may be from it.
///
/// An error of n roundings is at most about n · 2⁻²⁴ · Σ |terms|, if every term passes through at most n.
struct Sum {
  private(set) var value: Double
  private var magnitude: Double
  private var roundings: Int

  /// An empty sum, whose terms pass through `roundings` besides those of ``add(_:)``.
  init(roundings: Int = 0) {
    (value, magnitude) = (0, 0)
    self.roundings = roundings
  }

  /// A sum that is added to what is there.
  init(startingAt value: Float) {
    self.init()
    addUnrounded(Double(value))
  }

  /// A number that must be met.
  init(exactly value: Float) {
    self.value = Double(value)
    (magnitude, roundings) = (0, 0)
  }

  /// A number with a relative error of some roundings.
  init(_ value: Double, roundings: Int) {
    self.value = value
    magnitude = abs(value)
    self.roundings = roundings
  }

  /// Adds a term; every addition rounds.
  mutating func add(_ term: Double) {
    addUnrounded(term)
    roundings += 1
  }

  /// Adds a term whose roundings are counted already.
  mutating func addUnrounded(_ term: Double) {
    value += term
    magnitude += abs(term)
  }

  /// The sum kept in bounds, which does not increase errors.
  func clamped(_ lower: Float, _ upper: Float) -> Sum {
    var sum = self
    sum.value = min(max(value, Double(lower)), Double(upper))
    return sum
  }

  /// How far a result may be away. One more for errors of errors.
  private var tolerance: Double { magnitude == 0 ? 0 : Double(roundings + 1) * 0x1p-24 * magnitude }

  /// Whether a result is as near as it has to be.
  ///
  /// - Parameter isBFloat16: whether the result was rounded to bfloat16 in the end. Rounding keeps the order.
  func admits(_ result: Float, isBFloat16: Bool = false) -> Bool {
    if !value.isFinite { return value.isNaN ? result.isNaN : Double(result) == value }
    let (least, most) = (value - tolerance, value + tolerance)
    if isBFloat16 { return result >= Float(least).bfloat16 && result <= Float(most).bfloat16 }
    return Double(result) >= least && Double(result) <= most
  }

  /// As text.
  var text: String { "\(value) ± \(tolerance)" }
}

extension Float {
  /// To 8 bits of significand, ties to even.
  var bfloat16: Float {
    let bits = bitPattern
    return Float(bitPattern: (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF_0000)
  }
}
