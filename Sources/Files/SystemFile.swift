/// Files that the system makes up as they are read, under /proc and /sys. They state no size, and come in pieces.
package enum SystemFile {
  /// The whole text; nil when it cannot be read.
  package static func text(_ path: String) -> String? {
    (try? FileContent.bytes(of: path)).map { String(decoding: $0, as: UTF8.self) }
  }
}
