import Files
import Foundation
import MessagePassing
import Threads

/// Ends the process when MPI does not get going, or does not come to an end: before a job is joined nothing else watches.
package final class StartGuard: Sendable {
  private let isOver = Monitor(false)

  /// Starts to wait for ``disarm()``.
  ///
  /// - Parameters:
  ///   - seconds: how long MPI may take.
  ///   - phase: what it does meanwhile, as "start".
  ///   - exitCode: what the process ends with.
  package init(seconds: Double, phase: String, exitCode: Int32) {
    let thread = Thread { [self] in
      // The first rank of a machine speaks for the others, which are ended with it.
      let end = Date(timeIntervalSinceNow: seconds + (LaunchEnvironment().isFirstOnHost ? 0 : 1))
      if isOver.wait(until: end, { $0 ? true : nil }) != nil { return }
      let message = Self.message(seconds: seconds, phase: phase, interfaces: NetworkInterface.all())
      StandardStream.writeError("error: \(ProcessInfo.processInfo.hostName): \(message)\n")
      _exit(exitCode)
    }
    thread.name = "start guard"
    thread.start()
  }

  /// Ends the wait: MPI works, or the process has other reasons to end.
  package func disarm() { isOver.withLock { $0 = true } }

  /// What may be the reason, and what mends it.
  package static func message(seconds: Double, phase: String, interfaces: [NetworkInterface]) -> String {
    let networks = interfaces.map { "\($0.name) (\($0.network))" }.joined(separator: ", ")
    let choice = NetworkChoice.option(interfaces.first { !$0.isVirtual }, of: .built)
    return """
      MPI has not come through its \(phase) within \(Int(seconds)) s. Either a rank did not start, or messages between hosts do not \
      arrive: a firewall, or a network that only looks as if it reached the others\(networks.isEmpty ? "" : "; this host has \(networks)")
        → \(choice), with the network that joins the hosts
      """
  }
}
