import Files
import Foundation
import Images
import Threads

/// Images of 16 bits a sample that use so few of them that they are read as nearly black.
extension DatasetError {
  /// What is to be said of such an image; nothing of other files.
  ///
  /// - Parameters:
  ///   - bytes: the file, when it has been read already.
  ///   - limit: the most pixels that it may have.
  package init?(darkImage path: String, bytes: [UInt8]? = nil, limit: ImageLimit) {
    guard let bytes = bytes ?? (try? FileContent.bytes(of: path)),
      let samples = DarkSamples(ofPNG: bytes, limit: limit)
    else { return nil }
    let bits = Int.bitWidth - samples.largest.leadingZeroBitCount
    let remedy = samples.isOpaque ? ", or state theirs in an sBIT chunk" : ""
    self.init(
      file: path,
      reason:
        "has 16 bits a sample but \(samples.hasExceptions ? "hardly any" : "none") above \(samples.largest) of 65535, "
        + "as samples of \(bits) bits are: it is read as nearly black; scale the samples to 16 bits\(remedy)")
  }

  /// The first of such images with the number of the others; nothing when there are none.
  ///
  /// - Parameters:
  ///   - paths: image files of any kind; only the samples of those with 16 bits are looked at.
  ///   - limit: the most pixels that one may have.
  ///   - willRead: called now and then with the path of a file that is about to be opened.
  package static func darkImages(
    among paths: [String], limit: ImageLimit, willRead: (String) -> Void = { _ in }
  ) -> DatasetError? {
    var dark = FaultTally()
    for start in stride(from: 0, to: paths.count, by: 64) {
      let part = paths[start..<min(start + 64, paths.count)]
      willRead(part[start])
      let errors = Monitor([DatasetError?](repeating: nil, count: part.count))
      DispatchQueue.concurrentPerform(iterations: part.count) { index in
        let path = part[start + index]
        guard let header = try? ImageHeader(ofFile: path, limit: limit), header.bitDepth > 8 else { return }
        let error = DatasetError(darkImage: path, limit: limit)
        errors.withLock { $0[index] = error }
      }
      for case let error? in errors.withLock({ $0 }) { dark.add(.darkImage, error) }
    }
    return dark.messages.first?.error
  }
}
