import Configuration
import Doctor
import Foundation
import Models
import TestSupport
import Testing

/// What the doctor says of settings that do not fit each other.
struct RecipeCheckTests {
  /// Nothing is unusual about this one.
  private let usual = RecipeCheck(
    iterations: 4000, globalBatch: 8, learningRate: 0.00025, widthMultiplier: 1, milestones: [2800, 3500], warmup: 200,
    evaluationEvery: 1000, hasEvaluationSplit: true, images: 300)

  private func findings(_ change: (inout RecipeCheck) -> Void) -> [String] {
    var recipe = usual
    change(&recipe)
    return recipe.findings.map { finding in
      #expect(finding.status == .warning)
      return "\(finding.check): \(finding.message) → \(finding.remedy ?? "")"
    }
  }

  @Test func `A usual recipe is passed`() {
    #expect(usual.findings.isEmpty)
    #expect(findings { $0.learningRate = 0.002 }.isEmpty, "eight times the usual rate")
    #expect(findings { ($0.learningRate, $0.globalBatch) = (0.008, 32) }.isEmpty)
    #expect(findings { ($0.milestones, $0.warmup) = ([], 0) }.isEmpty)
    #expect(findings { ($0.evaluationEvery, $0.hasEvaluationSplit) = (nil, false) }.isEmpty)
    #expect(findings { $0.evaluationEvery = 100_000 }.isEmpty, "it is evaluated at the end")
    #expect(findings { $0.images = 32_000 }.isEmpty, "one epoch")
    #expect(findings { $0.images = nil }.isEmpty)
  }

  @Test func `Batch normalisations of few values are named with a micro-batch that fits`() throws {
    func found(_ name: String, microBatch: Int, _ overrides: [String] = []) throws -> [String] {
      let yaml = "{version: 1, model: {name: \(name)}, training: {global_batch: 16, micro_batch: \(microBatch)}}"
      let configuration = try Configuration(yaml: yaml, name: "a.yaml", overrides: overrides)
      return (configuration.recipeCheck(images: nil)?.findings ?? []).filter { $0.check == "batch normalisation" }.map {
        "\($0.message) → \($0.remedy ?? "")"
      }
    }
    let name = "ssdlite320-mobilenet-v3-large"
    #expect(
      try found(name, microBatch: 4) == [
        "a micro-batch of 4 leaves batch normalisations 4 values of a channel in the smallest map: their mean and variance say little about other images, and evaluations, which use running averages, come out badly → --set training.micro_batch=8, or --set model.batch_normalization=frozen with pretrained weights"
      ])
    #expect(try found(name, microBatch: 8).isEmpty)
    #expect(try found(name, microBatch: 1, ["model.batch_normalization=frozen"]).isEmpty)
    #expect(try found("ssd300-mobilenet-v1", microBatch: 1).isEmpty)
    #expect(try found("ssd300-vgg16", microBatch: 1).isEmpty)
    let single = try Configuration(
      yaml: "{version: 1, model: {name: \(name)}, training: {global_batch: 16, micro_batch: 1}}", name: "a.yaml")
    let error = #expect(throws: ConfigurationError.self) { try single.requireLegal(worldSize: 1) }
    #expect("\(try #require(error))".hasSuffix("take 2 or more, better 8"))
  }

  @Test func `A learning rate far above the usual one is named with one that fits`() {
    let found = findings { $0.learningRate = 0.02 }
    #expect(
      found == [
        "learning rate: 0.02 is 80 times 0.001 × batch / 32, which is 0.00025 for 8 images an iteration; with far too high a rate the loss is soon not finite (exit code 76), or does not fall → --set training.learning_rate=0.00025"
      ])
    #expect(findings { ($0.learningRate, $0.globalBatch) = (0.01, 32) }.count == 1)
    #expect(findings { ($0.learningRate, $0.globalBatch) = (0.000_251, 1) }.count == 1)
    // A narrow network takes more.
    #expect(findings { ($0.learningRate, $0.widthMultiplier) = (0.016, 0.125) }.isEmpty)
    #expect(findings { ($0.learningRate, $0.widthMultiplier) = (0.1, 0.125) }.first?.contains("is 50 times") == true)
  }

  @Test func `Milestones that the run does not reach are named`() {
    #expect(
      findings { $0.milestones = [80_000, 100_000] } == [
        "schedule: the learning rate never drops: milestones 80000, 100000 are at or behind the end of the run, iteration 4000 → --set 'training.schedule.milestones=[2666, 3333]'"
      ])
    #expect(
      findings { $0.milestones = [2000, 4000] } == [
        "schedule: the learning rate drops less often: milestone 4000 is at or behind the end of the run, iteration 4000 → --set 'training.schedule.milestones=[2666, 3333]'"
      ])
    #expect(
      findings { ($0.iterations, $0.images, $0.warmup) = (2, 3, 0) }.first?.hasSuffix("milestones=[1]'") == true)
  }

  @Test func `A warm-up as long as the run is named`() {
    #expect(findings { $0.warmup = 4000 }.first?.contains("is reached only at its end →") == true)
    #expect(
      findings { $0.warmup = 5000 } == [
        "schedule: the warm-up of 5000 iterations is as long as the run or longer, so the learning rate of 0.00025 is never reached → --set training.schedule.warmup_iterations=200, or more training.iterations"
      ])
    #expect(findings { ($0.warmup, $0.milestones) = (3999, []) }.isEmpty)
  }

  @Test func `A warm-up that does not end before the first milestone is named`() {
    #expect(
      findings { ($0.warmup, $0.milestones) = (2000, [2000, 3000]) } == [
        "schedule: the warm-up of 2000 iterations does not end before the first milestone, 2000, so the learning rate of 0.00025 is never reached → --set training.schedule.warmup_iterations=500, or a later milestone"
      ])
    #expect(findings { ($0.warmup, $0.milestones) = (1999, [2000, 3000]) }.isEmpty)
  }

  @Test func `A rate that follows the batch is judged as it is used`() {
    let found = findings { ($0.learningRate, $0.rateFactor) = (0.02, 4) }
    #expect(found.first?.hasSuffix("--set training.learning_rate=0.0000625") == true)
  }

  @Test func `A run without an evaluation or a whole epoch is named`() {
    #expect(findings { $0.evaluationEvery = nil }.first?.hasPrefix("evaluation: the run never evaluates") == true)
    #expect(
      findings { $0.images = 32_001 } == [
        "length: less than one epoch: 4000 iterations of 8 images use 32000 of 32001 images → --set training.iterations=4001 for one pass over them; SSD takes some hundred"
      ])
  }

  /// Layers that are new learn at a higher rate where the base network keeps what it has.
  @Test(arguments: [
    ("", 0.002, 0.0021), ("freeze: conv5_3,", 0.02, 0.021), ("freeze: conv5_2,", 0.002, 0.0021),
    ("base_learning_rate_multiplier: 0.1,", 0.0199, 0.021), ("base_learning_rate_multiplier: 0.5,", 0.004, 0.0041),
  ]) func `The usual rate is that of the layers that learn`(setting: String, usual: Double, high: Double) throws {
    for (rate, isWarned) in [(usual, false), (high, true)] {
      let configuration = try Configuration(
        yaml: """
          version: 1
          data: {classes: [a]}
          training: {\(setting) global_batch: 8, micro_batch: 4, iterations: 100, learning_rate: \(rate)}
          """, name: "test")
      let findings = try #require(configuration.recipeCheck(images: nil)).findings
      #expect(findings.contains { $0.check == "learning rate" } == isWarned, "\(rate)")
    }
  }

  @Test func `No recipe of the repository draws a warning`() throws {
    let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
      "../../configs"
    ).standardizedFileURL.path
    let names = try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".yaml") }
    #expect(names.count >= 8)
    for name in names {
      let configuration = try Configuration(contentsOf: "\(directory)/\(name)", overrides: [])
      let check = try #require(configuration.recipeCheck(images: 1200))
      #expect(check.findings.isEmpty, "\(name)")
    }
  }

  @Test func `The doctor says so, whatever else is wrong`() throws {
    let dataset = try BrokenDataset()
    let settings = [
      "training.learning_rate=0.5", "training.schedule.milestones=[5, 9]", "training.schedule.warmup_iterations=8",
      "training.iterations=2",
    ]
    func checks(_ diagnosis: Diagnosis) -> [String] {
      diagnosis.findings.filter { $0.status == .warning && ["learning rate", "schedule", "length"].contains($0.check) }
        .map(\.check)
    }
    let diagnosis = try dataset.diagnose(settings[0], settings[1], settings[2], settings[3])
    #expect(checks(diagnosis) == ["learning rate", "schedule", "schedule", "length"], "\(diagnosis.text)")
    #expect(diagnosis.fault == nil)
    try dataset.remove("ImageSets/Main/trainval.txt")
    let broken = try dataset.diagnose(settings[0], settings[1], settings[2], settings[3])
    #expect(checks(broken) == ["learning rate", "schedule", "schedule"], "\(broken.text)")
    #expect(broken.fault == .data)
  }
}
