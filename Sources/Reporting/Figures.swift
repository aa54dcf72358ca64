import Foundation

/// Numbers as pages and screens show them.
enum Figures {
  /// A number with so many digits behind the point; a dash for none.
  static func digits(_ value: Double?, _ places: Int = 3) -> String {
    value.map { $0.isFinite ? String(format: "%.\(places)f", $0) : "–" } ?? "–"
  }

  /// The middle of values; of an even number the upper one of the two. Nothing for none.
  static func median(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.sorted()[values.count / 2]
  }

  /// "45 s", "12 min", "3 h 20 min".
  static func duration(_ seconds: Double) -> String {
    guard seconds >= 0, seconds < 1e12 else { return "–" }
    let minutes = Int((seconds / 60).rounded())
    return minutes < 1
      ? "\(Int(seconds.rounded())) s" : minutes < 120 ? "\(minutes) min" : "\(minutes / 60) h \(minutes % 60) min"
  }
}
