import Files
import Foundation
import TestSupport
import Testing
import Training

struct CheckpointStoreTests {
  private let directory: TemporaryDirectory
  private let messages = MessageRecorder()
  private let fixture: CheckpointFixture

  init() throws {
    directory = try TemporaryDirectory()
    fixture = try CheckpointFixture()
  }

  private func store(keep: Int = 3) throws -> CheckpointStore {
    try CheckpointStore(runDirectory: directory.path, keep: keep, logger: messages.logger)
  }

  private func save(_ iterations: Int..., in store: CheckpointStore) throws {
    for iteration in iterations {
      try store.save(
        iteration: iteration, configuration: fixture.configuration, state: fixture.state)
    }
  }

  private func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory.path + "/checkpoints").sorted()
  }

  @Test func `The newest checkpoints are kept and latest names the last`() throws {
    let store = try store(keep: 2)
    #expect(try store.directory.newestValid() == nil)
    try save(1000, 2000, 3000, in: store)
    #expect(
      try names() == ["iteration-0002000.safetensors", "iteration-0003000.safetensors", "latest"])
    let latest = try String(contentsOfFile: store.directory.path + "/latest", encoding: .utf8)
    #expect(latest == "iteration-0003000.safetensors\n")
    #expect(try store.checkpoint(toResume: .auto)?.metadata?.iteration == 3000)
    #expect(try store.checkpoint(toResume: .never) == nil)
    #expect(try store.checkpoint(toResume: .path(store.directory.path(iteration: 2000)))?.metadata?.iteration == 2000)
    #expect(messages.recorded == [])
  }

  /// A write that a power failure cut, at many lengths.
  @Test(arguments: [0, 7, 8, 100, 1000, -4, -1])
  func `A torn newest checkpoint falls back to the one before, with a warning that names it`(length: Int) throws {
    let store = try store()
    try save(1, 2, in: store)
    let newest = store.directory.path(iteration: 2)
    let whole = try Data(contentsOf: URL(fileURLWithPath: newest))
    try whole.prefix(length < 0 ? whole.count + length : length).write(to: URL(fileURLWithPath: newest))
    #expect(try store.directory.newestValid()?.metadata?.iteration == 1)
    #expect(messages.recorded.count == 1)
    #expect(messages.recorded.first?.hasPrefix("warning: ignoring a bad checkpoint: \(newest): ") == true)
  }

  @Test func `A checkpoint under the name of another iteration is not believed`() throws {
    let store = try store()
    try save(1, 2, in: store)
    try FileManager.default.copyItem(
      atPath: store.directory.path(iteration: 1), toPath: store.directory.path(iteration: 9))
    #expect(try store.directory.newestValid()?.metadata?.iteration == 2)
    #expect(
      messages.recorded == [
        "warning: ignoring a bad checkpoint: \(store.directory.path(iteration: 9)): holds iteration 1"
      ])
  }

  @Test func `When no checkpoint is valid the run does not silently start anew`() throws {
    let store = try store()
    try save(1, in: store)
    try Data().write(to: URL(fileURLWithPath: store.directory.path(iteration: 1)))
    let error = #expect(throws: FileError.self) { try store.checkpoint(toResume: .auto) }
    #expect(
      error?.description == "\(store.directory.path): none of the 1 checkpoints is valid; --resume never starts anew")
    #expect(throws: FileError.self) { try store.checkpoint(toResume: .path(store.directory.path(iteration: 1))) }
  }

  @Test func `What a killed writer left is removed and never resumed from`() throws {
    let first = try store()
    try save(1, in: first)
    let leftover = first.directory.path + "/.iteration-0000002.safetensors.4711.partial"
    try Data("half".utf8).write(to: URL(fileURLWithPath: leftover))
    let second = try store()
    #expect(try names() == ["iteration-0000001.safetensors", "latest"])
    #expect(try second.directory.newestValid()?.metadata?.iteration == 1)
  }

  @Test func `Checkpoints of a history that was left are set aside once a new one is durable`() throws {
    let store = try store(keep: 1)
    try save(10, in: store)
    try save(4, in: store)
    #expect(
      try names() == ["iteration-0000004.safetensors", "iteration-0000010.safetensors.superseded", "latest"])
    #expect(try store.directory.newestValid()?.metadata?.iteration == 4)
    #expect(messages.recorded.count == 1)
  }

  @Test func `A run directory that cannot be made is named with the system's error`() throws {
    let file = directory.path + "/file"
    try Data().write(to: URL(fileURLWithPath: file))
    #expect(throws: FileError(file + "/checkpoints", cannot: "create the directory", errorNumber: ENOTDIR)) {
      try CheckpointStore(runDirectory: file, keep: 1, logger: messages.logger)
    }
  }

  @Test func `The argument of --resume is auto, never or a path`() {
    #expect(ResumePolicy(argument: "auto") == .auto)
    #expect(ResumePolicy(argument: "never") == .never)
    #expect(ResumePolicy(argument: "runs/a.safetensors") == .path("runs/a.safetensors"))
  }
}
