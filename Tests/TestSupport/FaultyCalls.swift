import Files
import Foundation
import Randomness
import Threads

/// The system's calls, some of which fail, are interrupted, or do less than they are asked for, by a plan.
package final class FaultyCalls: SystemCalls {
  /// A kind of call.
  package enum Call: Sendable, Equatable {
    case open, close, status, read, write, flush, rename, link, remove
  }

  /// What becomes of a call.
  package enum Fault: Sendable {
    /// It does nothing and reports an error number; only a file that is to be closed is closed all the same, as Linux does.
    case error(Int32)
    /// It reads or writes at most so many bytes; other calls are done.
    case limit(Int)
  }

  private struct Log {
    var calls: [Call] = []
    var bytesRead = 0
  }

  private let system = LinuxCalls()
  private let log = Monitor(Log())
  private let plan: @Sendable (_ index: Int, _ call: Call) -> Fault?

  /// Follows a plan.
  ///
  /// - Parameter plan: what becomes of the call of an index, counted from 0; nil for what the system makes of it.
  package init(_ plan: @escaping @Sendable (_ index: Int, _ call: Call) -> Fault? = { _, _ in nil }) {
    self.plan = plan
  }

  /// Lets the call of an index fail.
  package convenience init(failing index: Int, with error: Int32) {
    self.init { found, _ in found == index ? .error(error) : nil }
  }

  /// Interrupts a third of the calls, and lets the others read and write between one byte and `most` of them.
  package convenience init(seed: UInt64, most: Int) {
    self.init { index, _ in
      var stream = RandomStream(seed: seed, purpose: .test, key: UInt64(index))
      return stream.chance(1 / 3) ? .error(EINTR) : .limit(1 + stream.integer(below: most))
    }
  }

  /// All calls so far.
  package var calls: [Call] { log.withLock { $0.calls } }
  /// How many bytes were read so far.
  package var bytesRead: Int { log.withLock { $0.bytesRead } }

  /// Notes a call; the most bytes that it may read or write.
  private func begin(_ call: Call) throws(SystemError) -> Int {
    let index = log.withLock { log in
      log.calls.append(call)
      return log.calls.count - 1
    }
    switch plan(index, call) {
    case .error(let number): throw SystemError(number)
    case .limit(let count): return count
    case nil: return .max
    }
  }

  package func open(_ path: String, _ flags: Int32) throws(SystemError) -> Int32 {
    _ = try begin(.open)
    return try system.open(path, flags)
  }

  package func close(_ descriptor: Int32) throws(SystemError) {
    try system.close(descriptor)
    _ = try begin(.close)
  }

  package func status(of descriptor: Int32) throws(SystemError) -> stat {
    _ = try begin(.status)
    return try system.status(of: descriptor)
  }

  package func read(
    _ descriptor: Int32, into bytes: UnsafeMutableRawBufferPointer, at offset: Int?
  ) throws(SystemError) -> Int {
    let most = try begin(.read)
    let part = UnsafeMutableRawBufferPointer(rebasing: bytes[..<min(bytes.count, most)])
    let count = try system.read(descriptor, into: part, at: offset)
    log.withLock { $0.bytesRead += count }
    return count
  }

  package func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int?) throws(SystemError) -> Int {
    let most = try begin(.write)
    return try system.write(
      descriptor, UnsafeRawBufferPointer(rebasing: bytes[..<min(bytes.count, most)]), at: offset)
  }

  package func flush(_ descriptor: Int32) throws(SystemError) {
    _ = try begin(.flush)
    try system.flush(descriptor)
  }

  package func rename(_ path: String, to name: String) throws(SystemError) {
    _ = try begin(.rename)
    try system.rename(path, to: name)
  }

  package func link(_ path: String, as name: String) throws(SystemError) {
    _ = try begin(.link)
    try system.link(path, as: name)
  }

  package func remove(_ path: String) throws(SystemError) {
    _ = try begin(.remove)
    try system.remove(path)
  }
}
