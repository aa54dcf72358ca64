import Configuration
import Detection
import Exchange
import Inference
import Kernels
import Layers
import Loading
import MessagePassing
import Models
import Tensors

/// The computation of one iteration: matching, forward, loss and backward of this rank's micro-batches, sum of gradients over all
/// ranks, update.
package final class TrainingStep {
  /// What an iteration measured.
  package struct Result: Sendable {
    /// Confidence and location loss of the global batch, before weighting and division by ``positives``.
    package var sums = MultiBoxLoss.Sums()
    /// N, the matched default boxes of the global batch.
    package var positives = 0
    /// (confidence loss + α · location loss) / N; 0 without positives.
    package var loss = 0.0

    package init() {}

    fileprivate init(sums: MultiBoxLoss.Sums, positives: Int, loss: Double) {
      (self.sums, self.positives, self.loss) = (sums, positives, loss)
    }
  }

  /// Ground truth of this rank's micro-batches, matched with default boxes.
  package struct Targets {
    fileprivate let microBatches: [[MatchedTargets]]
    /// Matched default boxes.
    package let positives: Int
  }

  /// What the step moves: weights, momentum, their average.
  package let state: TrainingState
  /// The gradient of the last iteration's loss: of this rank's micro-batches before ``update(learningRate:iteration:)``, of all behind it.
  package var gradients: VariableArena { tree.pieces[0] }
  /// Seconds of the last iteration, by phase.
  package private(set) var seconds = PhaseSeconds()
  /// The time of every layer is added to this; nil, as at first, when it is not wanted.
  package var layerSeconds: LayerSeconds? {
    get { executor.layerSeconds }
    set { executor.layerSeconds = newValue }
  }
  /// When the gradients from an offset of the arena on were complete, in the backward pass of the last micro-batch.
  package struct GradientInstant: Sendable, Equatable {
    package let offset: Int
    /// Since the pass began, sums of gradients left out.
    package let seconds: Double

    package init(offset: Int, seconds: Double) { (self.offset, self.seconds) = (offset, seconds) }
  }

  /// Whether ``curve`` is kept.
  package var recordsCurve = false
  /// How the last backward pass came down the arena.
  package private(set) var curve: [GradientInstant] = []
  /// Identifies how gradients are cut for the exchange.
  var bucketPlan: BucketPlan { exchange.plan }

  private let board: PhaseBoard
  private let executor: SSDExecutor
  private let matcher: Matcher
  private let loss: MultiBoxLoss
  private let optimizer: StochasticGradientDescent
  private let clipping: GradientClipping?
  private let averageDecay: Double?
  private let microBatchCount: Int
  private let trained: Range<Int>
  /// Planned at the first update: where a run begins decides the scales.
  private lazy var gradientNorm = GradientNorm(state.layout, in: trained, inputScales: state.inputScales)
  private let tree: GradientTree
  private let exchange: GradientExchange
  private let workspaces: [MultiBoxLoss.Workspace]
  private var context: ExecutionContext { executor.context }

  /// Maps all memory of the step.
  ///
  /// - Parameters:
  ///   - microBatch: images of one forward pass.
  ///   - microBatches: micro-batches of one iteration, of all ranks.
  ///   - frozenLayers: layers from the input on that keep their weights.
  ///   - clipNorm: the largest length of a gradient; nil for no limit.
  ///   - averageDecay: how slowly the average of the weights follows them; nil to keep none.
  ///   - summation: the tree along which gradients are added.
  ///   - communicator: the ranks that share the iteration.
  ///   - layout: where the ranks are; nil for all on one machine.
  ///   - board: told what is going on.
  /// - Throws: `MessagePassingError` when the ranks cannot agree on a channel for gradients.
  package init(
    _ model: SSD, matcher: Matcher, optimizer: StochasticGradientDescent, microBatch: Int, microBatches: Int,
    pool: ThreadPool, kernels: Kernels, frozenLayers: Int = 0, clipNorm: Double? = nil, averageDecay: Double? = nil,
    summation: SummationOrder.Form = .twosBelow, communicator: any Communicator = SingleProcessCommunicator(),
    layout: RankLayout? = nil,
    settings: Configuration.Communication = Configuration.Communication(), board: PhaseBoard = PhaseBoard()
  ) throws(MessagePassingError) {
    self.board = board
    self.matcher = matcher
    self.optimizer = optimizer
    self.averageDecay = averageDecay
    microBatchCount = microBatches
    executor = SSDExecutor(
      model, batch: microBatch, .training, frozenLayers: frozenLayers, pool: pool, kernels: kernels)
    loss = MultiBoxLoss(classCount: model.classCount)
    state = TrainingState(model.layout, keepsAverage: averageDecay != nil)
    trained = model.graph.trainedRange(frozen: frozenLayers, of: model.layout.arenaCount)
    clipping = clipNorm.map { GradientClipping(limit: $0) }
    state.summation = summation
    let order = SummationOrder(count: microBatches, form: summation)
    if let sizes = layout?.groupSizes, layout?.groups(order) == nil {
      throw MessagePassingError(
        "MULTIBOX_GROUPS: groups of \(sizes) do not make the tree of \(microBatches) micro-batches; powers of two do, and the odd factor last"
      )
    }
    tree = GradientTree(
      model.layout, largestLayer: model.graph.largestLayerCount,
      share: GradientExchange.share(of: order, WorkDivision(communicator), settings: settings), wire: settings.wire)
    exchange = GradientExchange(
      try communicator.duplicate(), order: order, trained: trained, averages: model.layout.averages,
      layout: layout ?? RankLayout(worldSize: communicator.worldSize), settings: settings, kernels: kernels)
    workspaces = (0..<pool.threadCount).map { _ in MultiBoxLoss.Workspace(defaultBoxCount: model.defaultBoxes.count) }
  }

  deinit { exchange.stop() }

  /// Bytes that a step maps, by use.
  ///
  /// - Parameter microBatches: of one iteration, of all ranks.
  static func byteCounts(
    _ model: SSD, microBatch: Int, microBatches: Int, frozenLayers: Int, keepsAverage: Bool, threads: Int,
    division: WorkDivision, settings: Configuration.Communication
  ) -> (state: Int, gradients: Int, network: Int, exchange: Int) {
    let order = SummationOrder(count: microBatches)
    return (
      TrainingState.byteCount(model.layout, keepsAverage: keepsAverage),
      GradientTree.byteCount(
        model.layout, largestLayer: model.graph.largestLayerCount,
        share: GradientExchange.share(of: order, division, settings: settings)),
      SSDExecutor.byteCount(
        model, batch: microBatch, .training, frozenLayers: frozenLayers, threads: threads),
      division.worldSize == 1
        ? 0
        : GradientExchange.byteCount(
          trained: model.graph.trainedRange(frozen: frozenLayers, of: model.layout.arenaCount),
          averages: model.layout.averages, layout: RankLayout(worldSize: division.worldSize), order: order,
          settings: settings)
    )
  }

  /// Matches the objects of an iteration's images, which needs no forward pass: N is known before the first one.
  package func match(_ microBatches: [MicroBatch]) -> Targets {
    seconds = PhaseSeconds()
    let results = seconds.measure(\.loss) {
      context.pool.map(microBatches.flatMap(\.groundTruth)) { image, _ in matcher.match(image) }
    }
    var rest = results[...]
    let targets = microBatches.map { microBatch in
      defer { rest = rest.dropFirst(microBatch.count) }
      return Array(rest.prefix(microBatch.count))
    }
    return Targets(microBatches: targets, positives: results.reduce(0) { $0 + $1.positiveCount })
  }

  /// Shows a record of this rank to all others, while they compute.
  package func show<Record: BitwiseCopyable>(_ record: Record) -> Gathering<Record> { exchange.gather([record]) }

  /// The records of all ranks, by rank.
  ///
  /// - Throws: `MessagePassingError`.
  package func records<Record>(_ shown: Gathering<Record>) throws -> [Record] {
    try seconds.measure(\.communication) { try exchange.wait(for: shown) }
  }

  /// Computes loss and gradients of this rank's micro-batches and begins to send them; ``update(learningRate:iteration:)`` must follow.
  ///
  /// - Parameter normalizer: N, the matched default boxes of the global batch; asked for behind the first forward pass. Nil to end there.
  /// - Returns: nil where that has happened.
  /// - Throws: what `normalizer` throws; `MessagePassingError`; ``NonFiniteLoss`` at every rank when a micro-batch of any has a loss that is
  ///   not finite, and then nothing is to be updated.
  package func computeGradients(
    _ microBatches: [MicroBatch], _ targets: Targets, normalizer: () throws -> Int?
  ) throws -> Result? {
    tree.reset()
    exchange.begin(tree.pieces)
    var sums: [MultiBoxLoss.Sums] = []
    var positives: Int?
    var losses: Gathering<MultiBoxLoss.Sums>?
    for (microBatch, targets) in zip(microBatches, targets.microBatches) {
      board.enter("forward")
      seconds.measure(\.forward) { executor.forward(images(of: microBatch), weights: state.weights, .training) }
      if positives == nil { positives = try normalizer() }
      guard let positives else { return nil }
      sums.append(seconds.measure(\.loss) { evaluateLoss(targets, normalizer: positives) })
      if tree.isAtLastLeaf { losses = exchange.gather(sums) }
      board.enter("backward")
      backward()
    }
    guard let positives, let losses else { return nil }
    board.enter("waiting for the losses of other ranks", waitsForOthers: true)
    let all = try records(losses)
    if let bad = all.firstIndex(where: { !$0.isFinite }) {
      // Gradients are on their way, but no weight has moved.
      while try exchange.next() != nil {}
      throw NonFiniteLoss(microBatch: bad, sums: all[bad], positives: positives)
    }
    let total = all.reduce(MultiBoxLoss.Sums(), +)
    return Result(sums: total, positives: positives, loss: loss.mean(of: total, normalizer: positives))
  }

  /// The same with an N that is known.
  package func computeGradients(
    _ microBatches: [MicroBatch], _ targets: Targets, normalizer: Int
  ) throws -> Result {
    try computeGradients(microBatches, targets) { normalizer } ?? Result()
  }

  /// Moves the weights along the gradients of the last iteration: bucket by bucket, as their sums arrive, or all at once where the length of
  /// the whole gradient is limited.
  ///
  /// - Parameter iteration: optimizer steps taken before.
  /// - Returns: the length of the gradient, where it is limited.
  /// - Throws: `MessagePassingError`; ``NonFiniteGradient``, and then the weights are not to be used.
  @discardableResult
  package func update(learningRate: Float, iteration: Int = 0) throws -> Double? {
    board.enter("exchange of gradients,", waitsForOthers: true) { [exchange] in exchange.position }
    let average = averageDecay.flatMap { decay in
      state.average.map { ($0, share: WeightAverage.share(decay: decay, iteration: iteration)) }
    }
    func move(_ range: Range<Int>, clip: Float) throws {
      let bad = seconds.measure(\.update) {
        optimizer.update(
          state.weights, momentum: state.momentum, gradients: gradients, in: range, learningRate: learningRate,
          clip: clip, inputScales: state.inputScales, microBatches: microBatchCount, average: average, context: context)
      }
      if let bad { throw NonFiniteGradient(parameter: bad.name) }
    }
    while let range = try seconds.measure(\.communication, { () throws(MessagePassingError) in try exchange.next() }) {
      if clipping == nil { try move(range, clip: 1) }
      board.progress()
    }
    guard let clipping else { return nil }
    let (norm, notFinite) = seconds.measure(\.update) {
      gradientNorm.evaluate(gradients, context: context)
    }
    if let notFinite { throw NonFiniteGradient(parameter: notFinite.name) }
    try move(trained, clip: clipping.factor(norm: norm))
    return norm
  }

  /// A detector with the weights as they are, for use between two iterations: it computes in the memory of the step.
  package func detector(_ experiment: Experiment) -> Detector {
    Detector(experiment, weights: state.detectorWeights, executor: executor)
  }

  /// The name of the first layer whose output is not finite for these images; nil when all are.
  package func firstNonFiniteLayer(_ microBatch: MicroBatch) -> String? {
    executor.firstNonFiniteLayer(images(of: microBatch), weights: state.weights)
  }

  private func images(of microBatch: MicroBatch) -> Tensor {
    Tensor(
      executor.model.imageShape(batch: microBatch.count), at: microBatch.pixels)
  }

  private func backward() {
    let isLast = tree.isAtLastLeaf
    let start = ContinuousClock.now
    let before = seconds.gradientSum
    var end = trained.upperBound
    curve.removeAll(keepingCapacity: true)
    executor.backward(weights: state.weights, gradients: tree.leaf) { offset in
      if isLast, recordsCurve {
        let sums = seconds.gradientSum - before
        curve.append(
          GradientInstant(offset: offset, seconds: (ContinuousClock.now - start) / .seconds(1) - sums))
      }
      seconds.measure(\.gradientSum) { tree.add(offset..<end, context: context) }
      end = offset
      if isLast { exchange.complete(from: offset) }
    }
    if !isLast { tree.endLeaf() }
    seconds.backward += (ContinuousClock.now - start) / .seconds(1) - (seconds.gradientSum - before)
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

/// A loss that is infinite or not a number.
package struct NonFiniteLoss: Error {
  /// The micro-batch of the global batch.
  package let microBatch: Int
  /// Its loss.
  let sums: MultiBoxLoss.Sums
  /// N.
  package let positives: Int
}

/// A gradient that is infinite or not a number, though the loss was finite.
package struct NonFiniteGradient: Error {
  /// The parameter whose momentum it has spoiled.
  package let parameter: String
}
