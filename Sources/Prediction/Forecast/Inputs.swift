import Files
import MessagePassing

/// What a forecast is computed from: measurements that fit the training, and for the rest assumptions.
struct Inputs {
  /// The measured steps that fit, those of the asked shape of a machine first.
  let steps: [StepMeasurement]
  let loader: LoaderMeasurement?
  /// Links as measured or stated, by wire format brought in line with measured sums.
  let nets: [WireFormat: Interconnect]
  /// What comes from which file.
  private(set) var sources: [String] = []
  /// What was not measured.
  private(set) var assumptions: [String] = []

  /// Seconds of a rank's thread for a message sent and one received: over TCP, and in shared memory.
  private static let messageSeconds = (between: 3.3e-6, inside: 0.9e-6)
  private static let assumedJitter = 0.01
  private static let assumedLatency = (between: 30e-6, inside: 1e-6)

  /// - Parameter links: which kinds of connection there will be.
  init(
    _ subject: Subject, _ question: Question, _ measurements: Measurements, links: (inside: Bool, between: Bool)
  ) throws(PredictionError) {
    for (file, program) in measurements.programs where program.version != subject.program.version {
      throw PredictionError(
        "\(file): measured by \(program.name), this is \(subject.program.name); measure again with this program, or predict with that one"
      )
    }
    let steps = try Self.steps(subject, question, measurements)
    let step = steps[0]
    self.steps = steps
    loader = try Self.loader(subject, measurements)
    sources.append("\(step.file): compute, \(Quantities.count(step.threads, "thread")) a rank")
    let other = Set(measurements.programs.map(\.program.commit)).subtracting([subject.program.commit])
    if !other.isEmpty {
      assumptions.append(
        "measured by another commit (\(other.sorted().joined(separator: ", "))) of the same version: as fast as this one"
      )
    }
    if let loader {
      sources.append("\(loader.file): \(Quantities.number(loader.imagesPerSecond)) images/s of the loader")
    } else {
      assumptions.append("no loader measured: images are always there (multibox benchmark loader CONFIG --json)")
    }
    nets = try Self.nets(subject, question, measurements, step, links, &sources, &assumptions)
    if step.addition == nil {
      assumptions.append(
        "one micro-batch measured: gradients are added at the speed of memory (--batch two micro-batches)")
    }
    if step.jitter == nil {
      assumptions.append(
        "\(Quantities.count(step.seconds.count, "iteration")) measured, too few for their spread: 1 % (--iterations 30)"
      )
    }
    if question.ranksPerHost * step.threads > step.processors {
      assumptions.append(
        "\(question.ranksPerHost) ranks of \(Quantities.count(step.threads, "thread")) on a machine: each has its processors for itself, though \(step.file) was measured on \(Quantities.count(step.processors, "processor"))"
      )
    } else if question.ranksPerHost > 1 {
      assumptions.append("the ranks of a machine compute as fast together as the one that was measured")
    }
    if subject.keepsAverage { assumptions.append("the average of the weights (ema_decay) costs no time") }
  }

  private static func steps(
    _ subject: Subject, _ question: Question, _ measurements: Measurements
  ) throws(PredictionError) -> [StepMeasurement] {
    guard let first = measurements.steps.first else {
      throw PredictionError("no measured training step among --measurements; \(subject.stepCommand)")
    }
    let fitting = measurements.steps.filter { $0.shape == subject.shape && $0.arenaCount == subject.arenaCount }
    guard !fitting.isEmpty else {
      let nearest = measurements.steps.min { one, other in
        one.shape.differences(from: subject.shape).count < other.shape.differences(from: subject.shape).count
      }
      let differences = (nearest ?? first).shape.differences(from: subject.shape)
      let reason =
        differences.isEmpty
        ? "\(first.arenaCount) values of gradients, not \(subject.arenaCount)" : differences.joined(separator: ", ")
      throw PredictionError(
        "\((nearest ?? first).file): measured otherwise than \(subject.name) trains: \(reason); \(subject.stepCommand)")
    }
    let threaded = subject.threads.map { threads in fitting.filter { $0.threads == threads } } ?? fitting
    guard !threaded.isEmpty else {
      throw PredictionError(
        "\(fitting[0].file): measured with \(Quantities.count(fitting[0].threads, "thread")), training.threads is \(subject.threads ?? 0); \(subject.stepCommand)"
      )
    }
    // Of several shapes the one that fills the machine.
    func waste(_ step: StepMeasurement) -> Int { abs(step.processors - step.threads * question.ranksPerHost) }
    let best = threaded.map(waste).min()
    return threaded.filter { waste($0) == best } + fitting.filter { waste($0) != best || !threaded.contains($0) }
  }

  private static func loader(
    _ subject: Subject, _ measurements: Measurements
  ) throws(PredictionError) -> LoaderMeasurement? {
    guard let first = measurements.loaders.first else { return nil }
    guard let loader = measurements.loaders.first(where: { $0.model == subject.shape.model }) else {
      throw PredictionError(
        "\(first.file): measured for \(first.model), \(subject.name) trains \(subject.shape.model); multibox benchmark loader \(subject.name) --json > loader.json"
      )
    }
    return loader
  }

  private static func median(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.sorted()[values.count / 2]
  }

  private static func nets(
    _ subject: Subject, _ question: Question, _ measurements: Measurements, _ step: StepMeasurement,
    _ needed: (inside: Bool, between: Bool), _ sources: inout [String], _ assumptions: inout [String]
  ) throws(PredictionError) -> [WireFormat: Interconnect] {
    let links = measurements.links.flatMap(\.links)
    let (inside, between) = (links.filter(\.isInside), links.filter { !$0.isInside })
    guard !needed.between || !between.isEmpty || question.bandwidth != nil else {
      throw PredictionError(
        "no link between machines among --measurements; mpirun -np 2 --host A,B multibox doctor --json > links.json on two of them, or state what they have: --bandwidth GBIT/S --latency MICROSECONDS"
      )
    }
    if needed.inside, inside.isEmpty {
      assumptions.append(
        "no link inside a machine measured: half as fast as memory (mpirun -np 2 multibox doctor --json)")
    }
    let isStated = question.bandwidth != nil
    if needed.between {
      if isStated {
        assumptions.append(
          "stated, not measured: \(Quantities.number((question.bandwidth ?? 0) * 8 / 1e9)) Gbit/s, \(Quantities.number((question.latency ?? assumedLatency.between) * 1e6)) µs between machines"
        )
      } else {
        sources += measurements.links.filter { $0.links.contains { !$0.isInside } }.map {
          "\($0.file): links between machines"
        }
      }
      assumptions.append("a message between machines takes a processor 3.3 µs; no contention in switches")
    }
    let plain = Interconnect(
      inside: .init(
        latency: median(inside.map(\.latency)) ?? assumedLatency.inside,
        bandwidth: median(inside.map(\.bandwidth)) ?? step.threadMemoryBandwidth / 2,
        messageSeconds: messageSeconds.inside),
      between: .init(
        latency: question.latency ?? median(between.map(\.latency)) ?? assumedLatency.between,
        bandwidth: question.bandwidth ?? median(between.map(\.bandwidth)) ?? .infinity,
        messageSeconds: messageSeconds.between),
      // Two numbers of four bytes are read and one is written.
      additionSeconds: 12 / step.threadMemoryBandwidth)
    var nets: [WireFormat: Interconnect] = [:]
    for wire in WireFormat.allCases {
      var net = plain
      // Those inside first: sums over several machines go through both.
      for sum in measurements.sums.sorted(by: { !$0.crossesHosts && $1.crossesHosts })
      where Set(sum.hosts).count < sum.hosts.count || sum.crossesHosts {
        guard sum.hosts.count > 1, !(sum.crossesHosts && (isStated || between.isEmpty)),
          let correction = Calibration(net, sum, wire: wire)
        else { continue }
        net = correction.net
        guard wire == subject.wire else { continue }
        sources.append(
          "\(sum.file): sums reach \(Quantities.percent(correction.bandwidthFactor)) of what links \(sum.crossesHosts ? "between" : "inside") machines have"
        )
      }
      nets[wire] = net
    }
    if needed.between, isStated || !measurements.sums.contains(where: \.crossesHosts) {
      assumptions.append(
        "no sum over machines measured: gradients reach the links' bandwidth (multibox benchmark allreduce --json)")
    }
    return nets
  }

  /// What a rank computes, by a measured step.
  func work(_ subject: Subject, _ step: StepMeasurement) -> RankWork {
    var loading = 0.0
    if let loader {
      let share = Double(subject.loaderThreads(step.threads)) / Double(loader.threads)
      loading = Double(subject.shape.microBatch) / (loader.imagesPerSecond * share)
    }
    return RankWork(
      forward: step.forward, loss: step.loss, backward: step.backward, curve: step.curve,
      addition: step.addition ?? 12 * Double(step.arenaCount) / step.memoryBandwidth, update: step.update,
      clips: subject.clips, loading: loading, jitter: step.jitter ?? Self.assumedJitter)
  }
}

extension RankWork {
  /// What a rank of a training computes, by the first measured step that fits it.
  ///
  /// - Throws: ``PredictionError`` when none does.
  package init(_ subject: Subject, _ measurements: Measurements) throws(PredictionError) {
    let inputs = try Inputs(subject, Question(ranks: [1]), measurements, links: (inside: false, between: false))
    self = inputs.work(subject, inputs.steps[0])
  }
}
