import Files
import Foundation
import MessagePassing

/// The processors of a rank, and what there would be.
package struct ProcessorBinding: Codable, Sendable, Equatable {
  /// The machine.
  package var host: String
  /// Processors the rank is bound to.
  package var processors: [Int]
  /// Processors of the job on this machine, before the launcher shared them out; nil when that is not known.
  package var allocated: [Int]?
  /// Processors' worth of time that a control group leaves; nil when there is no limit.
  package var quota: Double?
  /// Compute threads.
  package var threads: Int

  package init(host: String, processors: [Int], allocated: [Int]? = nil, quota: Double? = nil, threads: Int) {
    self.host = host
    self.processors = processors
    self.allocated = allocated
    self.quota = quota
    self.threads = threads
  }

  /// Asks the system about this process.
  init(_ placement: RankPlacement, threads: Int, environment: [String: String]) {
    let group = ControlGroup()
    self.init(
      host: placement.own.host, processors: placement.own.processors,
      allocated: Self.allocatedProcessors(group, environment), quota: group.processorQuota, threads: threads)
  }

  /// Processes that start ranks; Debian adds whose they are, as in `mpirun.openmpi`.
  private static let launchers: Set = [
    "mpirun", "mpiexec", "orterun", "orted", "prterun", "prted", "hydra_pmi_proxy", "hydra_bstrap_pr", "slurmstepd",
    "srun",
  ]

  /// What the nearest launcher above this process may run on.
  private static func allocatedProcessors(_ group: ControlGroup, _ environment: [String: String]) -> [Int]? {
    var process = getppid()
    while process > 1 {
      guard let status = SystemFile.text("/proc/\(process)/status") else { return nil }
      func value(_ key: String) -> String? {
        status.split(separator: "\n").first { $0.hasPrefix(key + ":") }?.dropFirst(key.count + 1)
          .trimmingCharacters(in: .whitespaces)
      }
      if let name = value("Name")?.prefix(while: { $0 != "." }), launchers.contains(String(name)) {
        var processors = RankPlacement.numbers(inList: value("Cpus_allowed_list") ?? "")
        if let own = group.processors { processors = processors.filter(Set(own).contains) }
        // Slurm's own daemon is not bound to the job's processors.
        if let count = environment["SLURM_CPUS_ON_NODE"].flatMap(Int.init) {
          processors = Array(processors.prefix(count))
        }
        return processors.isEmpty ? nil : processors
      }
      process = value("PPid").flatMap { pid_t($0) } ?? 0
    }
    return nil
  }

  /// Judges the processors of all ranks, by rank.
  ///
  /// - Parameter isLaunched: whether mpirun or srun started them.
  package static func findings(_ all: [ProcessorBinding], isLaunched: Bool) -> [Finding] {
    let findings = Finding.merged(
      all.map(\.host).firstOccurrences.flatMap { host in
        HostBinding(host, all, isLaunched: isLaunched).findings.map { (host, $0) }
      })
    if !findings.isEmpty { return findings }
    let threads = Set(all.map(\.threads)).sorted().map(String.init).joined(separator: " or ")
    let processors = Set(all.map(\.processors.count)).sorted().map(String.init).joined(separator: " or ")
    return [
      .ok(
        "processors",
        "\(Quantities.count(all.count, isLaunched ? "rank" : "process", isLaunched ? nil : "processes")) of \(threads) compute \(threads == "1" ? "thread" : "threads"), free to run on \(processors) \(processors == "1" ? "processor" : "processors")"
      )
    ]
  }
}

/// The ranks of one machine.
private struct HostBinding {
  private let ranks: [ProcessorBinding]
  private let isLaunched: Bool

  init(_ host: String, _ all: [ProcessorBinding], isLaunched: Bool) {
    self.isLaunched = isLaunched
    ranks = all.filter { $0.host == host }
  }

  private var used: Set<Int> { Set(ranks.flatMap(\.processors)) }
  private var allocated: Int { max(used.count, ranks.compactMap { $0.allocated?.count }.max() ?? 0) }
  private var threads: Int { ranks.reduce(0) { $0 + $1.threads } }
  private var rankText: String { isLaunched ? Quantities.count(ranks.count, "rank") : "this process" }

  var findings: [Finding] {
    [starvation ?? crowding, starvation == nil ? idleness : nil, shortTime].compactMap(\.self)
  }

  /// Ranks with more threads than processors.
  private var starvation: Finding? {
    let starved = ranks.filter { $0.threads > $0.processors.count }
    guard let worst = starved.max(by: { $0.threads < $1.threads }) else { return nil }
    let few = Quantities.count(worst.processors.count, "processor")
    let subject = isLaunched ? "\(starved.count) of \(rankText)" : rankText
    let mends =
      isLaunched
      ? (allocated >= threads ? wider(worst.threads) : fewerThreads)
      : "\(wider(worst.threads)), or --set training.threads=\(worst.processors.count)"
    return .warning(
      "processors", "\(subject) may run on \(few) only, with \(worst.threads) compute threads each", remedy: mends)
  }

  /// More threads than processors on the whole machine.
  private var crowding: Finding? {
    guard threads > used.count else { return nil }
    let (count, few) = (Quantities.count(threads, "compute thread"), Quantities.count(used.count, "processor"))
    return .warning(
      "processors", "\(rankText) with \(count) together share \(few)",
      remedy: used.count < allocated && threads <= allocated ? wider(threads / ranks.count) : fewerThreads)
  }

  /// Processors that no rank may use.
  private var idleness: Finding? {
    guard used.count < allocated else { return nil }
    let share = allocated / ranks.count
    return .warning(
      "processors", "\(rankText) may run on \(used.count) of \(allocated) processors; the others stay idle",
      remedy: share > 1 ? wider(share) : "mpirun \(MPILibrary.built.unbound)")
  }

  /// A limit on the time that processors may spend.
  private var shortTime: Finding? {
    guard let quota = ranks.compactMap(\.quota).max(), quota < Double(threads) else { return nil }
    let grant = String(format: "%.1f", quota)
    return .warning(
      "processors",
      "a control group grants the time of \(grant) processors to \(Quantities.count(threads, "compute thread"))",
      remedy: "raise the limit (docker --cpus), or --set training.threads=\(max(1, Int(quota) / ranks.count))")
  }

  private var fewerThreads: String {
    ranks.count <= allocated
      ? "--set training.threads=\(allocated / ranks.count)"
      : "start at most \(Quantities.count(allocated, "rank")) here, with --set training.threads=1"
  }

  /// What binds ranks to enough processors.
  private func wider(_ threads: Int) -> String {
    isLaunched
      ? "mpirun \(MPILibrary.built.wider(threads: threads))"
      : "allow it more processors (taskset, the container's --cpuset-cpus)"
  }
}
