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
    self.init()
    addUnrounded(Double(value))
  }

  /// A number that must be met up to an error.
  init(_ value: Double, within error: Double) {
    self.value = value
    (magnitude, roundings) = (error / Self.unit / 2, 1)
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

  /// Adds a term with errors of its own; the addition rounds.
  mutating func add(_ term: Sum) {
    value += term.value
    magnitude += term.magnitude
    roundings = max(roundings, term.roundings) + 1
  }

  /// A product, which rounds once more.
  static func * (one: Sum, other: Sum) -> Sum {
    var product = one
    product.value *= other.value
    product.magnitude *= other.magnitude
    product.roundings += other.roundings + 1
    return product
  }

  /// The sum kept in bounds, which does not increase errors.
  func clamped(_ lower: Float, _ upper: Float) -> Sum {
    mapped(slope: 1, roundings: 0) { min(max($0, Double(lower)), Double(upper)) }
  }

  /// A function of the sum.
  ///
  /// - Parameters:
  ///   - slope: the greatest of the function, at least 1.
  ///   - more: how many roundings, relative to the sum, the function adds.
  func mapped(slope: Double, roundings more: Int, _ function: (Double) -> Double) -> Sum {
    var sum = self
    sum.value = function(value)
    sum.magnitude *= slope
    sum.roundings += more
    return sum
  }

  /// The error of a rounding, relative to its result.
  static let unit = 0x1p-24

  /// How far a result may be away. One more for errors of errors.
  var tolerance: Double { roundings == 0 ? 0 : Double(roundings + 1) * Self.unit * magnitude }

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
