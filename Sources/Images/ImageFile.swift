import Files
import Foundation

/// Image files as bytes: reading, telling the format, and replacing in one step.
enum ImageFile {
  enum Format { case jpeg, png }

  /// The first `count` bytes of a file, or all of them.
  static func read(_ path: String, upToCount count: Int = .max) throws -> [UInt8] {
    do {
      return try FileContent.bytes(of: path, upTo: count)
    } catch {
      throw ImageError(path: path, reason: fileSystemReason(of: error))
    }
  }

  /// Writes beside the file and renames, so that nobody sees half an image. It can be drawn again, and is not flushed to the disk.
  static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
    try AtomicFile.replace(path, with: bytes, isDurable: false)
  }

  /// Tells JPEG from PNG by the signature.
  static func format(of bytes: [UInt8], path: String) throws -> Format {
    let signature = FileSignature(bytes, name: path)
    switch signature {
    case .jpeg: return .jpeg
    case .png: return .png
    case .empty: throw ImageError(path: path, reason: "the file is empty")
    case let found? where found.isImage:
      let tool = found == .heic || found == .avif ? "heif-convert FILE FILE.jpg" : "mogrify -format png FILE"
      throw ImageError(
        path: path, reason: "\(found.rawValue); only JPEG and PNG are read: convert it, as by '\(tool)'")
    case let found?:
      let remedy = found.remedy.map { ": \($0)" } ?? ""
      throw ImageError(path: path, reason: "neither a JPEG nor a PNG file but \(found.rawValue)\(remedy)")
    case nil: throw ImageError(path: path, reason: "neither a JPEG nor a PNG file")
    }
  }

  /// Refuses dimensions that are not positive or exceed the limits.
  static func check(
    width: Int, height: Int, limit: ImageLimit, path: String
  ) throws -> (width: Int, height: Int) {
    let sides = 1...Image.largestSide
    guard sides.contains(width), sides.contains(height) else {
      throw ImageError(
        path: path,
        reason: "the header says \(width)×\(height) pixels; allowed are 1 to \(Image.largestSide) a side")
    }
    guard width * height <= limit.pixelCount else {
      throw ImageError(path: path, reason: "the header says \(width)×\(height) pixels; \(limit)")
    }
    return (width, height)
  }

  /// Refuses dimensions that the file is too short for, before memory is taken for them.
  ///
  /// - Parameter pixelsPerByte: the most that the format can put into a byte.
  static func check(width: Int, height: Int, pixelsPerByte: Int, in bytes: [UInt8], path: String) throws {
    guard width * height <= pixelsPerByte * bytes.count else {
      throw ImageError(
        path: path, reason: "the header says \(width)×\(height) pixels, more than \(bytes.count) bytes can hold")
    }
  }
}
