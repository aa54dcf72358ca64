import Foundation
import Tensors
import TestSupport
import Testing

struct InstructionSetTests {
  private struct Line: Decodable { let loss: Double }

  @Test func `Training agrees between the instruction sets of this machine`() throws {
    let workspace = try Workspace()
    var losses: [String: [Double]] = [:]
    for name in Kernels.available.map(\.instructionSet) {
      let outcome = try workspace.train(
        "output=\(workspace.run)-\(name)", stopAt: 2, environment: ["MULTIBOX_ISA": name]
      ).succeeded()
      #expect(outcome.messages.contains("\(name) kernels"))
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
