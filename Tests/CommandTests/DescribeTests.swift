import Foundation
import TestSupport
import Testing

struct DescribeTests {
  private struct Description: Decodable, Equatable {
    let parameters: Int
    let default_boxes: Int
    let default_boxes_per_map: [Int]
    let gmac: Double
    let parameters_sha256: String
    let peak_memory_bytes: Int
  }

  /// The numbers of the paper's network: parameters and operations as counted by hand from its layer table.
  @Test func `The full network has its known size`() throws {
    let directory = try TemporaryDirectory()
    let config = directory.path + "/full.yaml"
    try "version: 1\ntraining: {threads: 2}".write(toFile: config, atomically: true, encoding: .utf8)
    let description = try MultiboxProcess.run("describe", config, "--json").succeeded().decoded(Description.self)
    #expect(description.parameters == 26_285_486)
    #expect(description.default_boxes == 8732)
    #expect(description.default_boxes_per_map == [5776, 2166, 600, 150, 36, 4])
    #expect(description.gmac == 31.37)
    #expect(description.parameters_sha256.wholeMatch(of: #/[0-9a-f]{64}/#) != nil)
    // Weights, momentum and at least one gradient alone are three times the parameters.
    #expect(description.peak_memory_bytes > 3 * 4 * description.parameters)
    #expect(description.peak_memory_bytes < 4_000_000_000)
    let table = try MultiboxProcess.run("describe", config).succeeded().output
    for text in ["conv4_3_norm", "26285486", "8732 = 5776 + 2166 + 600 + 150 + 36 + 4", "31.37 GMAC"] {
      #expect(table.contains(text), "\(text)")
    }
  }

  @Test func `The hash is that of the initial weights and then of the checkpoint`() throws {
    let workspace = try Workspace()
    func hash(_ source: String) throws -> String {
      try MultiboxProcess.run("describe", source, "--json").succeeded().decoded(Description.self).parameters_sha256
    }
    let initial = try hash(workspace.config)
    #expect(try hash(workspace.config) == initial)
    #expect(
      try MultiboxProcess.run("describe", workspace.config, "--set", "training.seed=9", "--json").succeeded()
        .decoded(Description.self).parameters_sha256 != initial)
    try workspace.train(stopAt: 1).succeeded()
    let first = try hash(workspace.checkpoint(1))
    #expect(first != initial)
    try workspace.train(stopAt: 2).succeeded()
    #expect(try hash(workspace.checkpoint(1)) == first)
    #expect(try hash(workspace.checkpoint(2)) != first)
  }
}
