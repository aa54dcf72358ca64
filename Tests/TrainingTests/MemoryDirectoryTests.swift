import Files
import Foundation
import Inference
import TestSupport
import Testing
import Training

struct MemoryDirectoryTests {
  private let temporary: TemporaryDirectory
  private let messages = MessageRecorder()
  private let fixture: CheckpointFixture
  private let history = "0123456789abcdef0123456789abcdef"

  init() throws {
    temporary = try TemporaryDirectory()
    fixture = try CheckpointFixture()
  }

  private func directory(_ run: String = "/runs/a", calls: any SystemCalls = LinuxCalls()) -> MemoryDirectory {
    MemoryDirectory(temporary.path + "/memory", run: run, logger: messages.logger, calls: calls)
  }

  private func save(_ iteration: Int, to directory: MemoryDirectory) throws {
    try directory.save(
      iteration: iteration, history: history, configuration: fixture.configuration, state: fixture.state)
  }

  private func newest(_ directory: MemoryDirectory, after iteration: Int = -1, history: String? = nil) -> Int? {
    directory.newest(after: iteration, history: history ?? self.history, fixture.configuration)?.metadata?.iteration
  }

  @Test func `The two newest copies are kept, and one is complete at every instant`() throws {
    let memory = directory()
    #expect(try memory.iterations() == [] && newest(memory) == nil)
    for (iteration, expected) in [(3, [3]), (5, [3, 5]), (8, [5, 8]), (8, [5, 8]), (4, [4])] {
      try save(iteration, to: memory)
      #expect(try memory.iterations() == expected)
    }
    #expect(newest(memory) == 4 && newest(memory, after: 3) == 4 && newest(memory, after: 4) == nil)
    #expect(newest(memory, history: "another") == nil)
    #expect(try directory("/runs/b").iterations() == [])
    memory.remove(besides: 4)
    #expect(try memory.iterations() == [4])
    memory.remove()
    #expect(!FileManager.default.fileExists(atPath: memory.path))
    #expect(messages.recorded.isEmpty)
  }

  @Test(arguments: [ENOSPC, EIO, EDQUOT])
  func `Whichever call fails, the newest copy of before is complete`(error: Int32) throws {
    let complete = FaultyCalls()
    try save(1, to: directory())
    try save(2, to: directory())
    try save(3, to: directory(calls: complete))
    for index in complete.calls.indices {
      directory().remove()
      for iteration in 1...2 { try save(iteration, to: directory()) }
      let failure = Result { try save(3, to: directory(calls: FaultyCalls(failing: index, with: error))) }
      let found = try #require(newest(directory()))
      if case .failure(let error) = failure {
        #expect(error is FileError && (2...3).contains(found), "call \(index): \(error)")
      } else {
        #expect(found == 3)
      }
    }
  }

  @Test func `What a killed process left is removed`() throws {
    let memory = directory()
    try save(7, to: memory)
    let left = "\(memory.path)/checkpoints/.iteration-0000008.safetensors.17.partial"
    try "half".write(toFile: left, atomically: false, encoding: .utf8)
    #expect(newest(memory) == 7)
    memory.remove(besides: 7)
    #expect(!FileManager.default.fileExists(atPath: left))
    #expect(newest(memory) == 7)
  }

  @Test func `A directory that others can write to is not used`() throws {
    let memory = directory()
    try save(7, to: memory)
    let home = URL(fileURLWithPath: memory.path).deletingLastPathComponent().path
    #expect((try FileManager.default.attributesOfItem(atPath: home)[.posixPermissions] as? Int) == 0o700)
    try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: home)
    #expect(newest(memory) == nil)
    #expect(messages.recorded.contains { $0.contains("\(home): no directory that belongs to this user alone") })
    let error = #expect(throws: FileError.self) { try save(8, to: memory) }
    #expect(error?.path == home)
  }
}
