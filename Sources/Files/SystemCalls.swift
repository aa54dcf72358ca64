import Foundation

/// The calls of the operating system by which files are read and written: where a test puts a disk that fails.
///
/// Each does one call, neither repeated when a signal interrupts it nor continued when it does less than it was asked for; whoever wants
/// that uses ``Descriptor`` and ``Directory``. Each throws the system's error number.
package protocol SystemCalls: Sendable {
  /// open(2); a file that is made may be read and written by all whom the umask does not exclude.
  func open(_ path: String, _ flags: Int32) throws(SystemError) -> Int32
  /// close(2). The descriptor is closed also when it throws.
  func close(_ descriptor: Int32) throws(SystemError)
  /// fstat(2).
  func status(of descriptor: Int32) throws(SystemError) -> stat
  /// read(2), or with an offset in bytes pread(2); how many bytes were read, 0 at the end.
  func read(_ descriptor: Int32, into bytes: UnsafeMutableRawBufferPointer, at offset: Int?) throws(SystemError) -> Int
  /// write(2), or with an offset in bytes pwrite(2); how many bytes were written.
  func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int?) throws(SystemError) -> Int
  /// fsync(2).
  func flush(_ descriptor: Int32) throws(SystemError)
  /// rename(2).
  func rename(_ path: String, to name: String) throws(SystemError)
  /// link(2).
  func link(_ path: String, as name: String) throws(SystemError)
  /// unlink(2).
  func remove(_ path: String) throws(SystemError)
}

/// The calls of the system that the program runs on.
package struct LinuxCalls: SystemCalls {
  package init() {}

  /// The result of a call that has just returned.
  private func checked<Result: SignedInteger>(_ result: Result) throws(SystemError) -> Result {
    if result < 0 { throw SystemError(errno) }
    return result
  }

  package func open(_ path: String, _ flags: Int32) throws(SystemError) -> Int32 {
    try checked(Glibc.open(path, flags, 0o666))
  }

  package func close(_ descriptor: Int32) throws(SystemError) {
    _ = try checked(Glibc.close(descriptor))
  }

  package func status(of descriptor: Int32) throws(SystemError) -> stat {
    var status = stat()
    _ = try checked(fstat(descriptor, &status))
    return status
  }

  package func read(
    _ descriptor: Int32, into bytes: UnsafeMutableRawBufferPointer, at offset: Int?
  ) throws(SystemError) -> Int {
    guard let offset else { return try checked(Glibc.read(descriptor, bytes.baseAddress, bytes.count)) }
    return try checked(pread(descriptor, bytes.baseAddress, bytes.count, offset))
  }

  package func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int?) throws(SystemError) -> Int {
    guard let offset else { return try checked(Glibc.write(descriptor, bytes.baseAddress, bytes.count)) }
    return try checked(pwrite(descriptor, bytes.baseAddress, bytes.count, offset))
  }

  package func flush(_ descriptor: Int32) throws(SystemError) {
    _ = try checked(fsync(descriptor))
  }

  package func rename(_ path: String, to name: String) throws(SystemError) {
    _ = try checked(Glibc.rename(path, name))
  }

  package func link(_ path: String, as name: String) throws(SystemError) {
    _ = try checked(Glibc.link(path, name))
  }

  package func remove(_ path: String) throws(SystemError) {
    _ = try checked(unlink(path))
  }
}

extension FileError {
  /// Does a call, again as often as a signal interrupts it.
  ///
  /// - Parameters:
  ///   - path: what the error names.
  ///   - operation: completes "cannot …".
  static func naming<Result>(
    _ path: String, cannot operation: @autoclosure () -> String, _ call: () throws(SystemError) -> Result
  ) throws(FileError) -> Result {
    while true {
      do throws(SystemError) {
        return try call()
      } catch {
        guard error.number == EINTR else {
          throw FileError(path, cannot: operation(), errorNumber: error.number)
        }
      }
    }
  }
}
