import Files

/// The largest resident set that this process has had.
enum PeakMemory {
  /// Bytes; 0 where the system does not tell.
  ///
  /// Unlike the figure of `getrusage` it does not begin with that of the process that started this one.
  static var bytes: Int {
    let status = SystemFile.text("/proc/self/status") ?? ""
    let kilobytes = status.firstMatch(of: #/VmHWM:\s+(\d+) kB/#).flatMap { Int($0.output.1) }
    return (kilobytes ?? 0) * 1024
  }
}
