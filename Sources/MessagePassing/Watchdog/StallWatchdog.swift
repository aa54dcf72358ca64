import Foundation
import Threads

/// Ends the job when it makes no progress, and names the rank that stalls it and what that rank is doing.
///
/// A thread of its own in every rank reports the rank's ``PhaseBoard`` to rank 0 by datagrams, beside MPI: a silent peer does not disturb
/// it, one that is lost is followed by the next, and rank 0 needs one socket for any number of ranks. Rank 0 judges by ``StallRule``; its verdict ends every rank, and a rank that does not hear from rank 0 for that long and
/// makes no progress, ends by itself.
package final class StallWatchdog: @unchecked Sendable {
  /// The exit code of a job that has stalled.
  package static let exitCode: Int32 = 77

  /// Where rank 0 listens.
  private struct Meeting: BitwiseCopyable {
    var job: UInt64 = 0
    var port: UInt16 = 0
    var addressCount = 0
  }

  private let board: PhaseBoard
  private let limit: Double
  private let setting: String
  private let rank: Int
  private let hosts: [String]
  private let processIDs: [Int32]
  private let warn: @Sendable (String) -> Void
  private let report: @Sendable (String) -> Void
  private let meeting: Meeting
  private let addresses: [UInt32]
  private let socket: DatagramSocket?
  private let isStopped = Monitor(false)

  /// Connects the watchdogs of all ranks and starts to watch. Collective.
  ///
  /// - Parameters:
  ///   - seconds: how long anything may take.
  ///   - setting: what sets that, for messages; nil for the configuration.
  ///   - warn: tells people at rank 0 of ranks of which nothing is heard.
  ///   - report: tells people why the job ends.
  package init(
    _ communicator: any Communicator, board: PhaseBoard, seconds: Double, setting: String? = nil,
    warn: @escaping @Sendable (String) -> Void, report: @escaping @Sendable (String) -> Void
  ) throws(MessagePassingError) {
    self.board = board
    (self.warn, self.report) = (warn, report)
    limit = seconds
    self.setting = setting ?? StallRule.configuredSetting
    rank = communicator.rank
    hosts = try communicator.allGather(ProcessInfo.processInfo.hostName)
    processIDs = try communicator.allGather(getpid())
    var meeting = Meeting()
    var addresses: [UInt32] = []
    socket = communicator.worldSize > 1 ? DatagramSocket() : nil
    if communicator.isRoot, let socket {
      addresses = DatagramSocket.ownAddresses(forOtherHosts: Set(hosts).count > 1)
      meeting = Meeting(job: .random(in: 1 ... .max), port: socket.port, addressCount: addresses.count)
    }
    try communicator.broadcast(&meeting, from: 0)
    for index in 0..<meeting.addressCount {
      var address = index < addresses.count ? addresses[index] : 0
      try communicator.broadcast(&address, from: 0)
      if !communicator.isRoot { addresses.append(address) }
    }
    self.meeting = meeting
    self.addresses = addresses
    let thread = Thread { self.watch() }
    thread.name = "watchdog"
    thread.start()
  }

  /// Ends the watch.
  package func stop() {
    isStopped.withLock { $0 = true }
  }

  /// Seconds between two reports of a rank.
  private var interval: Double { min(1, limit / 10) }

  /// Seconds between two looks of rank 0: about fifty reports come meanwhile, for which the system has room.
  private var lookInterval: Double { min(interval, 50 * interval / Double(hosts.count)) }

  /// Waits for so many seconds, and returns how much more have passed since the last time; nil when the watch is over.
  ///
  /// More than an interval means that the process was suspended: by Ctrl-Z, by `scontrol suspend`, or with its machine. That counts for no limit:
  /// what does not run cannot get on.
  private func wait(_ seconds: Double, since last: inout ContinuousClock.Instant) -> Duration? {
    if isStopped.wait(until: Date(timeIntervalSinceNow: seconds), { $0 ? true : nil }) != nil { return nil }
    let now = ContinuousClock.now
    let excess = now - last - .seconds(seconds)
    last = now
    guard excess > .seconds(interval) else { return .zero }
    board.forgive(excess)
    return excess
  }

  private func watch() {
    if rank == 0 { watchAll() } else { reportToRoot() }
  }

  // MARK: Rank 0

  private func watchAll() {
    var reports = zip(hosts, processIDs).map { StallRule.Report(host: $0, processID: $1, reading: nil, age: 0) }
    var heard = [ContinuousClock.Instant](repeating: .now, count: reports.count)
    /// Where the reports of each rank come from.
    var senders: [Int: DatagramSocket.Address] = [:]
    let rule = StallRule(limit: limit, setting: setting)
    let start = ContinuousClock.now
    var hasWarned = false
    var looked = start
    while let suspension = wait(lookInterval, since: &looked) {
      for rank in heard.indices { heard[rank] += suspension }
      while let (bytes, sender) = socket?.receive(upTo: HeartbeatFrame.byteCount) {
        guard let frame = HeartbeatFrame(bytes, job: meeting.job), reports.indices.contains(frame.rank) else {
          continue
        }
        reports[frame.rank].reading = frame.reading
        heard[frame.rank] = .now
        senders[frame.rank] = sender
        socket?.send(answer("", isVerdict: false), to: sender)
      }
      let own = board.read()
      reports[0].reading = own
      heard[0] = .now
      for rank in reports.indices { reports[rank].age = (ContinuousClock.now - heard[rank]) / .seconds(1) }
      if !hasWarned, ContinuousClock.now - start > .seconds(30 * interval) {
        hasWarned = true
        if let warning = rule.warning(reports) { warn(warning) }
      }
      guard let verdict = rule.verdict(reports, ownIdleSeconds: own.secondsWithoutProgress) else { continue }
      report(verdict)
      // The others are to end by themselves, with the same code, before the launcher ends them; each hears it more than once.
      for _ in 0..<4 {
        for sender in senders.values { socket?.send(answer("rank 0 ended the job", isVerdict: true), to: sender) }
        Thread.sleep(forTimeInterval: 0.25)
      }
      _exit(Self.exitCode)
    }
  }

  private func answer(_ text: String, isVerdict: Bool) -> [UInt8] {
    HeartbeatFrame(
      job: meeting.job, rank: 0,
      reading: PhaseBoard.Reading(
        phase: text, secondsInPhase: 0, secondsWithoutProgress: 0, waitsForOthers: false),
      isVerdict: isVerdict
    ).bytes
  }

  // MARK: Other ranks

  private func reportToRoot() {
    /// Where rank 0 has answered from last.
    var root: DatagramSocket.Address?
    var heard = ContinuousClock.now
    var next = 0
    // So that a thousand ranks do not come at one instant.
    var pause = Double.random(in: 0..<interval)
    var looked = heard
    while let suspension = wait(pause, since: &looked) {
      heard += suspension
      pause = interval
      let reading = board.read()
      while let (bytes, sender) = socket?.receive(upTo: HeartbeatFrame.byteCount) {
        guard let frame = HeartbeatFrame(bytes, job: meeting.job) else { continue }
        if frame.isVerdict { _exit(Self.exitCode) }
        (heard, root) = (.now, sender)
      }
      let silence = (ContinuousClock.now - heard) / .seconds(1)
      // Rank 0 has several addresses, of which one may be reached from here.
      if silence > 5 * interval { root = nil }
      if root == nil, !addresses.isEmpty { next += 1 }
      let trial =
        addresses.isEmpty ? nil : DatagramSocket.Address(host: addresses[next % addresses.count], port: meeting.port)
      if let place = root ?? trial {
        socket?.send(HeartbeatFrame(job: meeting.job, rank: rank, reading: reading).bytes, to: place)
      }
      if silence > limit, reading.secondsWithoutProgress > limit {
        report(
          """
          nothing heard of rank 0 (\(hosts[0])) for \(Int(silence)) seconds, and no progress here: \
          \(reading.phase) for \(Int(reading.secondsInPhase)) s
          """)
        _exit(Self.exitCode)
      }
    }
  }
}
