import Foundation
import Logging

/// Writes messages for people to standard error: `warning: …`, `error: …`; what is merely informative stands alone.
///
/// On a terminal the message takes the place of an unfinished ``ProgressLine``.
package struct StandardErrorLogHandler: LogHandler {
  /// Less severe messages are not written.
  package var logLevel = Logger.Level.info
  /// Facts that go with every message, as `key=value` behind it.
  package var metadata: Logger.Metadata = [:]
  private let sender: String?
  private let isTerminal: Bool
  private let write: @Sendable (String) -> Void

  /// Creates a handler; to be given to `LoggingSystem.bootstrap`.
  ///
  /// - Parameter sender: who speaks, before every warning and error, where several processes share standard error.
  package init(sender: String? = nil) {
    self.init(sender: sender, isTerminal: isatty(STDERR_FILENO) == 1, write: StandardStream.writeError)
  }

  package init(sender: String? = nil, isTerminal: Bool, write: @escaping @Sendable (String) -> Void) {
    self.sender = sender
    self.isTerminal = isTerminal
    self.write = write
  }

  /// One fact that goes with every message.
  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  /// Writes a message.
  package func log(event: LogEvent) {
    let facts = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }.map { " \($0)=\($1)" }
    let prefix =
      switch event.level {
      case .info, .notice: ""
      case .critical, .error: "error: "
      case .warning: "warning: "
      case .debug: "debug: "
      case .trace: "trace: "
      }
    let sender = event.level >= .warning ? sender.map { "\($0): " } ?? "" : ""
    write("\(isTerminal ? "\r\u{1B}[K" : "")\(prefix)\(sender)\(event.message)\(facts.joined())\n")
  }
}
