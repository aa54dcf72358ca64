import Files
import Foundation
import ModelFiles
import TestSupport
import Testing

/// Files that PyTorch has written, by `Tests/Fixtures/generate_pytorch_files.py`.
struct PyTorchFileTests {
  private struct Expected: Decodable {
    struct Tensor: Decodable {
      let type: String
      let shape: [Int]
      let values: [Value]
    }
    /// A number, or what JSON has none for as a text.
    struct Value: Decodable {
      let double: Double

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Double.self) {
          double = number
        } else {
          double = try #require(Double(container.decode(String.self)))
        }
      }
    }
    let tensors: [String: Tensor]?
    let refused: [String]?
  }

  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/PyTorch").path
  private static let names = (try? FileManager.default.contentsOfDirectory(atPath: folder))!
    .filter { !$0.hasSuffix(".json") }.sorted()

  private func expected(_ name: String) throws -> Expected {
    let object = try #require(
      try JSONSerialization.jsonObject(
        with: Data(contentsOf: URL(fileURLWithPath: Self.folder + "/expected.json"))) as? [String: Any])
    let entry = try #require(object[name])
    return try JSONDecoder().decode(Expected.self, from: JSONSerialization.data(withJSONObject: entry))
  }

  @Test(arguments: names) func `Every value is read, or the file refused by name`(name: String) throws {
    let expected = try expected(name)
    let path = "\(Self.folder)/\(name)"
    if let texts = expected.refused {
      let error = #expect(throws: FileError.self) {
        let file = try TensorFiles.open(path)
        // Damages of the elements show when they are read.
        for tensor in file.tensors { _ = try file.floats(of: tensor) }
      }
      let message = try #require(error).description
      for text in [path] + texts { #expect(message.contains(text), "\(message)") }
      return
    }
    let tensors = try #require(expected.tensors)
    let file = try #require(try TensorFiles.open(path) as? PyTorchFile)
    #expect(file.tensors.map(\.name) == tensors.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    for tensor in file.tensors {
      let wanted = try #require(tensors[tensor.name])
      #expect(tensor.shape == wanted.shape && tensor.type.text == wanted.type, "\(tensor)")
      let found = try file.floats(of: tensor)
      let values = wanted.values.map { Float($0.double) }
      #expect(
        found.map { $0.isNaN ? Float.nan.bitPattern : $0.bitPattern }
          == values.map { $0.isNaN ? Float.nan.bitPattern : $0.bitPattern }, "\(tensor.name)")
    }
  }

  @Test func `The wrapper, the prefix and what is left out are told`() throws {
    let lightning = try PyTorchFile(Self.folder + "/lightning.pth")
    #expect(lightning.wrapper == ["state_dict"] && lightning.prefix == "model.module.")
    #expect(lightning.leftOut.map(\.name) == ["epoch", "hyper_parameters"])
    let training = try PyTorchFile(Self.folder + "/training.pth")
    #expect(training.wrapper == ["model"] && training.prefix.isEmpty)
    #expect(
      training.leftOut.first { $0.name == "args" }?.reason == "an object of argparse.Namespace beside the weights")
    let views = try PyTorchFile(Self.folder + "/views-legacy.pth")
    let transposed = try #require(views.tensor(named: "transposed"))
    #expect(views.source(of: transposed).strides == [1, 6])
    #expect(views.source(of: transposed).sharedStorage != nil)
  }

  @Test func `What is written as PyTorch's is read back, and converted to safetensors with every value`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/a.pth"
    let values: [Float] = [1, -2.5, .infinity, 0x1p-149, -0.0, 3]
    let tensors = [
      TensorSource(name: "z.ß", shape: [2, 3]) { _ = $0.update(fromContentsOf: values) },
      TensorSource(name: "a", shape: [1]) { $0[0] = 7 }, TensorSource(name: "empty", shape: [0, 4]) { _ in },
      TensorSource(name: "scalar", shape: []) { $0[0] = 8 }, TensorSource(name: "count", count: -9),
    ]
    try tensors.writePyTorch(to: path, metadata: ["k": "v \"\n"], hashKey: "sha256")
    let file = try PyTorchFile(path)
    #expect(file.metadata == ["k": "v \"\n", "sha256": tensors.parametersSHA256()])
    #expect(try file.parametersSHA256() == tensors.parametersSHA256())
    #expect(file.tensors.map(\.name) == ["a", "count", "empty", "scalar", "z.ß"])
    #expect(try file.floats(of: #require(file.tensor(named: "z.ß"))).map(\.bitPattern) == values.map(\.bitPattern))
    #expect(try file.floats(of: #require(file.tensor(named: "count"))) == [-9])
    let converted = directory.path + "/b.safetensors"
    let conversion = try WeightConversion(file, as: .safetensors)
    #expect(conversion.lines.allSatisfy { $0.isTaken })
    try conversion.write(to: converted, as: .safetensors)
    let back = directory.path + "/c.pth"
    try WeightConversion(TensorFiles.open(converted), as: .pyTorch).write(to: back, as: .pyTorch)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(try Data(contentsOf: URL(fileURLWithPath: back)) == bytes)
    // As PyTorch has it, so that a mapped file's tensors are aligned.
    let place = try #require(bytes.firstRange(of: values.withUnsafeBytes { Data($0) }))
    #expect(place.lowerBound.isMultiple(of: 64))
  }
}
