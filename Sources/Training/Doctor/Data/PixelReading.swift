import Datasets
import Dispatch
import Foundation
import Images
import MessagePassing
import Synchronization

/// What became of reading image files to their end: which cannot be decoded, and a hash of each.
///
/// The ranks share the files.
struct PixelReading {
  /// Images that cannot be decoded.
  let troubles: [Trouble]
  private let files: [String]
  /// A hash of the bytes of each file; 0 for one that cannot be read. Rank 0 has all, others have none.
  private let hashes: [UInt64]

  /// What a rank found in its share.
  private struct Share: Codable {
    var broken = Trouble(.brokenImage, count: 0, lines: [])
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
    let bytes = try job.communicator.gather(Array(JSONEncoder().encode(share)), to: 0)
    let shares = try bytes.map { try JSONDecoder().decode(Share.self, from: Data($0)) }
    let broken = shares.map(\.broken).filter { $0.count > 0 }
    if broken.isEmpty {
      troubles = []
    } else {
      let lines = broken.flatMap(\.lines).prefix(FaultLog.linesPerKind)
      troubles = [Trouble(.brokenImage, count: broken.reduce(0) { $0 + $1.count }, lines: Array(lines))]
    }
    hashes = shares.flatMap(\.hashes)
  }

  private static func read(_ files: ArraySlice<String>, limit: ImageLimit, board: PhaseBoard) -> Share {
    let results = Mutex([(hash: UInt64, fault: String?)](repeating: (0, nil), count: files.count))
    DispatchQueue.concurrentPerform(iterations: files.count) { index in
      let file = files[files.startIndex + index]
      board.enter("decoding \(file)")
      let result = read(file, limit: limit)
      results.withLock { $0[index] = result }
    }
    let all = results.withLock { $0 }
    let faults = all.compactMap(\.fault)
    return Share(
      broken: Trouble(.brokenImage, count: faults.count, lines: Array(faults.prefix(FaultLog.linesPerKind))),
      hashes: all.map(\.hash))
  }

  private static func read(_ file: String, limit: ImageLimit) -> (hash: UInt64, fault: String?) {
    do {
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
      var hash = ContentHash()
      bytes.withUnsafeBytes { hash.add($0) }
      do {
        // All bits of the file are read, however small the picture becomes.
        _ = try ReducedImage(decoding: bytes, path: file, reduction: 8, limit: limit)
      } catch {
        return (hash.value, "\(error)")
      }
      return (hash.value, nil)
    } catch {
      return (0, "\(file): \(error.localizedDescription)")
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
