import Files
import MessagePassing

/// How fast a training would be on so many ranks.
package struct Forecast: Sendable {
  /// One number of ranks.
  package struct JobSize: Sendable, Equatable {
    /// Ranks.
    package let ranks: Int
    /// Their machines.
    package let hosts: Int
    /// Micro-batches of a rank and iteration.
    package let microBatches: Int
    /// Seconds.
    package let result: TrainingSimulation.Result
    package let imagesPerSecond: Double
    /// Images a second by those of as many ranks that need not wait for each other: by one process times ranks.
    package let efficiency: Double
    /// Machines times hours of the run; nil when its length is not known.
    package let nodeHours: Double?
    /// Subtrees that a rank sends by themselves, 1 for most numbers of ranks.
    let pieces: Int
  }

  package let subject: Subject
  package let question: Question
  /// In the order in which they were asked for.
  package let points: [JobSize]
  package let advice: [Advice]
  /// What comes from which file.
  package let sources: [String]
  /// What was not measured.
  package let assumptions: [String]
  /// Images a second of one process.
  package let singleProcess: Double
  /// Measured runs, for comparison.
  package let runs: [RunMeasurement]

  /// Predicts.
  ///
  /// - Throws: ``PredictionError`` for measurements that are missing or do not fit, and for numbers of ranks that are not legal.
  package init(_ subject: Subject, _ question: Question, _ measurements: Measurements) throws(PredictionError) {
    try Self.requireLegal(question.ranks, subject)
    let worldSizes = question.ranks
    let inputs = try Inputs(
      subject, question, measurements,
      links: (
        inside: question.ranksPerHost > 1 && worldSizes.contains { $0 > 1 },
        between: worldSizes.contains { $0 > question.ranksPerHost }
      ))
    var assumptions = inputs.assumptions
    let images = question.images ?? inputs.loader?.trainingImages
    if question.epochs ?? subject.epochs != nil, images == nil {
      guard question.epochs == nil else {
        throw PredictionError(
          "--epochs \(question.epochs ?? 0): how many training images there are is not known; --images N, or measure the loader: multibox benchmark loader \(subject.name) --json > loader.json"
        )
      }
      assumptions.append("no node-hours: training.epochs needs the number of images (--images N)")
    }
    let model = Model(subject, question, inputs, images: images)
    self.subject = subject
    self.question = question
    points = worldSizes.map { model.point(ranks: $0) }
    advice = Advisor(model, points).advice
    sources = inputs.sources
    self.assumptions = assumptions
    singleProcess = model.singleProcess
    runs = measurements.runs
  }

  private static func requireLegal(_ ranks: [Int], _ subject: Subject) throws(PredictionError) {
    for count in ranks where count < 1 || !subject.microBatches.isMultiple(of: count) {
      let legal = subject.legalRanks
      let all = legal.map(String.init)
      let text =
        all.count <= 24
        ? all.joined(separator: ", ")
        : all.prefix(12).joined(separator: ", ") + " … " + all.suffix(6).joined(separator: ", ")
      throw PredictionError(
        "\(Quantities.count(count, "rank")): \(subject.globalBatch) images in micro-batches of \(subject.shape.microBatch) are \(subject.microBatches) units of work, which they cannot share evenly; take \(text), or another batch: --set training.global_batch=\(subject.shape.microBatch * max(1, count) * max(1, subject.microBatches / max(1, count)))"
      )
    }
  }
}

/// Predicts single numbers of ranks.
struct Model {
  let subject: Subject
  let question: Question
  let inputs: Inputs
  let images: Int?

  init(_ subject: Subject, _ question: Question, _ inputs: Inputs, images: Int?) {
    (self.subject, self.question, self.inputs, self.images) = (subject, question, inputs, images)
  }

  /// How a training is run.
  struct Choice {
    var ranksPerHost: Int
    var step: StepMeasurement
    var wire: WireFormat
    var bucketMegabytes: Float?
  }

  /// As configured and asked.
  var usual: Choice {
    Choice(
      ranksPerHost: question.ranksPerHost, step: inputs.steps[0], wire: subject.wire,
      bucketMegabytes: subject.bucketMegabytes)
  }

  var order: SummationOrder { SummationOrder(count: subject.microBatches) }

  /// Images a second of one process.
  var singleProcess: Double {
    Double(subject.globalBatch) / inputs.work(subject, inputs.steps[0]).seconds(microBatches: subject.microBatches)
  }

  /// The most iterations that are simulated, and the messages that all of them may have together.
  private static let (mostIterations, mostMessages) = (20, 60_000_000)

  /// How many iterations can be simulated in a second or two.
  func iterations(ranks: Int, _ choice: Choice, most: Int = mostIterations) -> Int {
    guard let plan = plan(ranks: ranks, choice) else { return most }
    let messages = 2 * ranks * plan.groups.peers * subject.buckets(choice.bucketMegabytes).count
    return max(1, min(most, Self.mostMessages / messages))
  }

  private func plan(ranks: Int, _ choice: Choice) -> SumPlan? {
    SumPlan(
      hosts: question.hosts(worldSize: ranks, ranksPerHost: choice.ranksPerHost), order: order, wire: choice.wire)
  }

  func result(ranks: Int, _ choice: Choice, most: Int = mostIterations) -> TrainingSimulation.Result {
    let net = inputs.nets[choice.wire]!
    let simulation = TrainingSimulation(
      inputs.work(subject, choice.step), net, plan: plan(ranks: ranks, choice), order: order,
      buckets: subject.buckets(choice.bucketMegabytes))
    return simulation.run(iterations: iterations(ranks: ranks, choice, most: most))
  }

  func point(ranks: Int) -> Forecast.JobSize {
    let result = result(ranks: ranks, usual)
    let rate = Double(subject.globalBatch) / result.iteration
    let hosts = (ranks + question.ranksPerHost - 1) / question.ranksPerHost
    return Forecast.JobSize(
      ranks: ranks, hosts: hosts, microBatches: subject.microBatches / ranks, result: result, imagesPerSecond: rate,
      efficiency: rate / (Double(ranks) * singleProcess),
      nodeHours: runSeconds(iteration: result.iteration).map { Double(hosts) * $0 / 3600 },
      pieces: plan(ranks: ranks, usual)?.pieces ?? 1)
  }

  private func runSeconds(iteration: Double) -> Double? {
    if question.epochs == nil, let iterations = subject.iterations { return Double(iterations) * iteration }
    guard let epochs = question.epochs ?? subject.epochs, let images else { return nil }
    return epochs * Double(images) / Double(subject.globalBatch) * iteration
  }
}
