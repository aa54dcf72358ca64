import Configuration
import Testing

struct RateScalingTests {
  private func read(_ training: String) throws -> Configuration {
    try Configuration(yaml: "version: 1\ntraining: {\(training)}", name: "a.yaml")
  }

  private func fault(_ training: String) -> String {
    do {
      _ = try read(training)
      return "none"
    } catch { return "\(error)" }
  }

  @Test(arguments: [("none", 0.001), ("linear", 0.008), ("sqrt", 0.001 * 8.0.squareRoot())])
  func `The rate follows the batch as it is told`(scaling: String, rate: Double) throws {
    let reference = scaling == "none" ? "" : ", reference_batch: 32"
    let training = try read(
      "global_batch: 256, learning_rate: 0.001, learning_rate_scaling: \(scaling)\(reference)"
    ).training
    let rates = training.learningRates(iterations: 120_000)
    #expect(rates.rate(afterIterations: 500) == Float(rate))
    #expect(rates.rate(afterIterations: 0) == Float(rate * 0.1))
    #expect(abs(rates.rate(afterIterations: 90_000) - Float(rate * 0.1)) < 1e-9)
    // What is written stays what is written.
    #expect(training.schedule.base == 0.001)
  }

  @Test func `Without scaling rates are what they were, bit for bit`() throws {
    let training = try read("global_batch: 96, learning_rate: 0.0007").training
    let (plain, scaled) = (training.schedule.schedule(iterations: 900), training.learningRates(iterations: 900))
    #expect(plain == scaled && training.rateFactor == 1)
  }

  @Test func `Scaling needs a reference, and a reference scaling`() {
    #expect(
      fault("reference_batch: 32").contains(
        "training.reference_batch: 32 scales nothing; give learning_rate_scaling: linear or sqrt"))
    #expect(
      fault("learning_rate_scaling: sqrt").contains(
        "training.reference_batch: learning_rate_scaling: sqrt needs the batch that learning_rate is written for"))
    #expect(fault("learning_rate_scaling: cubic, reference_batch: 1").contains("training.learning_rate_scaling"))
    #expect(fault("learning_rate_scaling: linear, reference_batch: 0").contains("training.reference_batch"))
  }

  private let scaled = "learning_rate_scaling: linear, reference_batch: 32"

  @Test func `The warm-up of a scaled rate ends before the first milestone`() throws {
    let message =
      "training.schedule.warmup_iterations: a warm-up of 500 iterations does not end before the first milestone"
    #expect(fault("\(scaled), schedule: {milestones: [500, 900]}").contains("\(message), 500"))
    #expect(fault("\(scaled), iterations: 600").contains("\(message), 400"))
    #expect(fault("\(scaled), schedule: {milestones: [501, 900]}") == "none")
    #expect(fault("\(scaled), iterations: 600, schedule: {kind: cosine}") == "none")
    #expect(fault("\(scaled), schedule: {milestones: []}") == "none")
    // Runs that scale nothing go on as before.
    #expect(fault("iterations: 600, schedule: {milestones: [5]}") == "none")
  }

  @Test func `Of a run in epochs that is known when its images are`() throws {
    let configuration = try read("\(scaled), epochs: 10")
    try configuration.requireWarmup(iterations: 751)
    #expect(throws: ConfigurationError.self) { try configuration.requireWarmup(iterations: 750) }
  }

  @Test func `A run that is continued says when the scaling is another`() throws {
    let before = try read("global_batch: 64, \(scaled)")
    let now = try read("global_batch: 64, learning_rate_scaling: sqrt, reference_batch: 16")
    #expect(
      now.differences(from: before.resolvedYAML) == [
        "training.learning_rate_scaling was linear, is sqrt", "training.reference_batch was 32, is 16",
      ])
    // A checkpoint that is older than the keys has what they are by default.
    let old = before.resolvedYAML.split(separator: "\n").filter {
      !$0.contains("scaling") && !$0.contains("reference_batch")
    }
    #expect(try read("global_batch: 64").differences(from: old.joined(separator: "\n")) == [])
    #expect(
      before.differences(from: old.joined(separator: "\n")) == [
        "training.learning_rate_scaling was none, is linear", "training.reference_batch was null, is 32",
      ])
    #expect(try Configuration(yaml: before.resolvedYAML, name: "a.yaml").training == before.training)
  }
}
