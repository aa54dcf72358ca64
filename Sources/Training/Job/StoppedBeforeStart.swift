/// Somebody has asked the process to stop while it waited for its run directory.
package struct StoppedBeforeStart: Error, CustomStringConvertible {
  package let directory: String

  /// The message.
  package var description: String { "stopped while waiting for \(directory); nothing was trained" }
}
