import Foundation
import Kernels
import Tensors
import TestSupport
import Testing

struct InstructionSetTests {
  private struct Line: Decodable { let loss: Double }

  /// The processor may have it or not: these kernels do not.
  @Test(arguments: ["baseline", "avx2"].filter(Kernels.available.map(\.instructionSet).contains))
  func `bfloat16 is refused where the kernels cannot multiply it`(name: String) throws {
    let workspace = try Workspace()
    try workspace.train("output=\(workspace.run)", stopAt: 1).succeeded()
    let environment = ["MULTIBOX_ISA": name]
    let setting = ["--set", "training.precision=bfloat16"]
    for arguments in [
      ["train", workspace.config] + setting, ["evaluate", workspace.checkpoint(1)] + setting,
      ["detect", workspace.checkpoint(1), workspace.data + "/JPEGImages/000001.jpg"] + setting,
      ["doctor", workspace.config] + setting, ["benchmark", "step", "--precision", "bfloat16"],
      ["benchmark", "inference", "--precision", "bfloat16"],
      ["benchmark", "convolution", "--precision", "float32", "bfloat16"],
    ] {
      let outcome = try MultiboxProcess(arguments, environment: environment).wait().ended(with: 64)
      let text = outcome.messages + outcome.output
      #expect(text.contains("bfloat16 needs the instruction set AVX512-BF16: "), "\(arguments): \(text)")
      if Kernels.multiplyBFloat16 { #expect(text.contains("MULTIBOX_ISA=\(name) keeps to kernels without it")) }
      if ["train", "evaluate", "detect"].contains(arguments[0]) { #expect(text.contains(": training.precision: ")) }
    }
    // What needs no product is not refused.
    let description = try MultiboxProcess(["describe", workspace.config] + setting, environment: environment).wait()
    #expect(description.succeeded().output.contains("products of convolutions in bfloat16"))
  }

  @Test func `Training agrees between the instruction sets of this machine`() throws {
    let workspace = try Workspace()
    var losses: [String: [Double]] = [:]
    for kernels in Kernels.available {
      let name = kernels.instructionSet
      let outcome = try workspace.train(
        "output=\(workspace.run)-\(name)", stopAt: 2, environment: ["MULTIBOX_ISA": name]
      ).succeeded()
      #expect(outcome.messages.contains("\(kernels.instructionSet(for: .float32)) kernels"))
      losses[name] = try NarrowExperiment.metrics(ofRun: "\(workspace.run)-\(name)").map {
        try JSONDecoder().decode(Line.self, from: Data($0.utf8)).loss
      }
    }
    let baseline = try #require(losses["baseline"])
    #expect(baseline.count == 2)
    for (name, values) in losses {
      // The first loss comes from the same weights through sums of up to some thousand terms in another order.
      #expect(abs(values[0] - baseline[0]) < 4096 * Double(Float.ulpOfOne) * baseline[0], "\(name)")
      #expect(values.allSatisfy { $0.isFinite && $0 > 0 })
    }
  }
}
