import Foundation
import Images

/// Data that cannot be used: a broken annotation, a missing file, an unknown class.
public struct DatasetError: Error, Equatable, CustomStringConvertible {
  /// The file (or folder) at fault.
  public let file: String
  /// The line in `file`, counted from 1, where there is one.
  public let line: Int?
  /// The annotated object at fault, as the file's format counts or names it ("object 2"), where there is one.
  public let object: String?
  /// What is wrong, in words.
  public let reason: String

  /// Names the place and the reason.
  public init(file: String, line: Int? = nil, object: String? = nil, reason: String) {
    self.file = file
    self.line = line
    self.object = object
    self.reason = reason
  }

  /// `file:line: object: reason`, without the parts that are not known.
  public var description: String {
    let place = line.map { "\(file):\($0)" } ?? file
    return [place, object, reason].compactMap { $0 }.joined(separator: ": ")
  }
}

extension DatasetError {
  /// What is to be said of a PNG file of 16 bits that is read as nearly black; nothing of other files.
  ///
  /// - Parameters:
  ///   - bytes: the file, when it has been read already.
  ///   - limit: the most pixels that it may have.
  public init?(darkImage path: String, bytes: [UInt8]? = nil, limit: ImageLimit) {
    guard let bytes = bytes ?? (try? Data(contentsOf: URL(fileURLWithPath: path))).map({ [UInt8]($0) }),
      let largest = Image.largestSample(ofDarkPNG: bytes, limit: limit)
    else { return nil }
    let bits = Int.bitWidth - largest.leadingZeroBitCount
    self.init(
      file: path,
      reason: "has 16 bits a sample but none above \(largest) of 65535, as samples of \(bits) bits are: it is read as "
        + "nearly black; scale the samples to 16 bits, or state theirs in an sBIT chunk")
  }
}
