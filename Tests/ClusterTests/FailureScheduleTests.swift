import Foundation
import TestSupport
import Testing

extension ClusterTests {
  /// Runs on two hosts under schedules of failures that are drawn: what fails, when, on how many ranks, and whether hosts keep copies in
  /// memory. Each has to end in the state of a run that nothing happens to.
  @Suite(.enabled(if: Requirement.forHosts.isEmpty, "missing: \(Requirement.forHosts)"))
  struct FailureScheduleTests {
    private static let iterations = 60
    private static let stallSeconds = 3.0
    /// A schedule that takes longer hangs.
    private static let limit = 150.0

    private static func variable(_ name: String) -> Int? {
      ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
    }
    /// How many are run.
    private static let count = variable("MULTIBOX_CHAOS_SCHEDULES") ?? 2
    /// The first one's number; the others follow.
    private static let seed = variable("MULTIBOX_CHAOS_SEED") ?? .random(in: 0..<1_000_000)

    private let experiment: Experiment
    private let hosts: Hosts

    init() throws {
      experiment = try Experiment()
      hosts = try Hosts(experiment)
    }

    @Test(.timeLimit(.minutes(120)))
    func `Whatever fails, a run ends in the state of one that nothing happens to`() throws {
      let reference = try state(of: "whole") {
        try hosts.start(["\(ChildProcess.repository)/launch/local", "1"] + arguments("whole", memory: false))
          .wait(timeout: Self.limit).succeeded()
      }
      var worst = Report()
      for seed in Self.seed..<Self.seed + Self.count {
        let schedule = Schedule(seed: UInt64(seed), iterations: Self.iterations)
        let report = try run(schedule, expecting: reference)
        print("schedule \(seed): \(schedule): \(report)")
        worst = worst.worst(report)
      }
      print("\(Self.count) schedules from \(Self.seed): worst \(worst)")
      #expect(worst.hangs == 0 && worst.differences == 0)
    }

    private func arguments(_ name: String, memory: Bool) -> [String] {
      experiment.arguments(
        name, iterations: Self.iterations, "training.micro_batch=1",
        "communication.stall_seconds=\(Self.stallSeconds)", "checkpoint.every=\(memory ? 100_000 : 10)",
        "checkpoint.memory_every_seconds=\(memory ? "0.5" : "null")")
    }

    private func state(of name: String, _ train: () throws -> Void) throws -> String {
      try train()
      return try experiment.parameters(name, iteration: Self.iterations)
    }

    /// Runs until the run is done; `launch/cluster` is called again when the schedule has asked it to stop.
    private func run(_ schedule: Schedule, expecting reference: String) throws -> Report {
      let hostfile = try experiment.write(schedule.hostfile, to: "hosts")
      var (report, faults) = (Report(), schedule.faults[...])
      let began = ContinuousClock.now
      var log = ""
      for _ in 0...schedule.faults.count {
        let process = try hosts.cluster(hostfile, arguments("run", memory: schedule.memory), restarts: 20)
        while let fault = faults.first {
          let isThere = waits(Self.limit) { experiment.lines("run").count >= fault.iteration || !process.isRunning }
          guard isThere, process.isRunning else { break }
          faults = faults.dropFirst()
          try inject(fault)
        }
        let isOver = waits(Self.limit) { !process.isRunning }
        if !isOver { report.hangs += 1 }
        let outcome = try process.wait(timeout: 0.1)
        log += outcome.messages
        if outcome.exitCode != 75 {
          #expect(outcome.exitCode == 0, "\(schedule)\n\(log)")
          break
        }
      }
      report.seconds = (ContinuousClock.now - began) / .seconds(1)
      report.restarts = log.matches(of: #/continuing from iteration/#).count
      report.fromMemory = log.matches(of: #/the copy in the memory of/#).count
      let result = try? experiment.parameters("run", iteration: Self.iterations)
      if result != reference || experiment.lines("run").map(\.iteration) != Array(1...Self.iterations) {
        report.differences = 1
        Issue.record("\(schedule): \(result ?? "no checkpoint") instead of \(reference)\n\(log)")
      }
      if try !waits(15, until: { try hosts.processes().isEmpty }) {
        Issue.record("\(schedule): left behind: \(try hosts.processes())\n\(log)")
        for process in try hosts.processes().keys { _ = try hosts.start(["kill", "-KILL", "\(process)"]).wait() }
      }
      try FileManager.default.removeItem(atPath: experiment.path("run"))
      return report
    }

    private func inject(_ fault: Schedule.Fault) throws {
      let ranks = try hosts.processes("^multibox$").keys.sorted()
      switch fault.kind {
      case .kill, .stop:
        guard !ranks.isEmpty else { return }
        let rank = ranks[fault.victim % ranks.count]
        _ = try hosts.start(["kill", fault.kind == .kill ? "-KILL" : "-STOP", "\(rank)"]).wait()
        guard fault.kind == .stop else { return }
        Thread.sleep(forTimeInterval: fault.seconds)
        _ = try hosts.start(["kill", "-CONT", "\(rank)"]).wait()
      case .request:
        _ = try hosts.start(["pkill", "-USR1", "-f", "^bash .*/launch/cluster"]).wait()
      case .cut:
        try hosts.network(false)
        Thread.sleep(forTimeInterval: fault.seconds)
        try hosts.network(true)
      }
    }
  }
}

/// What happens to a run: a function of its number.
private struct Schedule: CustomStringConvertible {
  enum Kind: String, CaseIterable { case kill, stop, request = "USR1", cut }

  struct Fault {
    let kind: Kind
    /// When so many iterations are done.
    let iteration: Int
    /// How long a process stands still or the network is cut: some bear it, others not.
    let seconds: Double
    let victim: Int
  }

  let slots: (Int, Int)
  let memory: Bool
  let faults: [Fault]

  init(seed: UInt64, iterations: Int) {
    var random = SeededGenerator(seed: seed)
    slots = [(1, 0), (2, 0), (1, 1), (2, 2), (3, 1)].randomElement(using: &random)!
    memory = .random(using: &random)
    let instants = (0..<Int.random(in: 1...2, using: &random)).map { _ in Int.random(in: 0..<iterations, using: &random)
    }
    faults = instants.sorted().map { iteration in
      Fault(
        kind: Kind.allCases.randomElement(using: &random)!, iteration: iteration,
        seconds: .random(in: 0.5...9, using: &random), victim: .random(in: 0..<12, using: &random))
    }
  }

  var hostfile: String { "host1 slots=\(slots.0)\n" + (slots.1 > 0 ? "host2 slots=\(slots.1)\n" : "") }

  var description: String {
    let list = faults.map { fault in
      let length = [.stop, .cut].contains(fault.kind) ? " for \(String(format: "%.1f", fault.seconds)) s" : ""
      return "\(fault.kind.rawValue) at \(fault.iteration)\(length)"
    }
    return "\(slots.0) + \(slots.1) ranks, \(memory ? "memory" : "disk"), \(list.joined(separator: ", "))"
  }
}

/// What became of a schedule, or the worst of several.
private struct Report: CustomStringConvertible {
  var seconds = 0.0
  var restarts = 0
  var fromMemory = 0
  var hangs = 0
  var differences = 0

  func worst(_ other: Report) -> Report {
    Report(
      seconds: max(seconds, other.seconds), restarts: max(restarts, other.restarts),
      fromMemory: fromMemory + other.fromMemory, hangs: hangs + other.hangs,
      differences: differences + other.differences)
  }

  var description: String {
    "\(String(format: "%.1f", seconds)) s, \(restarts) continuations, \(fromMemory) from memory, \(hangs) hangs, \(differences) differences"
  }
}
