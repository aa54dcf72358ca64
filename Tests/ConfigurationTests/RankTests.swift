import Configuration
import Testing

/// What a configuration may be trained with.
struct RankTests {
  private func configuration(_ name: String, microBatch: Int) throws -> Configuration {
    try Configuration(
      yaml: """
        version: 1
        model: {name: \(name)}
        data: {classes: [a]}
        training: {global_batch: 8, micro_batch: \(microBatch)}
        """, name: "a.yaml")
  }

  @Test(arguments: [
    (1, true), (2, true), (3, false), (4, true), (8, false),
  ]) func `Ranks divide the micro-batches of an iteration`(ranks: Int, isLegal: Bool) throws {
    let configuration = try configuration("ssd300-vgg16", microBatch: 2)
    #expect(((try? configuration.requireLegal(worldSize: ranks)) != nil) == isLegal)
  }

  /// A detector computes image by image, so the configuration itself is sound.
  @Test(arguments: ["ssd300-mobilenet-v2-lite", "ssdlite320-mobilenet-v3-large"])
  func `A batch normalisation of one value cannot be trained`(name: String) throws {
    let single = try configuration(name, microBatch: 1)
    let error = #expect(throws: ConfigurationError.self) { try single.requireLegal(worldSize: 1) }
    #expect(error?.problems.first?.key == "training.micro_batch")
    try configuration(name, microBatch: 2).requireLegal(worldSize: 1)
  }
}
