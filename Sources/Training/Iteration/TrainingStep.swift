import Datasets
import Detection
import Layers
import Models
import Tensors

/// The computation of one iteration: matching, forward, loss and backward of every micro-batch, sum of gradients, update.
public final class TrainingStep {
  /// What an iteration measured.
  public struct Result: Sendable {
    /// Confidence and location loss of the global batch, before weighting and division by ``positives``.
    public var sums = MultiBoxLoss.Sums()
    /// N, the matched default boxes of the global batch.
    public var positives = 0
    /// (confidence loss + α · location loss) / N; 0 without positives.
    public var loss = 0.0

    package init() {}
  }

  /// The weights that are trained.
  public let weights: ParameterArena
  /// The optimizer's momentum.
  public let momentum: ParameterArena
  /// The gradient of the last iteration's loss.
  public var gradients: ParameterArena { tree.sum }
  /// Seconds of the last iteration, by phase.
  public private(set) var seconds = PhaseSeconds()

  private let executor: SSDExecutor
  private let matcher: Matcher
  private let loss: MultiBoxLoss
  private let optimizer: StochasticGradientDescent
  private let tree: GradientTree
  private let workspaces: [MultiBoxLoss.Workspace]
  private var context: ExecutionContext { executor.context }

  /// Maps all memory of the step.
  ///
  /// - Parameters:
  ///   - microBatch: images of one forward pass.
  ///   - microBatches: micro-batches of one iteration.
  public init(
    _ model: SSD, matcher: Matcher, optimizer: StochasticGradientDescent, microBatch: Int, microBatches: Int,
    pool: ThreadPool, kernels: Kernels
  ) {
    self.matcher = matcher
    self.optimizer = optimizer
    executor = SSDExecutor(model, batch: microBatch, training: true, pool: pool, kernels: kernels)
    loss = MultiBoxLoss(classCount: model.classCount)
    weights = ParameterArena(model.parameters)
    momentum = ParameterArena(model.parameters)
    tree = GradientTree(model.parameters, leaves: microBatches)
    workspaces = (0..<pool.threadCount).map { _ in MultiBoxLoss.Workspace(defaultBoxCount: model.defaultBoxes.count) }
  }

  /// Bytes that a step maps.
  public static func byteCount(_ model: SSD, microBatch: Int, microBatches: Int, threads: Int) -> Int {
    let arenas = 2 + GradientTree.arenaCount(leaves: microBatches)
    return arenas * model.parameters.arenaCount * MemoryLayout<Float>.stride
      + SSDExecutor.byteCount(model, batch: microBatch, training: true, threads: threads)
  }

  /// Computes loss and gradients of an iteration; the weights stay as they are until ``update(learningRate:)``.
  public func computeGradients(_ microBatches: [MicroBatch]) -> Result {
    seconds = PhaseSeconds()
    tree.reset()
    let targets = seconds.measure(\.loss) { match(microBatches) }
    var result = Result()
    result.positives = targets.reduce(0) { $0 + $1.reduce(0) { $0 + $1.positiveCount } }
    for (microBatch, targets) in zip(microBatches, targets) {
      let shape = executor.model.graph.shape(executor.model.graph.input, batch: microBatch.count)
      seconds.measure(\.forward) { executor.forward(Tensor(shape, microBatch.pixels), weights: weights) }
      result.sums = result.sums + seconds.measure(\.loss) { evaluateLoss(targets, normalizer: result.positives) }
      seconds.measure(\.backward) {
        executor.backward(weights: weights, gradients: tree.leaf)
        tree.add(context: context)
      }
    }
    result.loss = loss.mean(of: result.sums, normalizer: result.positives)
    return result
  }

  /// Moves the weights along the gradients of the last iteration.
  public func update(learningRate: Float) {
    seconds.measure(\.update) {
      optimizer.update(
        weights, momentum: momentum, gradients: gradients, learningRate: learningRate, context: context)
    }
  }

  private func match(_ microBatches: [MicroBatch]) -> [[MatchedTargets]] {
    let images = microBatches.flatMap(\.groundTruth)
    let results = context.pool.map(images) { image, _ in matcher.match(image) }
    var rest = results[...]
    return microBatches.map { microBatch in
      defer { rest = rest.dropFirst(microBatch.count) }
      return Array(rest.prefix(microBatch.count))
    }
  }

  private func evaluateLoss(_ targets: [MatchedTargets], normalizer: Int) -> MultiBoxLoss.Sums {
    let sums = context.pool.map(Array(targets.indices)) { image, worker in
      loss.evaluate(
        locations: executor.locations(image), confidences: executor.confidences(image), targets: targets[image],
        normalizer: normalizer, locationGradients: executor.locationGradients(image),
        confidenceGradients: executor.confidenceGradients(image), workspace: workspaces[worker])
    }
    return sums.reduce(MultiBoxLoss.Sums(), +)
  }
}
