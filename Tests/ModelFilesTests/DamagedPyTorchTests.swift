import Files
import Foundation
import ModelFiles
import TestSupport
import Testing

/// Damaged files of torch.save; ``Fuzzing`` tells how to read more of them.
///
/// The checksums of an archive would refuse nearly every damage before a pickle is read; the damages here get the right ones.
struct DamagedPyTorchTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/PyTorch").path
  private static let words = [
    "cos\nsystem\n", "ctorch._utils\n_rebuild_tensor_v2\n", "ccollections\nOrderedDict\n", "}", "]", ")", "(", "t", "u",
    "s",
    "e", "a", "R", "Q", "b", "0", ".", "h\u{0}", "q\u{1}", "r\u{7F}\u{7F}\u{7F}\u{7F}", "J\u{7F}\u{7F}\u{7F}\u{7F}",
    "X\u{7F}\u{7F}\u{7F}\u{7F}", "storage", "PK\u{1}\u{2}", "PK\u{5}\u{6}", "state_dict", "module.",
  ].map { Array($0.utf8) }

  private func originals(_ names: [String]) throws -> [[UInt8]] {
    try names.map { try [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(Self.folder)/\($0)"))) }
  }

  /// Reads all that a file has.
  private func isRead(_ path: String) -> Bool {
    do throws(FileError) {
      let file = try TensorFiles.open(path)
      for tensor in file.tensors where tensor.type.isReadable || tensor.type.isWhole { _ = try file.floats(of: tensor) }
      return true
    } catch {
      return false
    }
  }

  /// The most memory of the process so far, in bytes.
  private var peakMemory: Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
    return (Int(line.filter(\.isNumber)) ?? 0) * 1024
  }

  @Test(
    .timeLimit(.minutes(30)),
    arguments: [
      ["zip.pth", "views.pth", "types.pth", "training.pth"],
      ["legacy.pth", "views-legacy.pth", "types-legacy.pth", "protocol4.pth"],
    ]) func `Damaged files are read or refused`(names: [String]) throws
  {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/damaged.pth"
    let before = peakMemory
    let counts = try Fuzzing(originals(names), words: Self.words).run { bytes in
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      return isRead(path)
    }
    #expect(counts.taken > 0 && counts.refused > Fuzzing.caseCount / 4, "\(counts)")
    #expect(peakMemory - before < 512 << 20)
    print(
      "seed \(Fuzzing.seed), \(Fuzzing.caseCount) cases of \(names): \(counts), \((peakMemory - before) >> 20) MiB more at the peak"
    )
  }

  @Test(.timeLimit(.minutes(30))) func `Damaged pickles in whole archives are read or refused`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/damaged.pth"
    let files = try originals(["zip.pth", "views.pth", "types.pth", "training.pth", "parameters.pth"])
    let archives = files.map(Archive.init)
    let pickles = try archives.map { archive in
      try #require(archive.entries.first { $0.name.hasSuffix("/data.pkl") }).bytes
    }
    let before = peakMemory
    var number = 0
    let counts = Fuzzing(pickles, words: Self.words).run { pickle in
      defer { number += 1 }
      try Data(archives[number % files.count].replacing("/data.pkl", with: pickle)).write(
        to: URL(fileURLWithPath: path))
      return isRead(path)
    }
    #expect(counts.taken > 0 && counts.refused > Fuzzing.caseCount / 4, "\(counts)")
    #expect(peakMemory - before < 512 << 20)
    print(
      "seed \(Fuzzing.seed), \(Fuzzing.caseCount) pickles: \(counts), \((peakMemory - before) >> 20) MiB more at the peak"
    )
  }

  /// Pickles of which a few bytes mean much, and what is said of them.
  private static let multiplying: [(String, [UInt8], String)] = {
    func text(_ text: String) -> [UInt8] {
      let count = text.utf8.count
      return [0x58] + (0..<4).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } + Array(text.utf8)
    }
    func global(_ name: String) -> [UInt8] { Array("c\(name)\n".utf8) }
    func repeated(_ bytes: [UInt8], _ count: Int) -> [UInt8] {
      Array([[UInt8]](repeating: bytes, count: count).joined())
    }
    let long: [UInt8] = text(String(repeating: "a", count: 1 << 20)) + [0x71, 0]
    let storage: [UInt8] =
      [0x28] + text("storage") + global("torch\nFloatStorage") + text("0") + text("cpu") + [0x4B, 1, 0x74, 0x71, 0]
    let dictionary: [UInt8] = [0x7D, 0x71, 0]
    return [
      (
        "one text, encoded again and again",
        [0x28] + long + global("_codecs\nencode") + [0x71, 1] + repeated([0x68, 1, 0x68, 0, 0x85, 0x52], 300_000)
          + [0x74], "holds a tuple, not a dictionary"
      ),
      (
        "one name, joined again and again", [0x28] + long + repeated([0x68, 0, 0x68, 0, 0x93], 300_000) + [0x74],
        "a name of more than 1024 bytes"
      ),
      (
        "one storage, referred to again and again",
        [0x28] + storage + repeated([0x68, 0, 0x51], 1_500_000) + [0x74], "more values than a file of weights has"
      ),
      (
        "a list that is doubled again and again",
        [0x5D, 0x71, 0, 0x28] + repeated([0x68, 0], 500_000) + [0x65]
          + repeated([0x28] + repeated([0x68, 0], 200_000) + [0x65], 40), "more values than a file of weights has"
      ),
      (
        "a dictionary in itself",
        dictionary + repeated(text("model") + [0x68, 0, 0x73] + text("net") + [0x68, 0, 0x73], 9),
        "no dictionary of tensors"
      ),
      ("marks", repeated([0x28], 2_000_000), "more values than a file of weights has"),
      (
        "extents",
        storage + [0x51, 0x71, 1] + global("torch._utils\n_rebuild_tensor_v2") + [
          0x71, 2, 0x28, 0x68, 1, 0x4B, 0, 0x28,
        ]
          + repeated([0x4B, 1], 65) + [0x74, 0x71, 3, 0x68, 3, 0x74, 0x52], "without storage, offset, size and stride"
      ),
    ]
  }()

  @Test(arguments: multiplying.indices) func `What a few bytes multiply is bounded`(index: Int) throws {
    let (name, pickle, reason) = Self.multiplying[index]
    let directory = try TemporaryDirectory()
    let path = directory.path + "/large.pth"
    let archive = try Archive(originals(["zip.pth"])[0])
    try Data(archive.replacing("/data.pkl", with: [0x80, 2] + pickle + [0x2E])).write(to: URL(fileURLWithPath: path))
    let before = peakMemory
    let error = #expect(throws: FileError.self) { try TensorFiles.open(path) }
    #expect(error?.description.contains(reason) == true, "\(name): \(error?.description.prefix(300) ?? "")")
    #expect(peakMemory - before < 512 << 20, "\(name)")
  }
}

/// A zip archive of stored entries, taken apart and put together for tests.
private struct Archive {
  var entries: [(name: String, bytes: [UInt8])] = []

  /// Takes a file of torch.save apart by the local headers of the directory's entries.
  init(_ file: [UInt8]) {
    func number(_ place: Int, _ count: Int) -> Int { (0..<count).reduce(0) { $0 | Int(file[place + $1]) << (8 * $1) } }
    var position = 0
    let end = Data(file).range(of: Data([0x50, 0x4B, 5, 6]), options: .backwards)!.lowerBound
    position = number(end + 16, 4)
    for _ in 0..<number(end + 10, 2) {
      let (size, length, header) = (number(position + 24, 4), number(position + 28, 2), number(position + 42, 4))
      let start = header + 30 + number(header + 26, 2) + number(header + 28, 2)
      let name = String(decoding: file[(position + 46)..<(position + 46 + length)], as: UTF8.self)
      entries.append((name, Array(file[start..<start + size])))
      position += 46 + length + number(position + 30, 2) + number(position + 32, 2)
    }
  }

  /// An archive with another entry of the end of a name, checksums and all.
  func replacing(_ suffix: String, with bytes: [UInt8]) -> [UInt8] {
    func little(_ value: Int, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    var (file, directory): ([UInt8], [UInt8]) = ([], [])
    for entry in entries {
      let content = entry.name.hasSuffix(suffix) ? bytes : entry.bytes
      let name = Array(entry.name.utf8)
      let common =
        little(20, 2) + little(0, 8) + little(Int(CRC32.checksum(content)), 4) + little(content.count, 4)
        + little(content.count, 4) + little(name.count, 2) + little(0, 2)
      directory += [0x50, 0x4B, 1, 2] + little(20, 2) + common + little(0, 10) + little(file.count, 4) + name
      file += [0x50, 0x4B, 3, 4] + common + name + content
    }
    let end = [0x50, 0x4B, 5, 6] + little(0, 4) + little(entries.count, 2) + little(entries.count, 2)
    return file + directory + end + little(directory.count, 4) + little(file.count, 4) + little(0, 2)
  }
}
