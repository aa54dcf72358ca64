import Foundation

/// A file that appears under its name complete and durable, or not at all.
///
/// Bytes go to a hidden temporary file in the same directory. ``commit()`` flushes it to the disk, renames it over the
/// target and flushes the directory. Until then, and after any error, a file that had the name before is untouched; an
/// uncommitted temporary is removed with the object. What a killed process leaves behind, ``removeStale(in:)`` removes.
///
/// Of a symbolic link the file it leads to is replaced. A device or a pipe, as `/dev/stdout`, stays what it is: bytes go
/// there at once.
///
/// Writing beyond the process's file size limit raises `SIGXFSZ`; a program that wants the error instead ignores the signal.
package final class AtomicFile {
  private static let temporarySuffix = ".partial"

  /// The name the file will have.
  package let path: String
  private let target: Target
  private let isDurable: Bool
  private let calls: any SystemCalls
  private var descriptor: Descriptor?
  private var isCommitted = false

  /// Where bytes go.
  private enum Target {
    case device
    case file(String, directory: String, temporary: String)

    /// - Throws: ``FileError`` for a directory and for links that lead nowhere.
    init(_ path: String) throws(FileError) {
      var status = stat()
      if stat(path, &status) == 0 {
        switch status.st_mode & S_IFMT {
        case S_IFDIR: throw FileError(path, "a directory; a file is to be written")
        case S_IFREG where !path.hasPrefix("/dev/") && !path.hasPrefix("/proc/"): break
        default:
          self = .device
          return
        }
      }
      let file = URL(fileURLWithPath: try Self.destination(of: path))
      let directory = file.deletingLastPathComponent().path
      self = .file(
        file.path, directory: directory,
        temporary: "\(directory)/.\(file.lastPathComponent).\(getpid())\(AtomicFile.temporarySuffix)")
    }

    /// The end of a chain of symbolic links, which need not exist.
    private static func destination(of path: String) throws(FileError) -> String {
      var path = path
      for _ in 0..<40 {
        guard let link = try? FileManager.default.destinationOfSymbolicLink(atPath: path) else { return path }
        path = link.hasPrefix("/") ? link : URL(fileURLWithPath: path).deletingLastPathComponent().path + "/" + link
      }
      throw FileError(path, cannot: "follow the symbolic link", errorNumber: ELOOP)
    }
  }

  /// Creates the temporary file.
  ///
  /// - Parameter isDurable: whether the file is flushed to the disk before it gets its name, without which a failure of the power may
  ///   leave it empty. It takes the time of some writes to a disk.
  package init(_ path: String, isDurable: Bool = true, calls: any SystemCalls = LinuxCalls()) throws(FileError) {
    self.path = path
    self.isDurable = isDurable
    self.calls = calls
    target = try Target(path)
    switch target {
    case .device:
      descriptor = try Descriptor(path, O_WRONLY | O_TRUNC, cannot: "open for writing", calls: calls)
    case .file(_, let directory, let temporary):
      descriptor = try Descriptor(
        temporary, O_WRONLY | O_CREAT | O_TRUNC, named: path, cannot: "create a file in \(directory)", calls: calls)
    }
  }

  /// Finds out before long work whether a file can be written, without a trace.
  ///
  /// - Throws: ``FileError`` when it is a directory, or its directory does not exist or cannot be written to.
  package static func requireWritable(_ path: String) throws(FileError) {
    switch try Target(path) {
    case .device:
      if access(path, W_OK) != 0 { throw FileError(path, cannot: "open for writing", errorNumber: errno) }
    case .file(_, let directory, _):
      if access(directory, W_OK | X_OK) != 0 {
        throw FileError(path, cannot: "create a file in \(directory)", errorNumber: errno)
      }
    }
  }

  /// Throws when the disk has no room for so many bytes. A file system that does not tell its size passes.
  package func requireSpace(_ byteCount: Int) throws(FileError) {
    guard case .file(_, let directory, _) = target else { return }
    var status = statvfs()
    guard statvfs(directory, &status) == 0, status.f_blocks > 0 else { return }
    let free = Int(status.f_bavail) * Int(status.f_frsize)
    if free < byteCount {
      throw FileError(
        path, cannot: "write \(byteCount) bytes where \(free) are free", errorNumber: ENOSPC)
    }
  }

  /// Whether what was written can still be replaced, as it cannot in a pipe.
  package var canRewrite: Bool {
    if case .file = target { true } else { false }
  }

  private var opened: Descriptor {
    guard let descriptor else { preconditionFailure("\(path) is committed already") }
    return descriptor
  }

  /// Appends bytes.
  package func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    try opened.write(bytes)
  }

  /// Appends text as UTF-8.
  package func write(_ text: String) throws(FileError) {
    try write(Array(text.utf8))
  }

  /// Appends bytes.
  package func write(_ bytes: [UInt8]) throws(FileError) {
    try opened.write(bytes)
  }

  /// Replaces bytes that were written.
  ///
  /// - Precondition: ``canRewrite``.
  package func rewrite(_ bytes: [UInt8], at offset: Int) throws(FileError) {
    precondition(canRewrite, "\(path) is no file: what was written there is gone")
    try opened.write(bytes, at: offset)
  }

  /// Makes the file durable and gives it its name.
  ///
  /// - Precondition: not committed before.
  package func commit() throws(FileError) {
    let descriptor = opened
    self.descriptor = nil
    guard case .file(let file, let directory, let temporary) = target else { return try descriptor.close() }
    if isDurable { try descriptor.flush() }
    try descriptor.close()
    try FileError.naming(path, cannot: "rename \(temporary)") { () throws(SystemError) in
      try calls.rename(temporary, to: file)
    }
    isCommitted = true
    if isDurable { try Directory.flush(directory, naming: path, calls: calls) }
  }

  deinit {
    if !isCommitted, case .file(_, _, let temporary) = target { try? Directory.remove(temporary, calls: calls) }
  }

  /// Writes a whole file.
  package static func replace(
    _ path: String, with bytes: [UInt8], isDurable: Bool = true, calls: any SystemCalls = LinuxCalls()
  ) throws(FileError) {
    let file = try AtomicFile(path, isDurable: isDurable, calls: calls)
    try file.write(bytes)
    try file.commit()
  }

  /// Writes a whole text file.
  package static func replace(
    _ path: String, with text: String, isDurable: Bool = true, calls: any SystemCalls = LinuxCalls()
  ) throws(FileError) {
    try replace(path, with: Array(text.utf8), isDurable: isDurable, calls: calls)
  }

  /// Makes `path` another name of an existing file of the same directory, or of a copy of it where the file system has one name a file.
  package static func replace(
    _ path: String, withFile existing: String, calls: any SystemCalls = LinuxCalls()
  ) throws(FileError) {
    let url = URL(fileURLWithPath: path)
    let directory = url.deletingLastPathComponent().path
    let temporary = "\(directory)/.\(url.lastPathComponent).\(getpid())\(temporarySuffix)"
    try? Directory.remove(temporary, calls: calls)
    do throws(FileError) {
      try FileError.naming(path, cannot: "link") { () throws(SystemError) in try calls.link(existing, as: temporary) }
    } catch {
      return try copy(existing, to: path, calls: calls)
    }
    // Where both are names of one file already, rename leaves both.
    defer { try? Directory.remove(temporary, calls: calls) }
    try FileError.naming(path, cannot: "rename \(temporary)") { () throws(SystemError) in
      try calls.rename(temporary, to: path)
    }
    try Directory.flush(directory, naming: path, calls: calls)
  }

  private static func copy(_ existing: String, to path: String, calls: any SystemCalls) throws(FileError) {
    let source = try Descriptor(existing, calls: calls)
    let file = try AtomicFile(path, calls: calls)
    try source.forEachPiece { (piece) throws(FileError) in try file.write(piece) }
    try file.commit()
  }

  /// Whether two paths are names of one file that exists.
  package static func isSame(_ path: String, _ other: String) -> Bool {
    var (first, second) = (stat(), stat())
    return stat(path, &first) == 0 && stat(other, &second) == 0 && first.st_dev == second.st_dev
      && first.st_ino == second.st_ino
  }

  /// Removes the temporaries that killed processes left in a directory. No other process may be writing there.
  package static func removeStale(in directory: String) throws(FileError) {
    for name in try Directory.fileNames(in: directory) where name.hasPrefix(".") && name.hasSuffix(temporarySuffix) {
      try Directory.remove("\(directory)/\(name)")
    }
  }
}
