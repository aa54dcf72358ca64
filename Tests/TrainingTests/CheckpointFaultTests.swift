import Files
import Foundation
import Inference
import ModelFiles
import TestSupport
import Testing
import Training

/// Checkpoints on a disk that fails, at every call there is.
struct CheckpointFaultTests {
  private let directory: TemporaryDirectory
  private let messages = MessageRecorder()
  private let (old, new): (CheckpointFixture, CheckpointFixture)

  init() throws {
    directory = try TemporaryDirectory()
    (old, new) = (try CheckpointFixture(seed: 1), try CheckpointFixture(seed: 2))
  }

  private func store(_ run: String, keep: Int = 1, _ calls: any SystemCalls = LinuxCalls()) throws -> CheckpointStore {
    try CheckpointStore(runDirectory: directory.path + "/" + run, keep: keep, logger: messages.logger, calls: calls)
  }

  private func save(_ fixture: CheckpointFixture, _ iteration: Int, in store: CheckpointStore) throws(FileError) {
    try store.save(iteration: iteration, configuration: fixture.configuration, state: fixture.state)
  }

  private func bytes(_ path: String) -> Data? { FileManager.default.contents(atPath: path) }

  /// The second checkpoint of a run that keeps one: what is written, named, noted as the latest, and removed.
  ///
  /// - Parameter overwrites: whether it is of the same iteration as the first.
  @Test(arguments: [ENOSPC, EIO, EDQUOT], [false, true])
  func `Whichever call fails, no checkpoint is lost, and the error names the file and the reason`(
    error: Int32, overwrites: Bool
  ) throws {
    let iteration = overwrites ? 1 : 2
    let complete = FaultyCalls()
    let reference = try store("reference")
    try save(old, 1, in: reference)
    let oldBytes = try #require(bytes(reference.directory.path(iteration: 1)))
    try save(new, iteration, in: try store("reference", complete))
    let newBytes = try #require(bytes(reference.directory.path(iteration: iteration)))
    #expect(complete.calls.count > 20)
    var errors = 0
    for index in complete.calls.indices {
      let run = "run\(index)"
      try save(old, 1, in: store(run))
      let faulty = try store(run, FaultyCalls(failing: index, with: error))
      let checkpoints = faulty.directory
      do throws(FileError) { try save(new, iteration, in: faulty) } catch {
        errors += 1
        #expect(
          [checkpoints.path(iteration: 1), checkpoints.path(iteration: iteration), checkpoints.path + "/latest"]
            .contains(error.path), "call \(index): \(error)")
        #expect(error.description.hasPrefix("\(error.path): cannot "), "call \(index)")
        #expect(error.description.hasSuffix(": \(SystemError(error.errorNumber ?? 0))"), "call \(index)")
      }
      let names = try FileManager.default.contentsOfDirectory(atPath: checkpoints.path)
      #expect(!names.contains { $0.hasPrefix(".") }, "call \(index): \(names)")
      let (first, second) = (bytes(checkpoints.path(iteration: 1)), bytes(checkpoints.path(iteration: iteration)))
      if overwrites {
        #expect(first == oldBytes || first == newBytes, "call \(index)")
      } else {
        #expect(first == oldBytes || first == nil && second == newBytes, "call \(index)")
        #expect(second == newBytes || second == nil, "call \(index)")
      }
      // The newest loads, with the hash of what was written.
      let checkpoint = try #require(try checkpoints.newestValid(), "call \(index)")
      let read = try CheckpointFixture(seed: 100)
      try checkpoint.restore(read.state)
      let expected = bytes(checkpoint.file.path) == newBytes ? new : old
      #expect(read.weights.bits == expected.weights.bits && read.momentum.bits == expected.momentum.bits)
    }
    #expect(messages.recorded == [])
    // All but the closing of a directory, of which there are two.
    #expect(errors == complete.calls.count - 2)
  }

  @Test func `A checkpoint is written once, from its first byte to its last`() throws {
    let calls = FaultyCalls()
    let path = directory.path + "/a.safetensors"
    var asked = 0
    try Checkpoint.write(
      to: path, iteration: 3, configuration: old.configuration, state: old.state, progress: { asked += 1 }, calls: calls
    )
    let tensors = old.state.arenas.flatMap { $0.arena.tensorSources(prefix: $0.prefix) }
    #expect(asked == tensors.count)
    // The length, the header, the tensors, and the header with the hash.
    let writes = [FaultyCalls.Call](repeating: .write, count: 3 + tensors.count)
    #expect(calls.calls == [.open] + writes + [.flush, .close, .rename, .open, .flush, .close])
    // The bytes are those of a file whose hash is known before it is written.
    let file = try SafetensorsFile(path)
    #expect(try file.parametersSHA256() == tensors.parametersSHA256())
    #expect(file.metadata["sha256"] == tensors.parametersSHA256())
    try tensors.writeSafetensors(to: path + "2", metadata: file.metadata)
    #expect(bytes(path) == bytes(path + "2"))
  }

  @Test func `A checkpoint in a pipe has its hash too`() throws {
    let (path, pipe) = (directory.path + "/a.safetensors", directory.path + "/pipe")
    try old.write(to: path, iteration: 3)
    try #require(mkfifo(pipe, 0o600) == 0)
    // Open for writing too, or opening would wait for a writer.
    let reader = try Descriptor(pipe, O_RDWR)
    try old.write(to: pipe, iteration: 3)
    let expected = try #require(bytes(path))
    var found = [UInt8](repeating: 0, count: expected.count)
    let count = try found.withUnsafeMutableBufferPointer { (buffer) throws(FileError) in
      try reader.read(into: UnsafeMutableRawBufferPointer(buffer))
    }
    #expect(count == expected.count && Data(found) == expected)
  }

  @Test func `A checkpoint is read once`() throws {
    let path = directory.path + "/a.safetensors"
    try old.write(to: path, iteration: 3)
    let calls = FaultyCalls()
    let checkpoint = try Checkpoint(contentsOf: path, calls: calls)
    // What a file is by its content is decided by its first bytes, 64 KiB at most; this one has fewer.
    let size = try #require(bytes(path)).count
    #expect(calls.bytesRead == 2 * size && size < FileSignature.prefixLength)
    // What was verified is restored, whatever has become of the file.
    truncate(path, 0)
    let count = calls.calls.count
    let read = try CheckpointFixture(seed: 100)
    try checkpoint.restore(read.state)
    #expect(calls.calls.count == count)
    #expect(read.weights.bits == old.weights.bits && read.momentum.bits == old.momentum.bits)
    // The memory is given back: what is read now is read from the file.
    #expect(throws: FileError.self) { try checkpoint.restore(read.state) }
  }

  @Test(arguments: 1...10 as ClosedRange<UInt64>, [1, 100, 10_000])
  func `Short and interrupted calls write and restore every byte`(seed: UInt64, most: Int) throws {
    let (whole, path) = (directory.path + "/a.safetensors", directory.path + "/b.safetensors")
    try old.write(to: whole, iteration: 3)
    let calls = FaultyCalls(seed: seed, most: most)
    try Checkpoint.write(
      to: path, iteration: 3, configuration: old.configuration, state: old.state, calls: calls)
    #expect(bytes(path) == bytes(whole))
    let read = try CheckpointFixture(seed: 100)
    try Checkpoint(contentsOf: path, calls: calls).restore(read.state)
    #expect(read.weights.bits == old.weights.bits && read.momentum.bits == old.momentum.bits)
  }

  @Test func `A checkpoint that cannot be read is named with the reason, whichever call fails`() throws {
    let path = directory.path + "/a.safetensors"
    try old.write(to: path, iteration: 3)
    let complete = FaultyCalls()
    _ = try Checkpoint(contentsOf: path, calls: complete)
    // To tell what a file is, it need not be read, and how it is closed does not matter.
    let needed = complete.calls.indices.filter { complete.calls[$0] == .read }.dropFirst(2) + [0, 1]
    #expect(needed.count > 8)
    for index in needed {
      let error = #expect(throws: FileError.self, "call \(index)") {
        try Checkpoint(contentsOf: path, calls: FaultyCalls(failing: index, with: EIO))
      }
      #expect(error?.path == path && error?.errorNumber == EIO, "call \(index)")
      #expect(error?.reason.hasSuffix(": Input/output error (errno 5)") == true, "call \(index)")
    }
  }

  @Test(arguments: [ENOSPC, EIO, EDQUOT])
  func `A line that a log cannot take is named with the reason, and the lines before it stay`(error: Int32) throws {
    let path = directory.path + "/metrics.jsonl"
    let log = try MetricsLog(
      path, resumingAfter: 0, logger: messages.logger,
      calls: FaultyCalls { $1 == .write && $0 > 1 ? .error(error) : nil })
    try log.append(MetricsLogTests.record(1))
    let whole = bytes(path)
    let found = #expect(throws: FileError.self) { try log.append(MetricsLogTests.record(2)) }
    #expect(found?.path == path && found?.errorNumber == error)
    #expect(found?.reason.hasSuffix(": \(SystemError(error))") == true)
    #expect(bytes(path) == whole && whole?.isEmpty == false)
  }

  @Test(arguments: 1...10 as ClosedRange<UInt64>)
  func `Short and interrupted calls append whole lines, and a resumed log keeps them`(seed: UInt64) throws {
    let (whole, path) = (directory.path + "/whole.jsonl", directory.path + "/metrics.jsonl")
    for (path, calls) in [(whole, LinuxCalls()), (path, FaultyCalls(seed: seed, most: 9))]
      as [(String, any SystemCalls)]
    {
      let log = try MetricsLog(path, resumingAfter: 0, logger: messages.logger, calls: calls)
      for iteration in 1...3 { try log.append(MetricsLogTests.record(iteration)) }
      _ = try MetricsLog(path, resumingAfter: 2, logger: messages.logger, calls: calls)
    }
    #expect(bytes(path) == bytes(whole) && bytes(path)?.count { $0 == UInt8(ascii: "\n") } == 2)
  }
}
