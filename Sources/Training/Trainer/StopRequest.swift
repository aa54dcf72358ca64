import Foundation
import Synchronization

/// Whether somebody has asked a run to stop. Training stops between two iterations, when all ranks know.
package final class StopRequest: Sendable {
  private let flag = Atomic<Bool>(false)

  package init() {}

  /// Asks to stop. Safe in a signal handler.
  package func make() { flag.store(true, ordering: .relaxed) }

  /// Whether a request has come.
  package var isPending: Bool { flag.load(ordering: .relaxed) }

  /// A handler of signals knows nothing but what is global.
  private static let bySignal = StopRequest()

  /// The request that SIGTERM, SIGUSR1 and SIGINT make from now on, even if the parent process had them blocked. A second SIGINT ends the
  /// process at once. To be called before threads start.
  package static func ofSignals() -> StopRequest {
    // Made now: the handler must not be the first to ask for it.
    let request = bySignal
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGTERM, SIGUSR1, SIGINT] { sigaddset(&signals, number) }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    for number in [SIGTERM, SIGUSR1, SIGINT] {
      signal(number) { number in
        StopRequest.bySignal.make()
        if number == SIGINT { Glibc.signal(SIGINT, SIG_DFL) }
      }
    }
    return request
  }
}
