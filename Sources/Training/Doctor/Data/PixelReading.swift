import Datasets
import Dispatch
import Foundation
import Images
import MessagePassing
import Synchronization

/// What became of reading every image of a split to its end: which cannot be decoded, and a hash of each file.
///
/// The ranks share the images.
struct PixelReading {
  /// Images that cannot be decoded.
  let troubles: [Trouble]
  /// A hash of the bytes of each image file, in the order of the split; 0 for one that cannot be read. Rank 0 has all,
  /// others have none.
  let hashes: [UInt64]

  /// What a rank found in its share.
  private struct Share: Codable {
    var broken = Trouble(.brokenImage, count: 0, lines: [])
    var hashes: [UInt64]
  }

  /// Decodes the images. Collective; the result is complete at rank 0.
  init(_ dataset: Dataset, job: Job) throws {
    let own = WorkDivision(job.communicator).share(of: dataset.images.count)
    let share = Self.read(dataset.images[own], board: job.board)
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

  private static func read(_ images: ArraySlice<AnnotatedImage>, board: PhaseBoard) -> Share {
    let results = Mutex([(hash: UInt64, fault: String?)](repeating: (0, nil), count: images.count))
    DispatchQueue.concurrentPerform(iterations: images.count) { index in
      let image = images[images.startIndex + index]
      board.enter("decoding \(image.imagePath)")
      let result = read(image)
      results.withLock { $0[index] = result }
    }
    let all = results.withLock { $0 }
    let faults = all.compactMap(\.fault)
    return Share(
      broken: Trouble(.brokenImage, count: faults.count, lines: Array(faults.prefix(FaultLog.linesPerKind))),
      hashes: all.map(\.hash))
  }

  private static func read(_ image: AnnotatedImage) -> (hash: UInt64, fault: String?) {
    do {
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: image.imagePath)))
      var hash = ContentHash()
      bytes.withUnsafeBytes { hash.add($0) }
      do {
        // All bits of the file are read, however small the picture becomes.
        _ = try ReducedImage(decoding: bytes, path: image.imagePath, reduction: 8)
      } catch {
        return (hash.value, "\(error)")
      }
      return (hash.value, nil)
    } catch {
      return (0, "\(image.imagePath): \(error.localizedDescription)")
    }
  }

  /// Images that are there more than once within a split, or in both.
  static func sharedContent(
    _ training: (dataset: Dataset, reading: PixelReading), _ evaluation: (dataset: Dataset, reading: PixelReading)?
  ) -> [Trouble] {
    func log(_ body: (inout FaultLog) -> Void) -> [Trouble] {
      var log = FaultLog(.listAll)
      body(&log)
      return Trouble.all(log)
    }
    var first: [UInt64: AnnotatedImage] = [:]
    let same = log { log in
      for (image, hash) in zip(training.dataset.images, training.reading.hashes) where hash != 0 {
        if let other = first[hash] {
          let reason = "has the same content as \(other.imagePath)"
          try? log.note(.sameContent, DatasetError(file: image.imagePath, reason: reason))
        } else {
          first[hash] = image
        }
      }
    }
    guard let evaluation else { return same }
    return same
      + log { log in
        for (image, hash) in zip(evaluation.dataset.images, evaluation.reading.hashes) where hash != 0 {
          guard let other = first[hash] else { continue }
          let reason =
            other.imagePath == image.imagePath
            ? "is in both splits"
            : "is evaluated on and has the same content as \(other.imagePath), which is trained on"
          try? log.note(.sharedContent, DatasetError(file: image.imagePath, reason: reason))
        }
      }
  }
}
