import Files
import Foundation

/// What the system lets a process do (`ulimit`).
package struct ProcessLimits: Codable, Sendable, Equatable {
  /// Files and connections that may be open.
  package var openFiles: Int?
  /// Bytes of a file that may be written.
  package var fileBytes: Int?
  /// Bytes of address space.
  package var addressBytes: Int?

  package init(openFiles: Int?, fileBytes: Int?, addressBytes: Int?) {
    self.openFiles = openFiles
    self.fileBytes = fileBytes
    self.addressBytes = addressBytes
  }

  /// Asks the system about this process.
  init() {
    func limit(_ resource: __rlimit_resource) -> Int? {
      var limit = rlimit()
      guard getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0 else { return nil }
      // Infinity is the largest number.
      return limit.rlim_cur > UInt(Int.max) ? nil : Int(limit.rlim_cur)
    }
    self.init(
      openFiles: limit(RLIMIT_NOFILE), fileBytes: limit(RLIMIT_FSIZE), addressBytes: limit(RLIMIT_AS))
  }

  /// Judges the limits of all ranks.
  ///
  /// - Parameters:
  ///   - all: by rank.
  ///   - checkpointBytes: what rank 0 writes into one file; nil without a configuration.
  ///   - needs: memory of each rank; nil without a configuration.
  ///   - secondsLeft: until the job will be ended from outside; nil when that is not known.
  package static func findings(
    _ all: [ProcessLimits], checkpointBytes: Int?, needs: [Int]?, secondsLeft: Double?
  ) -> [Finding] {
    func subject(_ ranks: [Int]) -> String { all.count == 1 ? "this process" : Quantities.ranks(ranks) }
    var findings: [Finding] = []
    // Libraries, images and a log in any case; a connection for MPI and one for the watchdog to every other rank.
    let files = 64 + 2 * all.count
    let narrow = all.indices.filter { all[$0].openFiles.map { $0 < files } ?? false }
    if let rank = narrow.first, let limit = all[rank].openFiles {
      findings.append(
        .error(
          "limits", .machine,
          "\(subject(narrow)) may open \(limit) files; training needs \(files)",
          remedy: "ulimit -n \(max(1024, files)) before the launch; sbatch --propagate=NOFILE"))
    }
    if let checkpointBytes, let limit = all[0].fileBytes, limit < checkpointBytes {
      findings.append(
        .error(
          "limits", .disk,
          "\(subject([0])) may write files of \(Quantities.bytes(limit)); a checkpoint has \(Quantities.bytes(checkpointBytes))",
          remedy: "ulimit -f unlimited"))
    }
    if let needs {
      let cramped = all.indices.filter { rank in all[rank].addressBytes.map { $0 < needs[rank] } ?? false }
      if let rank = cramped.first, let limit = all[rank].addressBytes {
        findings.append(
          .error(
            "limits", .machine,
            "\(subject(cramped)) may map \(Quantities.bytes(limit)); training takes \(Quantities.bytes(needs[rank]))",
            remedy: "ulimit -v unlimited"))
      }
    }
    if let secondsLeft {
      let time = secondsLeft < 600 ? "\(Int(max(0, secondsLeft))) s" : "\(Int(secondsLeft / 60)) minutes"
      let end = "the job is ended from outside in \(time)"
      findings.append(
        secondsLeft < 120
          ? .warning("time", "\(end); training would stop at once", remedy: "ask the scheduler for more time")
          : .ok("time", "\(end); training stops before that and can be continued"))
    }
    if findings.allSatisfy({ $0.check != "limits" }) {
      let limit = all.compactMap(\.openFiles).min().map { "\($0) open files" } ?? "any number of open files"
      let size = all[0].fileBytes.map { "files of \(Quantities.bytes($0))" } ?? "files of any size"
      findings.insert(.ok("limits", "\(limit), \(size)"), at: 0)
    }
    return findings
  }
}
