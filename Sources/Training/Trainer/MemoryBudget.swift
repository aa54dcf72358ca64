import Configuration
import Inference
import Loading
import MessagePassing

/// What a training process will map, known before it starts.
package struct MemoryBudget: Sendable, CustomStringConvertible {
  /// One use of memory.
  package struct Item: Sendable {
    /// What for.
    package let name: String
    /// How much.
    package let bytes: Int
  }

  /// The uses, in the order of printing.
  package let items: [Item]
  /// All of them.
  package var bytes: Int { items.reduce(0) { $0 + $1.bytes } }

  /// The budget of one process.
  ///
  /// - Parameters:
  ///   - frozenLayers: layers from the input on that keep their weights.
  ///   - evaluates: whether it evaluates; the network then runs in the memory of training.
  ///   - worldSize: the ranks that share an iteration.
  ///   - writes: whether the process writes checkpoints, as rank 0 does.
  package init(
    _ experiment: Experiment, frozenLayers: Int = 0, threads: Int, evaluates: Bool,
    worldSize: Int = 1, writes: Bool = true
  ) {
    let (configuration, model) = (experiment.configuration, experiment.model)
    let training = configuration.training
    let microBatches = training.globalBatch / training.microBatch
    let keepsAverage = training.averageDecay != nil
    let step = TrainingStep.byteCounts(
      model, microBatch: training.microBatch, microBatches: microBatches, frozenLayers: frozenLayers,
      keepsAverage: keepsAverage, threads: threads, division: WorkDivision(rank: 0, worldSize: worldSize),
      settings: configuration.communication)
    let image = model.graph.shape(model.graph.input).count * MemoryLayout<Float>.stride
    var items = [
      Item(name: keepsAverage ? "weights, average and momentum" : "weights and momentum", bytes: step.state),
      Item(name: "gradients", bytes: step.gradients),
      Item(name: "activations and scratch", bytes: step.network),
      Item(
        name: "images read ahead",
        bytes: Loader.byteCount(
          capacity: Loader.usualCapacity, samples: training.globalBatch / worldSize, microBatch: training.microBatch,
          input: configuration.networkInput, byteLimit: configuration.data.queueMegabytes * 1_000_000)),
    ]
    if writes { items.append(Item(name: "copy for checkpoints", bytes: step.state)) }
    if writes, configuration.checkpoint.memoryEverySeconds != nil {
      // One that training hands over, and two files.
      items.append(Item(name: "copies in memory", bytes: 3 * step.state))
    }
    if worldSize > 1 { items.append(Item(name: "exchange", bytes: step.exchange)) }
    if evaluates {
      items.append(
        Item(name: "images to evaluate", bytes: SplitEvaluation.loaderCapacity * training.microBatch * image))
    }
    self.items = items
  }

  /// "1.33 GB: weights and momentum 0.21, …".
  package var description: String {
    func gigabytes(_ bytes: Int) -> String {
      let hundredths = (bytes + 5_000_000) / 10_000_000
      return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }
    return "\(gigabytes(bytes)) GB: " + items.map { "\($0.name) \(gigabytes($0.bytes))" }.joined(separator: ", ")
  }
}
