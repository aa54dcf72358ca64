import Foundation

/// The range of an axis and its round numbers: 1, 2 or 5 times a power of ten apart.
package struct PlotAxis {
  package let lower: Double
  package let upper: Double
  package let step: Double

  /// - Parameters:
  ///   - values: finite positions; without any the axis runs from 0 to 1.
  ///   - tickCount: the largest number of round numbers wanted.
  ///   - roundedOut: whether the axis ends at round numbers instead of at the outermost values.
  package init(covering values: [Double], tickCount: Int, roundedOut: Bool) {
    var (low, high) = (values.min() ?? 0, values.max() ?? 1)
    if low == high { (low, high) = (low - max(abs(low), 1) / 2, high + max(abs(high), 1) / 2) }
    let rough = (high - low) / Double(max(2, tickCount))
    let power = pow(10, floor(log10(rough)))
    step = power * ([1, 2, 5].first { $0 * power >= rough } ?? 10)
    (lower, upper) = roundedOut ? (floor(low / step) * step, ceil(high / step) * step) : (low, high)
  }

  package var ticks: [Double] {
    let (first, last) = (ceil(lower / step - 1e-9), floor(upper / step + 1e-9))
    return first <= last ? stride(from: first, through: last, by: 1).map { $0 * step } : []
  }

  /// 0 at the lower and 1 at the upper end.
  package func fraction(_ value: Double) -> Double { (value - lower) / (upper - lower) }

  /// As many decimals as tell neighbouring round numbers apart.
  package func text(_ tick: Double) -> String {
    String(format: "%.*f", max(0, Int(-floor(log10(step) + 1e-9))), tick == 0 ? 0 : tick)
  }
}
