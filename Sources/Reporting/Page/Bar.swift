import Foundation

/// Shares of a whole as a bar of several colours.
struct Bar {
  /// What a part is.
  struct Part {
    let name: String
    let value: Double
    /// As in a style sheet.
    let color: String
  }

  let parts: [Part]

  /// The bar, which tells its numbers when it is pointed at.
  var html: HTML {
    let total = parts.reduce(0) { $0 + $1.value }
    guard total > 0 else { return "" }
    let pieces: [HTML] = parts.filter { $0.value > 0 }.map { part in
      let share = String(format: "%.1f%%", 100 * part.value / total)
      return "<i style=\"width: \(share); background: \(part.color)\" title=\"\(part.name): \(share)\"></i>"
    }
    return "<span class=\"bar\">\(pieces)</span>"
  }

  /// What the colours stand for.
  static func legend(_ parts: [(name: String, color: String)]) -> HTML {
    let names: [HTML] = parts.map { "<span><i style=\"background: \($0.color)\"></i>\($0.name)</span>" }
    return "<div class=\"legend\">\(names)</div>"
  }
}
