/// Somebody has asked the process to stop while it waited for its run directory.
public struct StoppedBeforeStart: Error, CustomStringConvertible {
  let directory: String

  /// The message.
  public var description: String { "stopped while waiting for \(directory); nothing was trained" }
}
