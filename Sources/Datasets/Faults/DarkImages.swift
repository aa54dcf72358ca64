import Files
import Foundation
import Images
import Threads

/// Whether an image has 16 bits a sample and uses so few of them that it is read as nearly black.
struct DarkImage: Equatable {
  /// What is to be said of such an image; nothing of others.
  let reason: String?

  init(reason: String?) { self.reason = reason }

  /// Looks at the samples of a file of 16 bits.
  ///
  /// - Parameters:
  ///   - bytes: the file, when it has been read already.
  ///   - limit: the most pixels that it may have.
  init(_ path: String, bytes: [UInt8]? = nil, limit: ImageLimit) {
    guard let bytes = bytes ?? (try? FileContent.bytes(of: path)),
      let samples = DarkSamples(ofPNG: bytes, limit: limit)
    else {
      reason = nil
      return
    }
    let bits = Int.bitWidth - samples.largest.leadingZeroBitCount
    let remedy = samples.isOpaque ? ", or state theirs in an sBIT chunk" : ""
    reason =
      "has 16 bits a sample but \(samples.hasExceptions ? "hardly any" : "none") above \(samples.largest) of 65535, "
      + "as samples of \(bits) bits are: it is read as nearly black; scale the samples to 16 bits\(remedy)"
  }

  /// Looks at files of any kind, on all processors; only the samples of those with 16 bits are read.
  ///
  /// - Parameter willRead: called now and then with the path of a file that is about to be opened.
  static func all(_ paths: [String], limit: ImageLimit, willRead: (String) -> Void) -> [DarkImage] {
    var images: [DarkImage] = []
    for start in stride(from: 0, to: paths.count, by: 64) {
      let part = paths[start..<min(start + 64, paths.count)]
      willRead(part[start])
      let found = Monitor([DarkImage](repeating: DarkImage(reason: nil), count: part.count))
      DispatchQueue.concurrentPerform(iterations: part.count) { index in
        let path = part[start + index]
        guard let header = try? ImageHeader(ofFile: path, limit: limit), header.bitDepth > 8 else { return }
        let image = DarkImage(path, limit: limit)
        found.withLock { $0[index] = image }
      }
      images += found.withLock { $0 }
    }
    return images
  }

  /// The error of an image that is dark.
  func error(of path: String) -> DatasetError? { reason.map { DatasetError(file: path, reason: $0) } }
}

extension DatasetError {
  /// What is to be said of an image of 16 bits a sample that is read as nearly black; nothing of other files.
  ///
  /// - Parameters:
  ///   - bytes: the file.
  ///   - limit: the most pixels that it may have.
  package init?(darkImage path: String, bytes: [UInt8], limit: ImageLimit) {
    guard let error = DarkImage(path, bytes: bytes, limit: limit).error(of: path) else { return nil }
    self = error
  }

  /// The first of such images with the number of the others; nothing when there are none.
  ///
  /// - Parameters:
  ///   - paths: image files of any kind; only the samples of those with 16 bits are looked at.
  ///   - limit: the most pixels that one may have.
  package static func darkImages(among paths: [String], limit: ImageLimit) -> DatasetError? {
    darkImages(zip(paths, DarkImage.all(paths, limit: limit) { _ in }).map { $1.error(of: $0) })
  }

  /// The first of the errors of dark images with the number of the others; nothing when there are none.
  static func darkImages(_ errors: [DatasetError?]) -> DatasetError? {
    var dark = FaultTally()
    for case let error? in errors { dark.add(.darkImage, error) }
    return dark.messages.first?.error
  }
}
