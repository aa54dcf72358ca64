import Foundation
import Synchronization

/// Whether somebody has asked the process to stop: by SIGTERM, SIGUSR1 or SIGINT.
///
/// The signal only sets a flag; training stops between two iterations, when all ranks know. A second SIGINT ends the process at once.
package enum StopRequest {
  private static let flag = Atomic<Bool>(false)

  /// Turns the three signals into requests, even if the parent process had them blocked. To be called before threads start.
  package static func listen() {
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGTERM, SIGUSR1, SIGINT] { sigaddset(&signals, number) }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    for number in [SIGTERM, SIGUSR1, SIGINT] {
      signal(number) { number in
        StopRequest.flag.store(true, ordering: .relaxed)
        if number == SIGINT { Glibc.signal(SIGINT, SIG_DFL) }
      }
    }
  }

  /// Whether a request has come.
  package static var isPending: Bool { flag.load(ordering: .relaxed) }
}
