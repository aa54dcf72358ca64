import Files
import Foundation

/// How much memory a process can still get.
package struct MemoryRoom: Codable, Sendable, Equatable {
  /// What the machine has available, in bytes, for all its processes.
  package var available: Int
  /// Bytes until a control group's limit is reached; nil when there is none.
  package var groupRoom: Int?

  package init(available: Int, groupRoom: Int? = nil) {
    self.available = available
    self.groupRoom = groupRoom
  }

  /// Asks the system about this process.
  init() {
    self.init(
      available: Self.available(inMemoryInfo: SystemFile.text("/proc/meminfo") ?? ""),
      groupRoom: ControlGroup().memoryRoom)
  }

  /// Bytes of the line MemAvailable of /proc/meminfo.
  package static func available(inMemoryInfo text: String) -> Int {
    let kilobytes = text.firstMatch(of: #/MemAvailable:\s+(\d+) kB/#).flatMap { Int($0.output.1) }
    return (kilobytes ?? 0) * 1024
  }

  fileprivate var room: Int { min(available, groupRoom ?? available) }

  /// Judges the memory of all ranks, by rank.
  ///
  /// - Parameters:
  ///   - hosts: the machine of each rank.
  ///   - needs: what training takes in each rank; nil without a configuration.
  package static func findings(_ all: [MemoryRoom], hosts: [String], needs: [Int]?) -> [Finding] {
    let names = hosts.firstOccurrences
    let rooms = names.map { host in
      HostRoom(ranks: hosts.indices.filter { hosts[$0] == host }, all, needs: needs)
    }
    let findings = zip(names, rooms).map { (host: $0, finding: $1.finding) }
    let troubles = findings.filter { $0.finding.status != .ok }
    if !troubles.isEmpty { return Finding.merged(troubles) }
    // Where all is well the tightest machine stands for all.
    let tightest = rooms.indices.min { rooms[$0].rest < rooms[$1].rest }!
    return Finding.merged([findings[tightest]])
  }
}

/// The memory of one machine.
private struct HostRoom {
  private let count: Int
  private let need: Int?
  private let tightest: MemoryRoom

  init(ranks: [Int], _ all: [MemoryRoom], needs: [Int]?) {
    count = ranks.count
    need = needs.map { needs in ranks.reduce(0) { $0 + needs[$1] } }
    tightest = ranks.map { all[$0] }.min { $0.room < $1.room }!
  }

  var rest: Int { tightest.room - (need ?? 0) }

  var finding: Finding {
    let isGroup = tightest.groupRoom.map { $0 < tightest.available } ?? false
    let room = Quantities.bytes(tightest.room) + (isGroup ? " left by a control group" : " available")
    guard let need else { return .ok("memory", room) }
    let message = "training takes \(Quantities.bytes(need))\(count > 1 ? " in \(count) ranks" : ""), \(room)"
    let remedy =
      "a smaller training.micro_batch, " + (isGroup ? "a higher limit (docker --memory, sbatch --mem), " : "")
      + (count > 1 ? "fewer ranks on a host" : "fewer compute threads")
    if rest < 0 { return .error("memory", .machine, message, remedy: remedy) }
    // Decoded images, libraries and other processes want something too.
    return rest < tightest.room / 10
      ? .warning("memory", message + ": that is tight", remedy: remedy) : .ok("memory", message)
  }
}
