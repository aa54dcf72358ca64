import Files
import Foundation
import TestSupport
import Testing

/// Files on a disk that fails, at every call there is.
struct FileFaultTests {
  private let directory: TemporaryDirectory
  private let path: String
  private static let old = "old\n"
  private static let new = String(repeating: "{\"mAP\": 0.5}\n", count: 20)

  init() throws {
    directory = try TemporaryDirectory()
    path = directory.path + "/evaluation.json"
  }

  private var content: String? { try? String(contentsOfFile: path, encoding: .utf8) }
  private var names: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() }
  }

  private func replace(_ calls: any SystemCalls) throws(FileError) {
    try AtomicFile.replace(path, with: Self.new, calls: calls)
  }

  @Test func `A file is flushed before it gets its name, and its directory afterwards`() throws {
    let calls = FaultyCalls()
    try replace(calls)
    #expect(calls.calls == [.open, .write, .flush, .close, .rename, .open, .flush, .close])
  }

  @Test(arguments: [ENOSPC, EIO, EDQUOT, EMFILE, EROFS], [true, false])
  func `Whichever call fails, the file is the old or the new one, and the error names it and the reason`(
    error: Int32, exists: Bool
  ) throws {
    let old = exists ? Self.old : nil
    let complete = FaultyCalls()
    try replace(complete)
    for index in complete.calls.indices {
      try FileManager.default.removeItem(atPath: path)
      if let old { try AtomicFile.replace(path, with: old) }
      let found: FileError?
      do throws(FileError) {
        try replace(FaultyCalls(failing: index, with: error))
        found = nil
      } catch { found = error }
      // Nothing depends on how a directory is closed.
      #expect((found == nil) == (index == complete.calls.count - 1), "call \(index)")
      if let found {
        #expect(found.errorNumber == error && found.path == path, "call \(index)")
        #expect(found.description.hasPrefix("\(path): cannot "), "call \(index)")
        #expect(found.description.hasSuffix(": \(SystemError(error))"), "call \(index)")
      }
      let isRenamed = index > complete.calls.firstIndex(of: .rename)!
      #expect(content == (isRenamed ? Self.new : old), "call \(index)")
      #expect(try names == (isRenamed || exists ? ["evaluation.json"] : []), "call \(index)")
      if !FileManager.default.fileExists(atPath: path) { try replace(LinuxCalls()) }
    }
  }

  @Test func `What cannot be removed is removed by the next run`() throws {
    try AtomicFile.replace(path, with: Self.old)
    let calls = FaultyCalls { _, call in [.write, .remove].contains(call) ? .error(EIO) : nil }
    #expect(throws: FileError(path, cannot: "write \(Self.new.utf8.count) bytes", errorNumber: EIO)) {
      try replace(calls)
    }
    #expect(try content == Self.old && names.count == 2)
    try AtomicFile.removeStale(in: directory.path)
    #expect(try content == Self.old && names == ["evaluation.json"])
  }

  @Test func `An interrupted call is repeated, whichever it is`() throws {
    let complete = FaultyCalls()
    try replace(complete)
    for index in complete.calls.indices {
      try AtomicFile.replace(path, with: Self.old)
      try replace(FaultyCalls { found, _ in (index..<index + 3).contains(found) ? .error(EINTR) : nil })
      #expect(try content == Self.new && names == ["evaluation.json"], "call \(index)")
    }
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>, [1, 7, 1000])
  func `Short and interrupted calls write and read every byte`(seed: UInt64, most: Int) throws {
    let faulty = FaultyCalls(seed: seed, most: most)
    try replace(faulty)
    #expect(content == Self.new)
    #expect(try FileContent.bytes(of: path, calls: faulty) == Array(Self.new.utf8))
    #expect(try FileContent.bytes(of: path, upTo: 5, calls: faulty) == Array(Self.new.utf8.prefix(5)))
    try AtomicFile.replace(path + "2", withFile: path, calls: faulty)
    #expect(try String(contentsOfFile: path + "2", encoding: .utf8) == Self.new)
    #expect(try names == ["evaluation.json", "evaluation.json2"])
  }

  @Test func `A disk that takes nothing and says nothing is an error, not a loop`() {
    #expect(throws: FileError(path, cannot: "write \(Self.new.utf8.count) bytes", errorNumber: EIO)) {
      try replace(FaultyCalls { _, call in call == .write ? .limit(0) : nil })
    }
  }

  @Test func `A file that cannot be read is named with the reason`() throws {
    try replace(LinuxCalls())
    let complete = FaultyCalls()
    _ = try FileContent.bytes(of: path, calls: complete)
    #expect(complete.calls == [.open, .status, .read, .read, .close])
    for (index, operation) in ["open", "inspect", "read", "read"].enumerated() {
      #expect(throws: FileError(path, cannot: operation, errorNumber: EIO)) {
        try FileContent.bytes(of: path, calls: FaultyCalls(failing: index, with: EIO))
      }
    }
  }

  /// Such files state a size of 0.
  @Test func `Files that the system makes up are read in full`() throws {
    let lines = try String(decoding: FileContent.bytes(of: "/proc/self/maps"), as: UTF8.self).split(separator: "\n")
    #expect(lines.count > 20 && lines.last?.contains("[vsyscall]") != false)
    #expect(throws: FileError("/proc/none", cannot: "open", errorNumber: ENOENT)) {
      try FileContent.bytes(of: "/proc/none")
    }
  }

  @Test func `A mapped file has its bytes, and what cannot be mapped is read`() throws {
    for text in ["", "[1, 2]\n", String(repeating: "0123456789", count: 5000)] {
      try text.write(toFile: path, atomically: false, encoding: .utf8)
      #expect(try FileContent.mapped(path) == Data(text.utf8))
    }
    #expect(try FileContent.mapped("/proc/self/status").starts(with: "Name:".utf8))
    let pipe = Pipe()
    pipe.fileHandleForWriting.write(Data("[]".utf8))
    try pipe.fileHandleForWriting.close()
    #expect(try FileContent.mapped("/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)") == Data("[]".utf8))
    #expect(throws: FileError("/proc/none", cannot: "open", errorNumber: ENOENT)) {
      try FileContent.mapped("/proc/none")
    }
    #expect(throws: FileError(directory.path, cannot: "read", errorNumber: EISDIR)) {
      try FileContent.mapped(directory.path)
    }
  }

  /// A copy is made where links are refused.
  @Test(arguments: [nil, EPERM])
  func `A second name is given in full or not at all`(link: Int32?) throws {
    let best = directory.path + "/best"
    try replace(LinuxCalls())
    try AtomicFile.replace(best, with: Self.old)
    let refusal = { @Sendable (call: FaultyCalls.Call) in call == .link ? link.map(FaultyCalls.Fault.error) : nil }
    let complete = FaultyCalls { _, call in refusal(call) }
    try AtomicFile.replace(best, withFile: path, calls: complete)
    #expect(try String(contentsOfFile: best, encoding: .utf8) == Self.new)
    for index in complete.calls.indices {
      try AtomicFile.replace(best, with: Self.old)
      let calls = FaultyCalls { found, call in found == index ? .error(ENOSPC) : refusal(call) }
      do throws(FileError) { try AtomicFile.replace(best, withFile: path, calls: calls) } catch {
        #expect([best, path].contains(error.path) && error.errorNumber == ENOSPC, "call \(index)")
      }
      let found = try String(contentsOfFile: best, encoding: .utf8)
      #expect([Self.old, Self.new].contains(found), "call \(index)")
      try AtomicFile.removeStale(in: directory.path)
      #expect(try names == ["best", "evaluation.json"], "call \(index)")
    }
  }

  @Test(arguments: [nil, EPERM])
  func `A lock that cannot be written leaves nothing that would hold up the next run`(link: Int32?) throws {
    let run = directory.path + "/run"
    try Directory.create(run)
    let refusal = { @Sendable (call: FaultyCalls.Call) in call == .link ? link.map(FaultyCalls.Fault.error) : nil }
    let complete = FaultyCalls { _, call in refusal(call) }
    try RunLock(run, calls: complete).release()
    let last = complete.calls.lastIndex { $0 == .link || $0 == .write }!
    for index in 0...last where ![.close, .remove].contains(complete.calls[index]) {
      let calls = FaultyCalls { found, call in found == index ? .error(ENOSPC) : refusal(call) }
      let error = #expect(throws: FileError.self, "call \(index)") { try RunLock(run, calls: calls).release() }
      #expect(error?.errorNumber == ENOSPC && error?.path.hasPrefix(run + "/") == true, "call \(index)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: run) == [], "call \(index)")
    }
    try RunLock(run, calls: FaultyCalls(seed: 1, most: 9)).release()
  }
}
