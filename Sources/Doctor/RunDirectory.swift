import Files
import Foundation
import MessagePassing
import Training

/// Tries the directory in which a run leaves its files: rank 0 writes there and replaces by renaming, as for checkpoints, and every rank
/// looks on.
package struct RunDirectory: Sendable, Equatable {
  /// What a rank has seen of the file that rank 0 wrote.
  package struct Sight: BitwiseCopyable, Sendable, Equatable {
    /// Seconds until it was there; below zero when it never was.
    package var appeared: Double
    /// Seconds until the last version was there; below zero when it never was.
    package var replaced: Double
    /// Times that the file was missing or mixed of two versions while it was replaced.
    package var tears: Int

    package init(appeared: Double, replaced: Double, tears: Int) {
      self.appeared = appeared
      self.replaced = replaced
      self.tears = tears
    }
  }

  /// The directory.
  package var path: String
  /// Why rank 0 cannot write; nil when it can.
  package var failure: String?
  /// Bytes that are free; nil when the file system does not tell.
  package var free: Int?
  /// Bytes of the checkpoints that are there.
  package var checkpointBytes: Int
  /// By rank; empty when rank 0 cannot write.
  package var sights: [Sight]
  /// The process that trains into the directory, if one does.
  package var holder: Holder?

  /// A process that has taken a directory.
  package struct Holder: Sendable, Equatable {
    /// What it is.
    package var description: String
    /// Whether it certainly runs; on another machine it may have ended.
    package var runs: Bool

    package init(description: String, runs: Bool) {
      self.description = description
      self.runs = runs
    }
  }

  package init(
    path: String, failure: String?, free: Int?, checkpointBytes: Int, sights: [Sight], holder: Holder? = nil
  ) {
    self.holder = holder
    self.path = path
    self.failure = failure
    self.free = free
    self.checkpointBytes = checkpointBytes
    self.sights = sights
  }

  private static let versions: UInt8 = 10
  private static let count = 1 << 16
  private static let patience = 5.0

  /// Tries a directory, which may not exist yet, and leaves it as it was. Collective.
  package init(trying path: String, job: Job) throws {
    let communicator = job.communicator
    let isRoot = communicator.isRoot
    job.board.enter("writing into \(path)", waitsForOthers: !isRoot)
    let name = try communicator.broadcast("\(path)/.multibox-doctor-\(getpid())")
    let made = isRoot ? Self.missingDirectories(path) : []
    var failure =
      isRoot
      ? Self.failure {
        try Directory.create(path); try Self.write(0, to: name)
      } : nil
    defer {
      if isRoot {
        try? Directory.remove(name)
        for directory in made { rmdir(directory) }
      }
    }
    var (free, checkpointBytes): (Int?, Int) = (nil, 0)
    if isRoot {
      var status = statvfs()
      if statvfs(path, &status) == 0, status.f_blocks > 0 { free = Int(status.f_bavail) * Int(status.f_frsize) }
      checkpointBytes = Self.bytes(ofCheckpointsIn: path + "/checkpoints")
    }
    var isWritten = failure == nil
    try communicator.broadcast(&isWritten, from: 0)
    var sights: [Sight] = []
    if isWritten {
      // Nobody looks before the file is there: systems remember for long that a name was missing.
      let reader = DirectoryReader(name: name, versions: Self.versions, count: Self.count, patience: Self.patience)
      let appeared = reader.waitUntilThere(job.board)
      try communicator.barrier()
      var sight = Sight(appeared: appeared, replaced: -1, tears: 0)
      if isRoot {
        failure = Self.failure { for version in 1...Self.versions { try Self.write(version, to: name) } }
      }
      if appeared >= 0 { (sight.replaced, sight.tears) = reader.watchReplacements(job.board) }
      sights = try communicator.allGather(sight)
    }
    self.init(
      path: path, failure: failure, free: free, checkpointBytes: checkpointBytes, sights: sights,
      holder: isRoot
        ? RunLock.holder(of: path, seenBy: RunLockOwner(job: LaunchEnvironment().schedulerJob)).map {
          Holder(description: $0.description, runs: $1)
        } : nil)
  }

  private static func write(_ version: UInt8, to path: String) throws(FileError) {
    try AtomicFile.replace(path, with: [UInt8](repeating: version, count: count))
  }

  private static func failure(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch {
      return "\(error)"
    }
  }

  /// The directories that making `path` would make, innermost first.
  private static func missingDirectories(_ path: String) -> [String] {
    var url = URL(fileURLWithPath: path)
    var missing: [String] = []
    while !FileManager.default.fileExists(atPath: url.path), url.path != "/" {
      missing.append(url.path)
      url.deleteLastPathComponent()
    }
    return missing
  }

  private static func bytes(ofCheckpointsIn directory: String) -> Int {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return names.filter { $0.hasPrefix("iteration-") && $0.hasSuffix(".safetensors") }.reduce(0) { sum, name in
      var status = stat()
      return sum + (stat("\(directory)/\(name)", &status) == 0 ? Int(status.st_size) : 0)
    }
  }
}

/// Looks at a file that another rank writes.
private struct DirectoryReader {
  let name: String
  let versions: UInt8
  let count: Int
  let patience: Double

  /// Seconds until the first version can be read; −1 when it never can.
  func waitUntilThere(_ board: PhaseBoard) -> Double {
    wait(board) { _ in version != nil }.seconds
  }

  /// Seconds until the last version is there, −1 when it never is, and how often there was no whole version.
  func watchReplacements(_ board: PhaseBoard) -> (seconds: Double, tears: Int) {
    wait(board) { tears in
      guard let version else {
        tears += 1
        return false
      }
      return version == versions
    }
  }

  private func wait(_ board: PhaseBoard, until isDone: (inout Int) -> Bool) -> (seconds: Double, tears: Int) {
    let start = ContinuousClock.now
    var tears = 0
    while true {
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      if isDone(&tears) { return (seconds, tears) }
      if seconds > patience { return (-1, tears) }
      board.progress()
      Thread.sleep(forTimeInterval: 0.001)
    }
  }

  /// The version in the file; nil when it is missing or not of one version.
  private var version: UInt8? {
    guard let bytes = try? FileContent.bytes(of: name), bytes.count == count, let first = bytes.first,
      bytes.allSatisfy({ $0 == first })
    else { return nil }
    return first
  }
}
