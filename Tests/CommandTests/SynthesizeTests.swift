import Foundation
import TestSupport
import Testing

struct SynthesizeTests {
  /// Every file below a directory with its bytes, by relative path.
  private func content(_ directory: String) throws -> [String: Data] {
    var content: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: directory) {
      // A directory has no contents.
      content[name] = FileManager.default.contents(atPath: "\(directory)/\(name)")
    }
    return content
  }

  @Test func `The same arguments give the same bytes and another seed gives others`() throws {
    let directory = try TemporaryDirectory()
    func synthesize(_ name: String, seed: Int) throws -> [String: Data] {
      let path = "\(directory.path)/\(name)"
      try MultiboxProcess.run("synthesize", path, "--images", "10", "--seed", "\(seed)").succeeded()
      return try content(path)
    }
    let first = try synthesize("first", seed: 7)
    #expect(first.keys.count { $0.hasSuffix(".jpg") } == 10 && first.keys.count { $0.hasSuffix(".xml") } == 10)
    for split in ["train", "val", "trainval", "test"] { #expect(first["ImageSets/Main/\(split).txt"] != nil) }
    #expect(try synthesize("second", seed: 7) == first)
    let other = try synthesize("other", seed: 8)
    #expect(other["JPEGImages/000001.jpg"] != first["JPEGImages/000001.jpg"])
  }
}
