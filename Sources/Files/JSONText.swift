import Foundation

/// What programs read: JSON with the members of objects sorted by name, and slashes as they are.
package enum JSONText {
  /// One line.
  package static func line(_ value: some Encodable) throws -> String { try text(value) }

  /// Indented, for people too.
  package static func page(_ value: some Encodable) throws -> String { try text(value, .prettyPrinted) }

  private static func text(_ value: some Encodable, _ more: JSONEncoder.OutputFormatting = []) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = more.union([.sortedKeys, .withoutEscapingSlashes])
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
