import Datasets
import Dispatch
import Files
import Foundation
import Images
import MessagePassing
import Threads
import Training

/// What became of reading image files to their end: which cannot be decoded or are nearly black, and a hash of each.
///
/// The ranks share the files.
struct PixelReading {
  /// Images that cannot be decoded, or are nearly black for the bits of their samples.
  let troubles: [Trouble]
  private let files: [String]
  /// A hash of the bytes of each file; 0 for one that cannot be read. Rank 0 has all, others have none.
  private let hashes: [UInt64]

  /// What a rank found in its share.
  private struct Share: Codable {
    var troubles: [Trouble]
    var hashes: [UInt64]
  }

  /// Decodes images, the same at all ranks. Collective; the result is complete at rank 0.
  ///
  /// - Parameter limit: the most pixels that an image may have.
  init(_ files: [String], limit: ImageLimit, job: Job) throws {
    self.files = files
    let own = WorkDivision(job.communicator).share(of: files.count)
    let share = Self.read(files[own], limit: limit, board: job.board)
    job.board.enter("waiting for other ranks to decode images", waitsForOthers: true)
    let bytes = try job.communicator.gather(Array(JSONEncoder().encode(share)))
    let shares = try bytes.map { try JSONDecoder().decode(Share.self, from: Data($0)) }
    troubles = [DatasetFault.Kind.brokenImage, .darkImage].compactMap { kind in
      let all = shares.flatMap(\.troubles).filter { $0.kind == kind }
      if all.isEmpty { return nil }
      let lines = all.flatMap(\.lines).prefix(FaultLog.linesPerKind)
      return Trouble(kind, count: all.reduce(0) { $0 + $1.count }, lines: Array(lines))
    }
    hashes = shares.flatMap(\.hashes)
  }

  private static func read(_ files: ArraySlice<String>, limit: ImageLimit, board: PhaseBoard) -> Share {
    let results = Monitor([Result](repeating: Result(hash: 0), count: files.count))
    DispatchQueue.concurrentPerform(iterations: files.count) { index in
      let file = files[files.startIndex + index]
      board.enter("decoding \(file)")
      let result = read(file, limit: limit)
      results.withLock { $0[index] = result }
    }
    let all = results.withLock { $0 }
    let troubles = [DatasetFault.Kind.brokenImage, .darkImage].compactMap { kind -> Trouble? in
      let lines = all.filter { $0.kind == kind }.map(\.fault)
      return lines.isEmpty
        ? nil : Trouble(kind, count: lines.count, lines: Array(lines.prefix(FaultLog.linesPerKind)))
    }
    return Share(troubles: troubles, hashes: all.map(\.hash))
  }

  /// What became of a file.
  private struct Result {
    let hash: UInt64
    /// What is wrong, if anything is.
    var kind: DatasetFault.Kind?
    var fault = ""
  }

  private static func read(_ file: String, limit: ImageLimit) -> Result {
    do {
      let bytes = try FileContent.bytes(of: file)
      let hash = ContentHash(ofFile: bytes)
      do {
        // All bits of the file are read, however small the image becomes.
        _ = try ReducedImage(decoding: bytes, path: file, reduction: 8, limit: limit)
      } catch {
        return Result(hash: hash.value, kind: .brokenImage, fault: "\(error)")
      }
      if let dark = DatasetError(darkImage: file, bytes: bytes, limit: limit) {
        return Result(hash: hash.value, kind: .darkImage, fault: "\(dark)")
      }
      return Result(hash: hash.value)
    } catch {
      return Result(hash: 0, kind: .brokenImage, fault: "\(file): \(fileSystemReason(of: error))")
    }
  }

  /// Images that are there more than once within a split, or in both.
  static func sharedContent(training: PixelReading, evaluation: PixelReading?) -> [Trouble] {
    func log(_ body: (inout FaultLog) -> Void) -> [Trouble] {
      var log = FaultLog(.listAll)
      body(&log)
      return Trouble.all(log)
    }
    var first: [UInt64: String] = [:]
    let same = log { log in
      for (file, hash) in zip(training.files, training.hashes) where hash != 0 {
        if let other = first[hash] {
          try? log.note(.sameContent, DatasetError(file: file, reason: "has the same content as \(other)"))
        } else {
          first[hash] = file
        }
      }
    }
    guard let evaluation else { return same }
    return same
      + log { log in
        for (file, hash) in zip(evaluation.files, evaluation.hashes) where hash != 0 {
          guard let other = first[hash] else { continue }
          let reason =
            other == file
            ? "is in both splits" : "is evaluated on and has the same content as \(other), which is trained on"
          try? log.note(.sharedContent, DatasetError(file: file, reason: reason))
        }
      }
  }
}
