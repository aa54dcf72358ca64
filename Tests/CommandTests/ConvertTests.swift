import Foundation
import ModelFiles
import TestSupport
import Testing

/// Weights from one format to another, from the command line.
struct ConvertTests {
  private let directory: TemporaryDirectory
  static let fixtures = ChildProcess.repository + "/Tests/Fixtures/PyTorch"

  init() throws { directory = try TemporaryDirectory() }

  private func convert(_ input: String, _ output: String) throws -> MultiboxProcess.Outcome {
    try MultiboxProcess.run("convert", input, output)
  }

  @Test func `A line for every tensor tells what became of it`() throws {
    let output = directory.path + "/a.safetensors"
    let outcome = try convert(Self.fixtures + "/types.pth", output).succeeded()
    for line in [
      "the zip form of torch.save", "half [5]: taken, float16 to float32",
      "bfloat16 [2, 2]: taken, bfloat16 to float32", "double [3]: taken, float64 to float32, 1 infinite in float32",
      "long [2]: taken, int64", "scalar []: taken", "\(output): 12 tensors written",
    ] {
      #expect(outcome.messages.contains(line), "\(line): \(outcome.messages)")
    }
    let views = try convert(Self.fixtures + "/views-legacy.pth", directory.path + "/b.pth").succeeded()
    #expect(
      views.messages.contains("the legacy form of torch.save")
        && views.messages.contains("transposed [6, 4]: taken, strides [1, 6] to row-major order, copied from the"),
      "\(views.messages)")
    let training = try convert(Self.fixtures + "/training.pth", directory.path + "/c.pt").succeeded()
    #expect(
      training.messages.contains("weights under 'model'")
        && training.messages.contains("left out: args: an object of argparse.Namespace beside the weights"),
      "\(training.messages)")
    // What was converted is read as what it came from.
    for (name, copy) in [("types.pth", "a.safetensors"), ("views-legacy.pth", "b.pth"), ("training.pth", "c.pt")] {
      let (one, other) = (
        try TensorFiles.open("\(Self.fixtures)/\(name)"), try TensorFiles.open("\(directory.path)/\(copy)")
      )
      #expect(one.tensors.map(\.name) == other.tensors.map(\.name))
      for (tensor, its) in zip(one.tensors, other.tensors) where tensor.type.isReadable {
        let floats = try (one.floats(of: tensor).map(\.bitPattern), other.floats(of: its).map(\.bitPattern))
        #expect(its.type == .float32 && tensor.shape == its.shape && floats.0 == floats.1, "\(name): \(tensor.name)")
      }
    }
  }

  @Test func `What cannot be converted has an exit code and leaves no file`() throws {
    let input = Self.fixtures + "/zip.pth"
    let copy = directory.path + "/copy.pth"
    try FileManager.default.copyItem(atPath: input, toPath: copy)
    for (from, to, code, text) in [
      (input, "a.onnx", 74, "without metadata only"),
      (input, "a", 64, "the format goes by the name"), (copy, "copy.pth", 64, "is the file to convert"),
      (Self.fixtures + "/whole-module.pth", "a.pth", 74, "a whole network of class '__main__.Network'"),
      (Self.fixtures + "/system.pth", "a.pth", 74, "nothing was executed"),
      (directory.path + "/none.pth", "a.pth", 74, "none.pth"),
      (input, "none/a.pth", 74, "cannot create a file in"),
    ] {
      let outcome = try convert(from, "\(directory.path)/\(to)").ended(with: Int32(code))
      #expect(outcome.messages.contains(text), "\(outcome.messages)")
    }
    let full = try MultiboxProcess.run(
      "convert", input, directory.path + "/a.pth", shellPrefix: "ulimit -f 1"
    ).ended(with: 74)
    #expect(full.messages.contains("a.pth: cannot write "), "\(full.messages)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["copy.pth"])
  }
}
