import Foundation

/// The range of an axis and its round numbers: 1, 2 or 5 times a power of ten apart, or, on a logarithmic one, such numbers themselves.
package struct PlotAxis {
  package let lower: Double
  package let upper: Double
  package let step: Double
  /// Whether equal factors are equally far apart.
  package let isLogarithmic: Bool
  private let logarithmicTicks: [Double]

  /// - Parameters:
  ///   - values: finite positions; without any the axis runs from 0 to 1.
  ///   - tickCount: the largest number of round numbers wanted.
  ///   - roundedOut: whether the axis ends at round numbers instead of at the outermost values.
  package init(covering values: [Double], tickCount: Int, roundedOut: Bool) {
    (isLogarithmic, logarithmicTicks) = (false, [])
    var (low, high) = (values.min() ?? 0, values.max() ?? 1)
    if low == high { (low, high) = (low - max(abs(low), 1) / 2, high + max(abs(high), 1) / 2) }
    let rough = (high - low) / Double(max(2, tickCount))
    let power = pow(10, floor(log10(rough)))
    step = power * ([1, 2, 5].first { $0 * power >= rough } ?? 10)
    (lower, upper) = roundedOut ? (floor(low / step) * step, ceil(high / step) * step) : (low, high)
  }

  /// A logarithmic axis.
  ///
  /// - Parameters:
  ///   - values: positive finite positions; without any the axis runs from 1 to 10.
  ///   - tickCount: the largest number of round numbers wanted.
  package init(logarithmicCovering values: [Double], tickCount: Int) {
    var (low, high) = (values.min() ?? 1, values.max() ?? 10)
    if low == high { (low, high) = (low / 2, high * 2) }
    let powers = Int(floor(log10(low)))...Int(ceil(log10(high)))
    let sets: [[Double]] = [[1, 2, 5], [1]]
    let all = sets.map { digits in powers.flatMap { power in digits.map { $0 * pow(10, Double(power)) } } }
    func inside(_ ticks: [Double]) -> [Double] { ticks.filter { $0 >= low * (1 - 1e-9) && $0 <= high * (1 + 1e-9) } }
    let fine = inside(all[0])
    isLogarithmic = true
    let ticks = fine.count <= max(2, tickCount) ? fine : inside(all[1])
    logarithmicTicks = ticks.count > 1 ? ticks : [low, high]
    (lower, upper, step) = (low, high, low)
  }

  package var ticks: [Double] {
    if isLogarithmic { return logarithmicTicks }
    let (first, last) = (ceil(lower / step - 1e-9), floor(upper / step + 1e-9))
    return first <= last ? stride(from: first, through: last, by: 1).map { $0 * step } : []
  }

  /// 0 at the lower and 1 at the upper end.
  package func fraction(_ value: Double) -> Double {
    isLogarithmic ? log(value / lower) / log(upper / lower) : (value - lower) / (upper - lower)
  }

  /// As many decimals as tell neighbouring round numbers apart.
  package func text(_ tick: Double) -> String {
    if isLogarithmic { return String(format: tick < 999.5 ? "%.3g" : "%.0f", tick) }
    return String(format: "%.*f", max(0, Int(-floor(log10(step) + 1e-9))), tick == 0 ? 0 : tick)
  }
}
