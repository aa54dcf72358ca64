import Files
import Foundation

/// Frames of a video, decoded by the program ffmpeg, which is looked for when it is needed.
package final class VideoReader {
  /// Endings of names that are taken for videos.
  package static let extensions: Set = ["mp4", "mov", "avi", "mkv", "webm", "m4v", "mpg", "mpeg", "wmv", "ts"]

  private let path: String
  private let process: Process
  private let output: FileHandle
  private var buffer = Data()

  /// Whether a path has the name of a video.
  package static func isVideo(_ path: String) -> Bool {
    extensions.contains(URL(fileURLWithPath: path).pathExtension.lowercased())
  }

  /// Starts to decode.
  ///
  /// - Throws: `ImageError` when there is no such file, or no ffmpeg.
  package init(_ path: String) throws {
    self.path = path
    guard FileManager.default.isReadableFile(atPath: path) else {
      throw ImageError(path: path, reason: "no such file, or not readable")
    }
    process = try FFmpeg.process(
      "ffmpeg",
      ["-nostdin", "-v", "error", "-i", "file:" + path, "-f", "image2pipe", "-c:v", "ppm", "-pix_fmt", "rgb24", "-"],
      for: path)
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardInput = FileHandle.nullDevice
    output = pipe.fileHandleForReading
    do {
      try process.run()
    } catch {
      throw ImageError(path: path, reason: "ffmpeg cannot be started: \(error.localizedDescription)")
    }
  }

  deinit {
    if process.isRunning { process.terminate() }
    try? output.close()
  }

  /// The next frame, turned as the video says; nil at the end.
  ///
  /// - Throws: `ImageError` when ffmpeg fails; it has said why on standard error.
  package func next() throws -> Image? {
    guard let kind = try word() else {
      process.waitUntilExit()
      guard process.terminationStatus == 0 else {
        throw ImageError(path: path, reason: "ffmpeg cannot decode it and ended with \(process.terminationStatus)")
      }
      return nil
    }
    guard kind == "P6", let width = try word().flatMap({ Int($0) }), let height = try word().flatMap({ Int($0) }),
      try word() == "255", (1...Image.largestSide).contains(width), (1...Image.largestSide).contains(height)
    else { throw ImageError(path: path, reason: "ffmpeg has sent something else than frames") }
    guard let pixels = try bytes(width * height * 3) else {
      throw ImageError(path: path, reason: "ends within a frame")
    }
    return Image(width: width, height: height, pixels: [UInt8](pixels))
  }

  /// Text up to a single white space, which is taken too; nil at the end.
  private func word() throws -> String? {
    var text: [UInt8] = []
    while let byte = try bytes(1)?.first {
      if byte == 0x20 || byte == 0x0A { return String(decoding: text, as: UTF8.self) }
      text.append(byte)
      if text.count > 16 { break }
    }
    return text.isEmpty ? nil : String(decoding: text, as: UTF8.self)
  }

  private func bytes(_ count: Int) throws -> Data? {
    while buffer.count < count {
      guard let more = try output.read(upToCount: max(1 << 16, count - buffer.count)), !more.isEmpty else { return nil }
      buffer.append(more)
    }
    defer { buffer.removeFirst(count) }
    return buffer.prefix(count)
  }
}

/// Encodes frames as a video by the program ffmpeg. The file appears complete or not at all.
package final class VideoWriter {
  private let path: String
  private let temporary: String
  private let process: Process
  private let input: FileHandle
  private var isDone = false

  /// Starts to encode.
  ///
  /// - Parameter framesPerSecond: as of the video that the frames are of, "25/1".
  /// - Throws: `ImageError` when there is no ffmpeg.
  package init(_ path: String, framesPerSecond: String) throws {
    self.path = path
    let url = URL(fileURLWithPath: path)
    temporary = url.deletingLastPathComponent().path + "/.\(getpid()).partial.\(url.lastPathComponent)"
    process = try FFmpeg.process(
      "ffmpeg",
      [
        "-y", "-v", "error", "-f", "image2pipe", "-c:v", "ppm", "-framerate", framesPerSecond, "-i", "-", "-vf",
        "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-pix_fmt", "yuv420p", "file:" + temporary,
      ], for: path)
    let pipe = Pipe()
    process.standardInput = pipe
    process.standardOutput = FileHandle.nullDevice
    input = pipe.fileHandleForWriting
    do {
      try process.run()
    } catch {
      throw ImageError(path: path, reason: "ffmpeg cannot be started: \(error.localizedDescription)")
    }
  }

  deinit {
    guard !isDone else { return }
    if process.isRunning { process.terminate() }
    try? FileManager.default.removeItem(atPath: temporary)
  }

  /// Appends a frame; all have one size.
  ///
  /// - Throws: `ImageError` when ffmpeg has ended.
  package func append(_ image: Image) throws {
    do {
      try input.write(contentsOf: Data("P6 \(image.width) \(image.height) 255\n".utf8) + Data(image.pixels))
    } catch {
      throw ImageError(path: path, reason: "ffmpeg takes no more frames: \(error.localizedDescription)")
    }
  }

  /// Completes the file.
  ///
  /// - Throws: `ImageError` when ffmpeg failed, `FileError` when the file cannot get its name.
  package func finish() throws {
    try? input.close()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw ImageError(path: path, reason: "ffmpeg cannot write it and ended with \(process.terminationStatus)")
    }
    try Directory.rename(temporary, to: path)
    isDone = true
  }
}

/// The programs that decode and encode videos.
package enum FFmpeg {
  /// How fast the frames of a video follow, "30000/1001"; 25 where it does not say.
  package static func framesPerSecond(of path: String) throws -> String {
    let process = try process(
      "ffprobe",
      [
        "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=avg_frame_rate", "-of", "csv=p=0",
        "file:" + path,
      ], for: path)
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let rate = text.trimmingCharacters(in: .whitespacesAndNewlines)
    return rate.wholeMatch(of: #/[1-9]\d*\/[1-9]\d*/#) != nil ? rate : "25"
  }

  /// A program of ffmpeg that is to be started.
  ///
  /// - Throws: `ImageError` when it is in no directory of `PATH`.
  fileprivate static func process(_ name: String, _ arguments: [String], for path: String) throws -> Process {
    let directories = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    guard
      let program = directories.map({ "\($0)/\(name)" }).first(where: FileManager.default.isExecutableFile)
    else {
      throw ImageError(
        path: path,
        reason:
          "videos need the program \(name), which is in no directory of PATH: install ffmpeg, as by 'apt install ffmpeg'"
      )
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    return process
  }
}
