import Files
import Foundation
import ModelFiles
import TestSupport
import Testing
import Training

/// Serialized: the file size limit belongs to the whole process.
@Suite(.serialized) struct AtomicFileTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
  }

  private func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
  }

  @Test func `Before the commit the old file stays, after it the new one is there`() throws {
    let path = directory.path + "/a"
    try AtomicFile.replace(path, with: "old")
    let file = try AtomicFile(path)
    try file.write("new")
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
    try file.commit()
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "new")
    #expect(try names() == ["a"])
  }

  @Test func `A file that is not committed leaves nothing`() throws {
    do {
      let file = try AtomicFile(directory.path + "/a")
      try file.write("new")
      #expect(try names().count == 1)
    }
    #expect(try names() == [])
  }

  @Test func `A missing directory is named with the system's error`() {
    let path = directory.path + "/missing/a"
    #expect(
      throws: FileError(path, cannot: "create a file in \(directory.path)/missing", errorNumber: ENOENT)
    ) { try AtomicFile(path) }
  }

  @Test func `A symbolic link stays, and the file it leads to is replaced`() throws {
    let (real, link, chain) = (directory.path + "/real", directory.path + "/link", directory.path + "/chain")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "real")
    try FileManager.default.createSymbolicLink(atPath: chain, withDestinationPath: link)
    for (path, text) in [(link, "made"), (chain, "replaced")] {
      try AtomicFile.replace(path, with: text)
      #expect(try String(contentsOfFile: real, encoding: .utf8) == text)
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "real")
    }
    #expect(try names() == ["chain", "link", "real"])
    let loop = directory.path + "/loop"
    try FileManager.default.createSymbolicLink(atPath: loop, withDestinationPath: "loop")
    #expect(throws: FileError.self) { try AtomicFile(loop) }
  }

  @Test func `A pipe stays a pipe, and is written to`() throws {
    let path = directory.path + "/pipe"
    try #require(mkfifo(path, 0o600) == 0)
    // Open for reading too, or opening for writing would wait for a reader.
    let reader = open(path, O_RDWR | O_NONBLOCK)
    defer { close(reader) }
    try AtomicFile.requireWritable(path)
    try AtomicFile.replace(path, with: "through")
    var bytes = [UInt8](repeating: 0, count: 100)
    #expect(read(reader, &bytes, bytes.count) == 7 && String(decoding: bytes[..<7], as: UTF8.self) == "through")
    var status = stat()
    #expect(stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
    #expect(try names() == ["pipe"])
  }

  @Test func `What cannot be written is known before`() throws {
    try AtomicFile.requireWritable(directory.path + "/new")
    #expect(try names() == [])
    #expect(throws: FileError(directory.path, "a directory; a file is to be written")) {
      try AtomicFile.requireWritable(directory.path)
    }
    #expect(throws: FileError.self) { try AtomicFile.requireWritable(directory.path + "/missing/a") }
  }

  @Test func `Leftovers of killed writers are removed, other files are not`() throws {
    for name in [".a.safetensors.123.partial", "b", ".hidden", "c.partial"] {
      try Data("x".utf8).write(to: URL(fileURLWithPath: "\(directory.path)/\(name)"))
    }
    try AtomicFile.removeStale(in: directory.path)
    #expect(try names() == [".hidden", "b", "c.partial"])
  }

  @Test func `When the disk takes no more the error is the system's and the old file stays`() throws {
    let path = directory.path + "/a.safetensors"
    let small = [TensorSource(name: "a", shape: [1]) { $0[0] = 1 }]
    try small.writeSafetensors(to: path)
    let before = try Data(contentsOf: URL(fileURLWithPath: path))

    let large = [TensorSource(name: "a", shape: [5 << 20]) { $0.update(repeating: 1) }]
    let error = withFullDisk {
      #expect(throws: FileError.self) { try large.writeSafetensors(to: path) }
    }
    #expect(error?.errorNumber == EFBIG)
    #expect(error?.path == path)
    #expect(error?.reason.hasSuffix("bytes: File too large (errno 27)") == true)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    #expect(try names() == ["a.safetensors"])
  }

  @Test func `A log that can take half a line reports the system's error`() throws {
    let path = directory.path + "/metrics.jsonl"
    let log = try MetricsLog(path, resumingAfter: 0, logger: MessageRecorder().logger)
    truncate(path, off_t(Self.fileSizeLimit - 10))
    let error = withFullDisk {
      #expect(throws: FileError.self) { try log.append(MetricsLogTests.record(1)) }
    }
    #expect(error?.errorNumber == EFBIG)
    #expect(error?.path == path)
  }

  /// In bytes; above what any test that runs at the same time writes.
  private static let fileSizeLimit = 16 << 20

  /// Runs `body` while no file of the process may grow beyond the limit: a full disk that needs no privileges.
  private func withFullDisk<Result>(_ body: () -> Result) -> Result {
    let handler = signal(SIGXFSZ, SIG_IGN)
    var limits = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limits)
    var reduced = rlimit(rlim_cur: rlim_t(Self.fileSizeLimit), rlim_max: limits.rlim_max)
    setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &reduced)
    defer {
      setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limits)
      signal(SIGXFSZ, handler)
    }
    return body()
  }
}
