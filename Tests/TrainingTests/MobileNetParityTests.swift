import Inference
import Kernels
import Layers
import Models
import Tensors
import Testing
import Training

/// The MobileNet detectors against PyTorch's in float64; `Tests/Fixtures/README.md` explains the numbers and the rounding.
///
/// In the first step errors may be twice those of PyTorch in float32. From the second step on values cross kinks, and three inexact
/// evaluations of PyTorch tell how well the truth is known.
@Suite(.serialized) struct MobileNetParityTests {
  /// Errors below these are the luck of a few roundings.
  private enum Least {
    static let outputs = 5e-6
    static let gradients = 2e-5
    static let statistics = 1e-6
    /// Of what three updates change, relative to the spacing of float32 weights.
    static let rounding = 6e-8
    /// A norm of a difference that is estimated from its projections may be as many times the true one.
    static let estimate = 1.8
  }

  /// A network that trains on the fixture's images.
  private final class Run {
    let fixture: MobileNetFixture
    let model: SSD
    let (weights, gradients, momentum): (VariableArena, VariableArena, VariableArena)
    let executor: SSDExecutor
    private let pixels: AlignedBuffer

    init(_ name: String, _ kernels: Kernels, threads: Int = 2) throws {
      fixture = try MobileNetFixture(name)
      let setting = fixture.setting
      model = SSD(try #require(setting.architecture), objectClassCount: fixture.description.classes - 1)
      (weights, gradients, momentum) = (
        VariableArena(model.layout), VariableArena(model.layout), VariableArena(model.layout)
      )
      try fixture.fill(weights)
      pixels = fixture.images()
      executor = SSDExecutor(
        model, batch: setting.batch, .training, pool: ThreadPool(threadCount: threads), kernels: kernels)
    }

    var batch: Int { fixture.setting.batch }

    func forward(_ mode: Mode) {
      let shape = model.graph.shape(model.graph.input, batch: batch)
      executor.forward(Tensor(shape, at: pixels.start), weights: weights, mode)
    }

    /// Forward, loss and backward.
    func computeGradients() -> Double {
      forward(.training)
      let images = 0..<batch
      let loss =
        fixture.loss(
          images.map(executor.locations), gradients: images.map(executor.locationGradients), width: 4, stream: 2000)
        + fixture.loss(
          images.map(executor.confidences), gradients: images.map(executor.confidenceGradients),
          width: model.classCount, stream: 2001)
      executor.backward(weights: weights, gradients: gradients)
      return loss
    }

    func update() {
      let settings = fixture.description
      let optimizer = StochasticGradientDescent(momentum: settings.momentum, weightDecay: settings.weight_decay)
      let bad = optimizer.update(
        weights, momentum: momentum, gradients: gradients, in: 0..<model.layout.arenaCount,
        learningRate: settings.learning_rate, context: executor.context)
      #expect(bad == nil)
    }

    /// A variable's values in the order of files.
    func fileOrder(_ variable: Variable, of arena: VariableArena) -> [Float] {
      var values = [Float](repeating: 0, count: variable.range.count)
      values.withUnsafeMutableBufferPointer {
        variable.copyToFileOrder(from: UnsafeBufferPointer(arena[variable]), to: $0)
      }
      return values
    }

    /// Relative errors of all maps, [map, locations and confidences], with what is known of them.
    func expectOutputs(_ key: String, _ allowed: (Int) throws -> Double) throws {
      let boxes = fixture.setting.map_boxes
      let norms = try fixture["\(key).norms"]
      var (first, largest) = (0, 0.0)
      for (map, count) in boxes.enumerated() {
        let outputs = [(executor.locations, 4), (executor.confidences, model.classCount)]
        for (kind, (output, width)) in outputs.enumerated() {
          let number = 2 * map + kind
          let values = (0..<batch).flatMap { image in
            UnsafeBufferPointer(start: output(image) + first * width, count: count * width)
          }
          let expected = try fixture.part("\(key).projections", number, of: 16)
          let error = HashFormulas.distance(values, stream: number, expected) / norms[number]
          largest = max(largest, error)
          #expect(error <= (try allowed(number)), "\(key), map \(map), \(kind == 0 ? "locations" : "confidences")")
        }
        first += count
      }
      print("  \(key): largest error \(largest)")
    }
  }

  private func norm(_ values: some Sequence<Double>) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  private func distance(_ values: [Float], _ expected: [Double]) -> Double {
    norm(zip(values, expected).map { Double($0) - $1 })
  }

  @Test(arguments: MobileNetFixture.names) func `The formulas are those of the script`(name: String) throws {
    let run = try Run(name, Kernels.available[0])
    let setting = run.fixture.setting
    let (norms, first) = (try run.fixture["parameters.norms"], try run.fixture["parameters.first"])
    #expect(run.model.defaultBoxes.countPerMap == setting.map_boxes)
    #expect(Set(run.model.layout.variables.map(\.name)) == Set(setting.parameters + setting.statistics))
    for (number, name) in setting.parameters.enumerated() {
      let variable = try #require(run.model.layout.variables.first { $0.name == name })
      let values = run.fileOrder(variable, of: run.weights).map(Double.init)
      #expect(values.prefix(4).elementsEqual(first[4 * number..<4 * number + min(4, values.count)]), "\(name)")
      #expect(abs(norm(values) - norms[number]) <= 1e-6 * norms[number], "\(name)")
    }
    let images = run.fixture.images()
    var sums = [Double](repeating: 0, count: setting.batch * 3)
    let area = setting.side * setting.side
    for index in 0..<setting.batch * area * 3 {
      sums[index / (area * 3) * 3 + index % 3] += Double(images.floats[index])
    }
    #expect(zip(sums, try run.fixture["images.sums"]).allSatisfy { abs($0 - $1) <= 1e-6 * abs($1) })
  }

  /// The first step: outputs, loss, every gradient and the running statistics, with every instruction set.
  @Test(arguments: MobileNetFixture.names) func `The first step agrees`(name: String) throws {
    for kernels in Kernels.available {
      print("\(name), \(kernels.instructionSet):")
      let run = try Run(name, kernels)
      let loss = run.computeGradients()
      let expectedLoss = try run.fixture["losses"][0]
      #expect(abs(loss - expectedLoss) <= 1e-6 * expectedLoss)
      let outputs = try run.fixture["float32.outputs.errors"]
      try run.expectOutputs("outputs") { max(2 * outputs[$0], Least.outputs) * Least.estimate }
      try expectGradients(run)
      run.update()
      try expectStatistics(run, step: 0) { max(2 * $0["float32"]!, Least.statistics) }
    }
  }

  private func expectGradients(_ run: Run) throws {
    let (scales, errors) = (try run.fixture["gradients.scales"], try run.fixture["float32.gradients.errors"])
    let samples = try run.fixture["gradients.samples"]
    var largest = (ratio: 0.0, error: 0.0, name: "")
    for (number, name) in run.fixture.setting.parameters.enumerated() {
      let variable = run.model.layout.variables.first { $0.name == name }!
      let values = run.fileOrder(variable, of: run.gradients)
      let error =
        HashFormulas.distance(
          values, stream: number, try run.fixture.part("gradients.projections", number, of: 16)) / scales[number]
      let sample = HashFormulas.sample(values, atMost: 32)
      let wholeSample = Array(samples[32 * number..<32 * number + sample.count])
      let allowed = max(2 * errors[number], Least.gradients)
      if error / allowed > largest.ratio { largest = (error / allowed, error, name) }
      #expect(error <= allowed * Least.estimate, "gradient of \(name)")
      // The share of the norm that a sample has, and with few elements the luck of it.
      let isVanishing = run.fixture.setting.vanishing.contains(number)
      let size = isVanishing ? scales[number] : max(norm(wholeSample), 0.2 * scales[number])
      #expect(distance(sample, wholeSample) <= 4 * allowed * size, "sample of the gradient of \(name)")
    }
    print("  gradients: \(largest.ratio) of what is allowed, error \(largest.error), in \(largest.name)")
  }

  /// - Parameter allowed: a relative error, from those of PyTorch's inexact evaluations.
  private func expectStatistics(_ run: Run, step: Int, _ allowed: ([String: Double]) -> Double) throws {
    let names = run.fixture.setting.statistics
    let norms = try run.fixture["statistics.norms"]
    let errors = try Self.evaluations.map { ($0, try run.fixture["\($0).statistics.errors"]) }
    var largest = 0.0
    for (index, name) in names.enumerated() {
      let number = step * names.count + index
      let variable = run.model.layout.variables.first { $0.name == name }!
      let values = run.fileOrder(variable, of: run.weights)
      let error =
        HashFormulas.distance(
          values, stream: index, try run.fixture.part("statistics.projections", number, of: 16)) / norms[number]
      largest = max(largest, error)
      let limit = allowed(Dictionary(uniqueKeysWithValues: errors.map { ($0, $1[number]) }))
      #expect(error <= limit * Least.estimate, "\(name) after step \(step + 1)")
    }
    print("  statistics after step \(step + 1): largest error \(largest)")
  }

  /// Of PyTorch: float32, the same with channels last, float64 with noise.
  private static let evaluations = ["float32", "channels_last", "noise"]

  @Test(arguments: MobileNetFixture.names) func `Three steps and the evaluation agree`(name: String) throws {
    print("\(name):")
    let run = try Run(name, Kernels.available.last!)
    let initial = run.fixture.setting.parameters.map { name in
      run.fileOrder(run.model.layout.variables.first { $0.name == name }!, of: run.weights)
    }
    let losses = try run.fixture["losses"]
    for step in 0..<3 {
      let loss = run.computeGradients()
      #expect(abs(loss - losses[step]) <= 1e-5 * losses[step])
      run.update()
      try expectStatistics(run, step: step) { 2 * max($0.values.max()!, Least.statistics) }
    }
    try expectChanges(run, initial)
    run.forward(.evaluation)
    let errors = try Self.evaluations.map { try run.fixture["\($0).evaluation.errors"] }
    try run.expectOutputs("evaluation") { number in 2 * errors.map { $0[number] }.max()! * Least.estimate }
  }

  private func expectChanges(_ run: Run, _ initial: [[Float]]) throws {
    let scales = try run.fixture["changes.scales"]
    let errors = try Self.evaluations.map { try run.fixture["\($0).changes.errors"] }
    var largest = (ratio: 0.0, error: 0.0, name: "")
    for (number, name) in run.fixture.setting.parameters.enumerated() {
      let variable = run.model.layout.variables.first { $0.name == name }!
      let values = run.fileOrder(variable, of: run.weights)
      let change = zip(values, initial[number]).map { $0 - $1 }
      let error =
        HashFormulas.distance(change, stream: number, try run.fixture.part("changes.projections", number, of: 16))
        / scales[number]
      let rounding = Least.rounding * norm(values.map(Double.init)) / scales[number]
      let allowed = 2 * errors.map { $0[number] }.max()! + 3 * rounding
      if error / allowed > largest.ratio { largest = (error / allowed, error, name) }
      #expect(error <= allowed * Least.estimate, "change of \(name)")
    }
    print("  changes: \(largest.ratio) of what is allowed, error \(largest.error), in \(largest.name)")
  }
}
