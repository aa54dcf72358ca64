import Files
import Foundation

extension Quantities {
  /// Three digits: "1.27", "12.7", "1270".
  static func number(_ value: Double) -> String {
    let size = abs(value)
    return String(format: size < 9.995 ? "%.2f" : size < 99.95 ? "%.1f" : "%.0f", value)
  }

  /// "97 %".
  static func percent(_ share: Double) -> String { String(format: "%.0f %%", 100 * share) }
}
