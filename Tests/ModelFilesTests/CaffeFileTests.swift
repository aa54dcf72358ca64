import Files
import Foundation
import ModelFiles
import TestSupport
import Testing

/// Networks of Caffe as `Tests/Fixtures/generate_caffe_models.py` writes them, and damaged ones.
struct CaffeFileTests {
  private struct Expected: Decodable {
    struct Tensor: Decodable {
      let shape: [Int]
      let values: [Float]
    }
    let tensors: [String: Tensor]?
    let refused: String?
  }

  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/Caffe").path
  private static let names = (try? FileManager.default.contentsOfDirectory(atPath: folder))!
    .filter { $0.hasSuffix(".caffemodel") }.sorted()

  private func expected(_ name: String) throws -> Expected {
    let object = try #require(
      try JSONSerialization.jsonObject(
        with: Data(contentsOf: URL(fileURLWithPath: Self.folder + "/expected.json"))) as? [String: Any])
    let entry = try #require(object[name])
    return try JSONDecoder().decode(Expected.self, from: JSONSerialization.data(withJSONObject: entry))
  }

  @Test(arguments: names) func `Every value is read with colours in our order, or the file refused`(
    name: String
  ) throws {
    let expected = try expected(name)
    let path = "\(Self.folder)/\(name)"
    if let text = expected.refused {
      let error = #expect(throws: FileError.self) { try TensorFiles.open(path) }
      let message = try #require(error).description
      #expect(message.contains(path) && message.contains(text), "\(message)")
      return
    }
    let tensors = try #require(expected.tensors)
    let file = try #require(try TensorFiles.open(path) as? CaffeFile)
    #expect(file.tensors.map(\.name) == tensors.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    #expect(file.exchangedTensor == "conv1_1.weight")
    for tensor in file.tensors {
      let wanted = try #require(tensors[tensor.name])
      #expect(tensor.shape == wanted.shape, "\(tensor)")
      #expect(try file.floats(of: tensor) == wanted.values, "\(tensor.name)")
    }
    let conversion = try WeightConversion(file, as: .safetensors)
    let first = try #require(conversion.lines.first { $0.name == "conv1_1.weight" })
    #expect(first.isTaken && first.outcome.hasSuffix("input channels from BGR to RGB"), "\(first)")
  }

  @Test(.timeLimit(.minutes(30))) func `Damaged files are read or refused`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/damaged.caffemodel"
    let originals = try ["new", "old", "unpacked", "double"].map {
      try [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(Self.folder)/\($0).caffemodel")))
    }
    let words: [[UInt8]] = [
      [0xA2, 0x06], [0x12], [0x3A], [0x0A], [0xFF, 0xFF, 0xFF, 0xFF, 0x7F], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1], [8, 0],
      Array(repeating: 0xFF, count: 11), [0x3A, 6, 0x0A, 4, 0, 3, 0, 0],
    ]
    let counts = Fuzzing(originals, words: words).run { bytes in
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      do throws(FileError) {
        let file = try CaffeFile(path)
        for tensor in file.tensors { _ = try file.floats(of: tensor) }
        return true
      } catch {
        return false
      }
    }
    #expect(counts.taken > 0 && counts.refused > Fuzzing.caseCount / 4, "\(counts)")
    print("seed \(Fuzzing.seed), \(Fuzzing.caseCount) networks of Caffe: \(counts)")
  }
}
