import Files
import Foundation
import MessagePassing
import Threads

/// Ends the process when MPI does not get going, or does not come to an end: before a job is joined, and after it is left, nothing else
/// watches.
package final class MPIGuard: Sendable {
  private let isOver = Monitor(false)

  /// Starts to wait for ``disarm()``.
  ///
  /// - Parameters:
  ///   - seconds: how long MPI may take.
  ///   - exitCode: what the process ends with.
  ///   - report: what is said then.
  private init(seconds: Double, exitCode: Int32, _ report: @escaping @Sendable () -> String) {
    let thread = Thread { [self] in
      // The first rank of a machine speaks for the others, which are ended with it.
      let end = Date(timeIntervalSinceNow: seconds + (LaunchEnvironment().isFirstOnHost ? 0 : 1))
      if isOver.wait(until: end, { $0 ? true : nil }) != nil { return }
      StandardStream.writeError(report() + "\n")
      _exit(exitCode)
    }
    thread.name = "MPI guard"
    thread.start()
  }

  /// Guards what MPI does when it starts.
  package static func start(seconds: Double, exitCode: Int32) -> MPIGuard {
    MPIGuard(seconds: seconds, exitCode: exitCode) {
      "error: \(ProcessInfo.processInfo.hostName): \(message(seconds: seconds, interfaces: NetworkInterface.all()))"
    }
  }

  /// Seconds that MPI may take to end.
  private static let endSeconds = 10.0

  /// Guards the end of MPI, after the work is done. MPICH's over UCX waits for ever where one rank has left later than others.
  ///
  /// - Parameter exitCode: that of the work.
  package static func end(exitCode: Int32) -> MPIGuard {
    MPIGuard(seconds: endSeconds, exitCode: exitCode) {
      """
      warning: \(ProcessInfo.processInfo.hostName): MPI has not come to its end within \(Int(endSeconds)) s, and is left so; the work \
      is done and nothing is lost
      """
    }
  }

  /// Ends the wait: MPI works, or the process has other reasons to end.
  package func disarm() { isOver.withLock { $0 = true } }

  /// What may be the reason, and what mends it.
  package static func message(seconds: Double, interfaces: [NetworkInterface]) -> String {
    let networks = interfaces.map { "\($0.name) (\($0.network))" }.joined(separator: ", ")
    let choice = NetworkChoice.option(interfaces.first { !$0.isVirtual }, of: .built)
    return """
      MPI has not come through its start within \(Int(seconds)) s. Either a rank did not start, or messages between hosts do not \
      arrive: a firewall, or a network that only looks as if it reached the others\(networks.isEmpty ? "" : "; this host has \(networks)")
        → \(choice), with the network that joins the hosts
      """
  }
}
