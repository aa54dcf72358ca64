import Foundation

/// The process that a run directory belongs to, as its lock file names it.
package struct RunLockOwner: Codable, Sendable, Equatable {
  /// Distinguishes this owner from all others.
  package var identity: String
  /// The machine's name, for people.
  package var host: String
  /// The process.
  package var process: Int32
  /// When it took the directory, for people: "2026-11-26 22:40:09 UTC".
  package var since: String
  /// Identifies the kernel and the process namespace that ``process`` is a number of; empty when the system does not tell.
  package var system: String
  /// Start of the process in clock ticks since the system's start, so that a number which was given anew is noticed.
  package var startTicks: UInt64?
  /// The scheduler's job, as "Slurm job 77".
  package var job: String?
  /// How often the scheduler had started the job before.
  package var restarts: Int
  /// The run directory; nil in locks of earlier versions.
  package var place: Place?

  /// A directory, as far as it can be recognised on one machine.
  package struct Place: Codable, Sendable, Equatable {
    /// Its absolute path without symbolic links.
    package var path: String
    /// Its number in the file system.
    package var inode: UInt64

    /// Nil when it cannot be found.
    package init?(of directory: String) {
      var status = stat()
      guard let resolved = realpath(directory, nil), stat(directory, &status) == 0 else { return nil }
      defer { free(resolved) }
      (path, inode) = (String(cString: resolved), UInt64(status.st_ino))
    }
  }

  /// Whether the owner verifiably holds another directory than `here`; one that was moved, or is mounted at two places, is the same.
  func isOfOther(_ here: Place?) -> Bool {
    guard let place, let here else { return false }
    return place.path != here.path && place.inode != here.inode
  }

  /// This process.
  ///
  /// - Parameter job: the scheduler's job that it belongs to, and how often that had been started before.
  package init(job schedulerJob: (name: String, restarts: Int)? = nil) {
    identity = UUID().uuidString
    host = ProcessInfo.processInfo.hostName
    process = getpid()
    since = Date().formatted(
      .verbatim(
        "\(year: .defaultDigits)-\(month: .twoDigits)-\(day: .twoDigits) \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\(second: .twoDigits) UTC",
        timeZone: .gmt, calendar: Calendar(identifier: .gregorian)))
    system = Self.ownSystem
    startTicks = Self.startTicks(of: getpid())
    job = schedulerJob?.name
    restarts = schedulerJob?.restarts ?? 0
  }

  /// What is known of an owner.
  package enum Life: Sendable, Equatable {
    /// It runs.
    case running
    /// It has ended.
    case ended
    /// It is on another machine, or in another container: only the age of its lock tells.
    case elsewhere
  }

  /// Whether the owner still runs, as far as `observer` can know.
  package func life(seenBy observer: RunLockOwner) -> Life {
    if !system.isEmpty, system == observer.system {
      guard kill(process, 0) == 0 || errno == EPERM else { return .ended }
      guard let startTicks, let found = Self.startTicks(of: process) else { return .running }
      return found == startTicks ? .running : .ended
    }
    // The scheduler starts a job again only when its earlier start is over.
    if let job, job == observer.job, restarts < observer.restarts { return .ended }
    return .elsewhere
  }

  /// "process 12 on node1 (Slurm job 77), since 2026-11-26 22:40:09 UTC"
  package var description: String {
    "process \(process) on \(host)\(job.map { " (\($0))" } ?? ""), since \(since)"
  }

  /// The running kernel and its process namespace.
  private static let ownSystem: String = {
    let boot = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
    let namespace = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")
    guard let boot, let namespace else { return "" }
    return boot.trimmingCharacters(in: .whitespacesAndNewlines) + " " + namespace
  }()

  /// The 22nd field of /proc/PID/stat; nil when the process has ended, also as long as its parent has not noticed.
  package static func startTicks(of process: Int32) -> UInt64? {
    // The name in parentheses, the second field, may hold anything.
    guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
      let end = text.lastIndex(of: ")")
    else { return nil }
    let fields = text[text.index(after: end)...].split(separator: " ")
    guard fields.count > 19, let state = fields.first else { return nil }
    return state == "Z" || state == "X" ? 0 : UInt64(fields[19])
  }
}
