import Foundation
import Threads

/// Ends the job when it makes no progress, and names the rank that stalls it and what that rank is doing.
///
/// A thread of its own in every rank reports the rank's ``PhaseBoard`` to rank 0 over a connection that is not MPI's: a silent peer does not
/// disturb it. Rank 0 judges by ``StallRule``; its verdict ends every rank, and a rank that does not hear from rank 0 for that long and
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
  private let report: @Sendable (String) -> Void
  private let meeting: Meeting
  private let addresses: [UInt32]
  private let listener: Socket?
  private let isStopped = Monitor(false)

  /// Connects the watchdogs of all ranks and starts to watch. Collective.
  ///
  /// - Parameters:
  ///   - seconds: how long anything may take.
  ///   - setting: what sets that, for messages; nil for the configuration.
  ///   - report: tells people why the job ends.
  package init(
    _ communicator: any Communicator, board: PhaseBoard, seconds: Double, setting: String? = nil,
    report: @escaping @Sendable (String) -> Void
  ) throws(MessagePassingError) {
    self.board = board
    self.report = report
    limit = seconds
    self.setting = setting ?? StallRule.configuredSetting
    rank = communicator.rank
    hosts = try communicator.allGather(ProcessInfo.processInfo.hostName)
    processIDs = try communicator.allGather(getpid())
    var meeting = Meeting()
    var addresses: [UInt32] = []
    var listener: Socket?
    if communicator.isRoot, communicator.worldSize > 1, let open = Socket.listening() {
      listener = open.socket
      addresses = Socket.ownAddresses(forOtherHosts: Set(hosts).count > 1)
      meeting = Meeting(job: .random(in: 1 ... .max), port: open.port, addressCount: addresses.count)
    }
    try communicator.broadcast(&meeting, from: 0)
    for index in 0..<meeting.addressCount {
      var address = index < addresses.count ? addresses[index] : 0
      try communicator.broadcast(&address, from: 0)
      if !communicator.isRoot { addresses.append(address) }
    }
    self.meeting = meeting
    self.addresses = addresses
    self.listener = listener
    let thread = Thread { self.watch() }
    thread.name = "watchdog"
    thread.start()
  }

  /// Ends the watch.
  package func stop() {
    isStopped.withLock { $0 = true }
  }

  /// Seconds between two looks.
  private var interval: Double { min(1, limit / 10) }

  /// Waits for the next look; false when the watch is over.
  private func waits() -> Bool {
    isStopped.wait(until: Date(timeIntervalSinceNow: interval)) { $0 ? true : nil } == nil
  }

  private func watch() {
    if rank == 0 { watchAll() } else { reportToRoot() }
  }

  // MARK: Rank 0

  private func watchAll() {
    var connections: [Socket] = []
    var reports = zip(hosts, processIDs).map { StallRule.Report(host: $0, processID: $1, reading: nil, age: 0) }
    var heard = [ContinuousClock.Instant](repeating: .now, count: reports.count)
    while waits() {
      while let connection = listener?.accept() { connections.append(connection) }
      connections.removeAll { connection in
        guard let frames = connection.receive(frameBytes: HeartbeatFrame.byteCount) else { return true }
        for bytes in frames {
          guard let frame = HeartbeatFrame(bytes, job: meeting.job), reports.indices.contains(frame.rank) else {
            return true
          }
          reports[frame.rank].reading = frame.reading
          heard[frame.rank] = .now
        }
        return !frames.isEmpty && !connection.send(answer("", isVerdict: false))
      }
      let own = board.read()
      reports[0].reading = own
      heard[0] = .now
      for rank in reports.indices { reports[rank].age = (ContinuousClock.now - heard[rank]) / .seconds(1) }
      if let verdict = StallRule(limit: limit, setting: setting).verdict(
        reports, ownIdleSeconds: own.secondsWithoutProgress)
      {
        report(verdict)
        for connection in connections { _ = connection.send(answer("rank 0 ended the job", isVerdict: true)) }
        // The others are to end by themselves, with the same code, before the launcher ends them.
        Thread.sleep(forTimeInterval: 1)
        _exit(Self.exitCode)
      }
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
    var connection: Socket?
    var heard = ContinuousClock.now
    var next = 0
    // So that a thousand ranks do not come at one instant.
    Thread.sleep(forTimeInterval: .random(in: 0..<interval))
    while waits() {
      let reading = board.read()
      if connection == nil, !addresses.isEmpty {
        connection = Socket.connecting(to: addresses[next % addresses.count], port: meeting.port, within: interval)
        next += 1
      }
      if let open = connection {
        if !open.send(HeartbeatFrame(job: meeting.job, rank: rank, reading: reading).bytes) { connection = nil }
        guard let frames = open.receive(frameBytes: HeartbeatFrame.byteCount) else {
          connection = nil
          continue
        }
        for frame in frames.map({ HeartbeatFrame($0, job: meeting.job) }) {
          guard let frame else {
            connection = nil
            break
          }
          heard = .now
          if frame.isVerdict { _exit(Self.exitCode) }
        }
      }
      let silence = (ContinuousClock.now - heard) / .seconds(1)
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
