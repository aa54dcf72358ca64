import Configuration
import Datasets
import Foundation
import Inference
import Kernels
import Loading
import MessagePassing
import Tensors
import Testing
import Training

/// Whole runs and evaluations of ranks that are threads of this process.
struct RanksAsThreadsTests {
  @Test(arguments: [2, 3, 6])
  func `Any number of ranks leaves the checkpoint and the metrics of one`(worldSize: Int) throws {
    let runs = try NarrowRuns()
    let overrides = [
      "training.global_batch=6", "training.micro_batch=1", "training.gradient_clip_norm=1", "training.ema_decay=0.9",
      "evaluation.every=4", "communication.bucket_megabytes=0.05",
    ]
    let alone = try runs.train("alone", overrides)
    let configuration = try runs.configuration("together", overrides)
    let logger = runs.messages.logger
    let outcomes = try ThreadCommunicator.run(worldSize: worldSize) { communicator in
      let job = try Job(communicator, logger: logger)
      let trainer = try Trainer(configuration, resume: .auto, job: job, kernels: Kernels.available.last!)
      let outcome = try trainer.run()
      try job.leave()
      return outcome
    }
    #expect(outcomes.allSatisfy { $0 == .finished })
    #expect(try runs.state("together").ofAnyRanks == alone.ofAnyRanks)
  }

  /// Batch normalisations go by micro-batches, and their running averages move by the mean of what all micro-batches have seen: nothing
  /// depends on which rank computes which. Gradients may be rounded; averages are not.
  @Test(arguments: ["ssd300-mobilenet-v1", "ssdlite320-mobilenet-v3-large"], ["float32", "bfloat16"])
  func `A network with batch normalisation has the same running averages on any number of ranks`(
    name: String, wire: String
  ) throws {
    let runs = try NarrowRuns()
    let overrides = [
      "model.name=\(name)", "model.width_multiplier=0.125", "training.global_batch=8", "training.micro_batch=2",
      "training.iterations=3", "training.schedule.milestones=[2]", "communication.wire=\(wire)",
      "communication.bucket_megabytes=0.05",
    ]
    let alone = try runs.train("alone", overrides)
    let logger = runs.messages.logger
    for worldSize in [2, 4] {
      let configuration = try runs.configuration("together\(worldSize)", overrides)
      _ = try ThreadCommunicator.run(worldSize: worldSize) { communicator in
        let job = try Job(communicator, logger: logger)
        return try Trainer(configuration, resume: .auto, job: job, kernels: Kernels.available.last!).run()
      }
      #expect(try runs.state("together\(worldSize)").ofAnyRanks == alone.ofAnyRanks, "\(worldSize) ranks")
    }
    // Another number of micro-batches gives other averages, and a stop in the middle does not.
    _ = try runs.train("stopped", overrides, until: 2)
    #expect(try runs.train("stopped", overrides) == alone)
  }

  @Test func `Ranks that are asked to stop leave a checkpoint that any number continues`() throws {
    let runs = try NarrowRuns()
    let overrides = ["training.global_batch=6", "training.micro_batch=1"]
    let alone = try runs.train("alone", overrides)
    let configuration = try runs.configuration("together", overrides)
    let logger = runs.messages.logger
    for (worldSize, last) in [(3, 2), (2, 5), (6, nil)] as [(Int, Int?)] {
      _ = try ThreadCommunicator.run(worldSize: worldSize) { communicator in
        let job = try Job(communicator, logger: logger)
        return try Trainer(configuration, resume: .auto, job: job, kernels: Kernels.available.last!).run(until: last)
      }
    }
    #expect(try runs.state("together").ofAnyRanks == alone.ofAnyRanks)
  }

  @Test(arguments: [1, 2, 3, 5])
  func `A damaged image is left out or named, whichever rank has it`(worldSize: Int) throws {
    let runs = try NarrowRuns()
    let configuration = try runs.configuration("none", ["data.evaluation_split=trainval"])
    let dataset = try configuration.dataset(split: .same("trainval"))
    let damaged = [1, 8].map { dataset.images[$0].imagePath }
    for path in damaged {
      let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: path))
    }
    let evaluate = { @Sendable (communicator: ThreadCommunicator, policy: DamagedEvaluationPolicy) in
      let experiment = Experiment(configuration)
      let detector = Detector(
        experiment, weights: VariableArena(experiment.model.layout), batch: 2, pool: ThreadPool(threadCount: 1),
        kernels: Kernels.available.last!)
      return try SplitEvaluation(
        detector, on: dataset, difficult: .trainOnly, damaged: policy, loaderThreads: 1, communicator: communicator)
    }
    let skipping = try ThreadCommunicator.run(worldSize: worldSize) { communicator in
      try evaluate(communicator, .skip).damagedImages.map(\.file)
    }
    #expect(skipping[0] == damaged)
    let error = #expect(throws: DatasetError.self) {
      try ThreadCommunicator.run(worldSize: worldSize) { communicator in try evaluate(communicator, .stop).seconds }
    }
    #expect(error.map { damaged.contains($0.file) } == true, "\(String(describing: error))")
  }

  /// Ten images in batches of two: some of nine ranks have none.
  @Test func `An evaluation has the same results with any number of ranks`() throws {
    let runs = try NarrowRuns()
    let configuration = try runs.configuration("none", ["data.evaluation_split=trainval"])
    let results = try (1...9).map { worldSize in
      try ThreadCommunicator.run(worldSize: worldSize) { communicator in
        let experiment = Experiment(configuration)
        let weights = VariableArena(experiment.model.layout)
        _ = try experiment.fillInitialWeights(weights)
        let detector = Detector(
          experiment, weights: weights, batch: 2, pool: ThreadPool(threadCount: 1), kernels: Kernels.available.last!)
        let dataset = try configuration.dataset(split: .same("trainval"))
        let evaluation = try SplitEvaluation(
          detector, on: dataset, difficult: .trainOnly, loaderThreads: 1, communicator: communicator)
        return evaluation.images.map { "\($0)" }
      }
    }
    let alone = results[0][0]
    #expect(alone.count == 10 && Set(alone).count == 10)
    for (own, worldSize) in zip(results, 1...) {
      #expect(own[0] == alone, "\(worldSize) ranks")
      #expect(own.dropFirst().joined().isEmpty, "results are collected at rank 0")
    }
  }
}
