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
  private var descriptor: Int32
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
  package init(_ path: String) throws(FileError) {
    self.path = path
    target = try Target(path)
    switch target {
    case .device:
      descriptor = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC)
      if descriptor < 0 { throw FileError(path, cannot: "open for writing", errorNumber: errno) }
    case .file(_, let directory, let temporary):
      descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
      if descriptor < 0 {
        throw FileError(path, cannot: "create a file in \(directory)", errorNumber: errno)
      }
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

  /// Refuses to begin what the disk has no room for. A file system that does not tell its size is believed to have room.
  package func requireSpace(_ byteCount: Int) throws(FileError) {
    guard case .file = target else { return }
    var status = statvfs()
    guard fstatvfs(descriptor, &status) == 0, status.f_blocks > 0 else { return }
    let free = Int(status.f_bavail) * Int(status.f_frsize)
    if free < byteCount {
      throw FileError(
        path, cannot: "write \(byteCount) bytes where \(free) are free", errorNumber: ENOSPC)
    }
  }

  /// Appends bytes.
  package func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    try bytes.write(to: descriptor, path: path)
  }

  /// Appends text as UTF-8.
  package func write(_ text: String) throws(FileError) {
    try write(Array(text.utf8))
  }

  /// Appends bytes.
  package func write(_ bytes: [UInt8]) throws(FileError) {
    try bytes.withUnsafeBufferPointer { (buffer) throws(FileError) in try write(UnsafeRawBufferPointer(buffer)) }
  }

  /// Makes the file durable and gives it its name.
  ///
  /// - Precondition: not committed before.
  package func commit() throws(FileError) {
    precondition(!isCommitted, "\(path) is committed twice")
    if case .file = target, fsync(descriptor) != 0 {
      throw FileError(path, cannot: "flush to the disk", errorNumber: errno)
    }
    let closed = close(descriptor)
    descriptor = -1
    // Linux has closed the descriptor even when it reports an interruption.
    if closed != 0 && errno != EINTR {
      throw FileError(path, cannot: "close", errorNumber: errno)
    }
    isCommitted = true
    guard case .file(let file, let directory, let temporary) = target else { return }
    if rename(temporary, file) != 0 {
      let code = errno
      unlink(temporary)
      throw FileError(path, cannot: "rename \(temporary)", errorNumber: code)
    }
    try Directory.flush(directory)
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    if !isCommitted, case .file(_, _, let temporary) = target { unlink(temporary) }
  }

  /// Writes a whole text file.
  package static func replace(_ path: String, with text: String) throws(FileError) {
    let file = try AtomicFile(path)
    try file.write(text)
    try file.commit()
  }

  /// Makes `path` another name of an existing file of the same directory, or of a copy of it where the file system has one name a file.
  package static func replace(_ path: String, withFile existing: String) throws(FileError) {
    let url = URL(fileURLWithPath: path)
    let directory = url.deletingLastPathComponent().path
    let temporary = "\(directory)/.\(url.lastPathComponent).\(getpid())\(temporarySuffix)"
    unlink(temporary)
    guard link(existing, temporary) == 0 else { return try copy(existing, to: path) }
    guard rename(temporary, path) == 0 else {
      let code = errno
      unlink(temporary)
      throw FileError(path, cannot: "rename \(temporary)", errorNumber: code)
    }
    // Where both are names of one file already, rename leaves both.
    unlink(temporary)
    try Directory.flush(directory)
  }

  private static func copy(_ existing: String, to path: String) throws(FileError) {
    let source = open(existing, O_RDONLY | O_CLOEXEC)
    if source < 0 { throw FileError(existing, cannot: "open", errorNumber: errno) }
    defer { close(source) }
    let file = try AtomicFile(path)
    var piece = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = read(source, &piece, piece.count)
      if count < 0 && errno == EINTR { continue }
      if count < 0 { throw FileError(existing, cannot: "read", errorNumber: errno) }
      if count == 0 { break }
      try file.write(Array(piece[..<count]))
    }
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
      if unlink("\(directory)/\(name)") != 0 {
        throw FileError("\(directory)/\(name)", cannot: "remove", errorNumber: errno)
      }
    }
  }
}

extension UnsafeRawBufferPointer {
  /// Writes all bytes to an open file, in one system call unless it takes fewer.
  package func write(to descriptor: Int32, path: String) throws(FileError) {
    var rest = self[...]
    while !rest.isEmpty {
      let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if written < 0 && errno == EINTR { continue }
      if written <= 0 {
        throw FileError(path, cannot: "write \(rest.count) bytes", errorNumber: written < 0 ? errno : EIO)
      }
      rest = rest.dropFirst(written)
    }
  }
}
