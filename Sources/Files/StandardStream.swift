import Foundation

/// What people read of a program. A reader that has gone away, or a full disk behind it, is no reason to stop working.
package enum StandardStream {
  /// Writes to standard error; what cannot be written is lost.
  package static func writeError(_ text: String) { _ = write(text, to: STDERR_FILENO) }

  /// Writes to standard output.
  ///
  /// - Returns: false when nobody reads it any more.
  package static func writeOutput(_ text: String) -> Bool { write(text, to: STDOUT_FILENO) }

  private static func write(_ text: String, to descriptor: Int32) -> Bool {
    let bytes = Array(text.utf8)
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + done, bytes.count - done) }
      if count > 0 { done += count } else if count < 0, errno == EINTR { continue } else { return false }
    }
    return true
  }
}
