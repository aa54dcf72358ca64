import Configuration
import Files
import Foundation
import Logging
import ModelFiles

/// The copies of a run's state in the memory of this host: checkpoints in a file system that is memory, the two newest ones.
///
/// They outlive the processes of a job, not the host. One process of a host writes there at a time. The directory above belongs to the user
/// alone, because who writes there decides what is trained.
package struct MemoryDirectory: Sendable {
  /// The directory of this run.
  package let path: String
  /// The directory of this user.
  package let home: String
  private let logger: Logger
  package let calls: any SystemCalls

  /// - Parameters:
  ///   - base: the file system, as `/dev/shm`.
  ///   - run: the run directory, the same path for every start.
  package init(_ base: String, run: String, logger: Logger, calls: any SystemCalls = LinuxCalls()) {
    let hash = SHA256()
    Array(run.utf8).withUnsafeBytes { hash.update($0) }
    home = "\(base)/multibox-\(geteuid())"
    path = "\(home)/\(hash.finish().prefix(16))"
    self.logger = logger
    self.calls = calls
  }

  package var checkpoints: CheckpointDirectory { CheckpointDirectory(ofRun: path, logger: logger) }

  /// The iterations of which there is a copy, in order.
  package func iterations() throws(FileError) -> [Int] {
    guard checkpoints.exists else { return [] }
    try requireOwn()
    return try checkpoints.iterations()
  }

  /// The newest copy behind an iteration that is complete, of this history, and of a run that is configured alike; each that is not
  /// complete is logged.
  package func newest(after iteration: Int, history: String, _ configuration: Configuration) -> Checkpoint? {
    do throws(FileError) {
      for copy in try iterations().reversed() where copy > iteration {
        do throws(FileError) {
          if let checkpoint = try read(copy, history, configuration) { return checkpoint }
        } catch {
          logger.warning("ignoring a bad copy in the memory of this host: \(error)")
        }
      }
    } catch {
      logger.warning("copies in the memory of this host cannot be used: \(error)")
    }
    return nil
  }

  /// Nil for a copy of something else.
  private func read(
    _ iteration: Int, _ history: String, _ configuration: Configuration
  ) throws(FileError) -> Checkpoint? {
    let path = checkpoints.path(iteration: iteration)
    // The tensors need not be read to see whose they are.
    guard let metadata = try Checkpoint.Metadata(SafetensorsFile(path)) else {
      throw FileError(path, "holds no training state")
    }
    guard metadata.history == history, configuration.differences(from: metadata.configurationYAML).isEmpty else {
      return nil
    }
    guard metadata.iteration == iteration else { throw FileError(path, "holds iteration \(metadata.iteration)") }
    return try Checkpoint(resuming: path)
  }

  /// Removes all copies but that of one iteration, and what killed processes left; what stays is logged.
  package func remove(besides kept: Int? = nil) {
    guard checkpoints.exists else { return }
    do throws(FileError) {
      try requireOwn()
      try AtomicFile.removeStale(in: checkpoints.path)
      for copy in try checkpoints.iterations() where copy != kept {
        try Directory.remove(checkpoints.path(iteration: copy), calls: calls)
      }
    } catch {
      logger.warning("copies stay in the memory of this host: \(error)")
    }
    // With a copy inside they stay.
    for directory in [checkpoints.path, path] { rmdir(directory) }
  }

  /// Makes the directory, for this user alone.
  package func create() throws(FileError) {
    let base = URL(fileURLWithPath: home).deletingLastPathComponent().path
    try Directory.create(base)
    if mkdir(home, 0o700) != 0, errno != EEXIST {
      throw FileError(home, cannot: "create the directory", errorNumber: errno)
    }
    try requireOwn()
    try Directory.create(checkpoints.path)
  }

  /// Refuses a directory that others may write to: anybody may make one in `/dev/shm`.
  package func requireOwn() throws(FileError) {
    var status = stat()
    guard lstat(home, &status) == 0 else { throw FileError(home, cannot: "inspect", errorNumber: errno) }
    guard status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid(), status.st_mode & 0o022 == 0 else {
      throw FileError(home, "no directory that belongs to this user alone")
    }
  }
}
