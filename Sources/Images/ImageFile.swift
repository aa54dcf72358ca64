import Foundation

/// Picture files as bytes: reading, telling the format, and replacing in one step.
enum ImageFile {
  enum Format { case jpeg, png }

  /// The first `count` bytes of a file, or all of them.
  static func read(_ path: String, upToCount count: Int = .max) throws -> [UInt8] {
    do {
      let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
      defer { try? handle.close() }
      let data = count == .max ? try handle.readToEnd() : try handle.read(upToCount: count)
      return [UInt8](data ?? Data())
    } catch {
      throw ImageError(path: path, fileSystem: error)
    }
  }

  /// Writes beside the file and renames, so that nobody sees half a picture.
  static func write(_ bytes: [UInt8], to path: String) throws {
    do {
      try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw ImageError(path: path, fileSystem: error, isFromWriting: true)
    }
  }

  /// Tells JPEG from PNG by the signature.
  static func format(of bytes: [UInt8], path: String) throws -> Format {
    if bytes.isEmpty { throw ImageError(path: path, reason: "the file is empty") }
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return .jpeg }
    if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return .png }
    throw ImageError(path: path, reason: "neither a JPEG nor a PNG file")
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
