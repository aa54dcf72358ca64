import Configuration
import Detection
import Inference
import Kernels
import Layers
import Loading
import Models
import Tensors
import Testing
import Training

/// The full-width network against torchvision in float64: `Tests/Fixtures/README.md` explains the numbers and the rounding.
@Suite(.serialized) struct TorchvisionParityTests {
  /// A way to compute convolutions.
  struct Computation: CustomTestStringConvertible {
    let kernels: Kernels
    let method: ConvolutionMethod

    var testDescription: String { "\(kernels.instructionSet), \(method.rawValue)" }

    /// The usual method with every instruction set, and every method with the best.
    static let all =
      Kernels.available.map { Computation(kernels: $0, method: .fastest) }
      + ConvolutionMethod.allCases.filter { $0 != .fastest && $0 != .tiles }.map {
        Computation(kernels: Kernels.available.last!, method: $0)
      }
  }

  /// Of gradients, relative to their norm: README.md, Rounding.
  private static let gradientTolerance = 2e-4
  private let fixture: TorchvisionFixture
  private let configuration: Configuration
  private let model: SSD

  init() throws {
    MatrixLibrary.useOneThread()
    fixture = try TorchvisionFixture()
    configuration = try Self.configuration()
    model = Experiment(configuration).model
  }

  private static func configuration(_ method: ConvolutionMethod = .fastest) throws -> Configuration {
    try Configuration(
      yaml: """
        version: 1
        model: {default_boxes: torchvision, matching: argmax}
        training: {global_batch: 2, micro_batch: 2, weight_decay: 0.05, convolution: \(method.rawValue)}
        evaluation: {clip: before-nms}
        """, name: "torchvision")
  }

  private func fill(_ weights: VariableArena) throws {
    for parameter in model.layout.variables { try fixture.fill(parameter, of: weights) }
  }

  private func trainingPixels() -> AlignedBuffer {
    let pixels = AlignedBuffer(count: 2 * 300 * 300 * 3)
    let input = configuration.networkInput
    for image in 0..<2 {
      input.sample(
        fixture.image(image), kernels: Kernels.available[0], into: pixels.floats.baseAddress! + image * 300 * 300 * 3)
    }
    return pixels
  }

  private func groundTruth() throws -> [[GroundTruth]] {
    try (0..<2).map { image in
      let boxes = try fixture["ground_truth.\(image).boxes"].map { Float($0 / 300) }
      return try fixture["ground_truth.\(image).labels"].enumerated().map { index, label in
        GroundTruth(
          box: CornerBox(
            xMin: boxes[4 * index], yMin: boxes[4 * index + 1], xMax: boxes[4 * index + 2], yMax: boxes[4 * index + 3]),
          label: Int(label))
      }
    }
  }

  /// The relative L2 distance.
  private func distance(_ result: [Float], _ expected: [Double]) -> Double {
    precondition(result.count == expected.count, "\(result.count) values against \(expected.count)")
    let difference = zip(result, expected).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
    return (difference / expected.reduce(0) { $0 + $1 * $1 }).squareRoot()
  }

  private func norm(_ values: [Float]) -> Double { values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() }

  @Test func `The formulas are those of the script`() throws {
    let weights = VariableArena(model.layout)
    try fill(weights)
    #expect(fixture.parameterNames.count == 71)
    let first = try fixture["parameters.first"]
    for parameter in model.layout.variables {
      let number = fixture.parameterNames.firstIndex(of: parameter.name)!
      let values = fixture.fileOrder(parameter, of: weights)
      #expect(values.prefix(4).map(Double.init) == Array(first[4 * number..<4 * number + 4]), "\(parameter.name)")
      #expect(
        try fixture.distance(values, of: parameter, from: "parameters.projections") <= 1e-6 * norm(values),
        "\(parameter.name)")
    }
    for image in 0..<3 {
      let sum = fixture.image(image).pixels.reduce(0) { $0 + Int($1) }
      #expect(try Double(Float(sum)) == fixture["images.\(image).sum"][0])
    }
    let rows = try fixture["default_boxes.rows"]
    let boxes = stride(from: 0, to: model.defaultBoxes.count, by: 13).flatMap { index in
      let box = model.defaultBoxes.centered[index]
      return [box.centerX, box.centerY, box.width, box.height]
    }
    #expect(zip(boxes, rows).allSatisfy { abs(Double($0) - $1) < 1e-7 })
  }

  @Test func `Outputs agree`() throws {
    let weights = VariableArena(model.layout)
    try fill(weights)
    let executor = SSDExecutor(
      model, batch: 2, .evaluation, pool: ThreadPool(threadCount: 2), kernels: Kernels.available.last!)
    let pixels = trainingPixels()
    executor.forward(
      Tensor(model.graph.shape(model.graph.input, batch: 2), at: pixels.start), weights: weights, .evaluation)
    func rows(_ width: Int, _ image: (Int) -> UnsafeMutablePointer<Float>) -> [Float] {
      (0..<2).flatMap { number in
        stride(from: 0, to: model.defaultBoxes.count, by: 13).flatMap { row in
          (0..<width).map { image(number)[row * width + $0] }
        }
      }
    }
    let location = distance(rows(4, executor.locations), try fixture["outputs.location.rows"])
    let confidence = distance(rows(21, executor.confidences), try fixture["outputs.confidence.rows"])
    print("outputs: locations \(location), confidences \(confidence)")
    #expect(location < 2e-5 && confidence < 2e-5)
  }

  private func trainingStep(_ configuration: Configuration, _ kernels: Kernels) throws -> TrainingStep {
    let step = try TrainingStep(
      model, matcher: Experiment(configuration).matcher, optimizer: Experiment(configuration).optimizer, microBatch: 2,
      microBatches: 1, pool: ThreadPool(threadCount: 2), kernels: kernels)
    try fill(step.state.weights)
    return step
  }

  /// Both training images, whose pixels the caller keeps.
  private func batch(_ pixels: AlignedBuffer) throws -> MicroBatch {
    MicroBatch(
      pixels: pixels.floats.baseAddress!, samples: (0..<2).map { .init(position: $0, epoch: 0, imageIndex: $0) },
      groundTruth: try groundTruth(), identifiers: ["0", "1"])
  }

  @Test(arguments: Computation.all) func `Gradients agree`(_ computation: Computation) throws {
    let step = try trainingStep(Self.configuration(computation.method), computation.kernels)
    let pixels = trainingPixels()
    let batch = try batch(pixels)
    let targets = step.match([batch])
    _ = try step.computeGradients([batch], targets, normalizer: targets.positives)
    var largest = (error: 0.0, name: "")
    let norms = try fixture["gradients.norms"]
    for parameter in model.layout.variables {
      let number = fixture.parameterNames.firstIndex(of: parameter.name)!
      let values = fixture.fileOrder(parameter, of: step.gradients)
      let error = try fixture.distance(values, of: parameter, from: "gradients.projections") / norms[number]
      let sampleError = distance(fixture.sample(values), try fixture["gradients.samples.\(parameter.name)"])
      if error > largest.error { largest = (error, parameter.name) }
      #expect(error <= Self.gradientTolerance, "\(parameter.name)")
      #expect(sampleError <= 2 * Self.gradientTolerance, "\(parameter.name)")
      #expect(abs(norm(values) - norms[number]) <= Self.gradientTolerance * norms[number], "\(parameter.name)")
    }
    print("gradients, \(computation.testDescription): \(largest.error) in \(largest.name)")
  }

  @Test func `Losses and weights of three steps agree`() throws {
    let step = try trainingStep(configuration, Kernels.available.last!)
    let initial = model.layout.variables.map { fixture.fileOrder($0, of: step.state.weights) }
    let pixels = trainingPixels()
    let batch = try batch(pixels)
    let losses = try fixture["losses"]
    for iteration in 0..<3 {
      let targets = step.match([batch])
      let result = try step.computeGradients([batch], targets, normalizer: targets.positives)
      let positives = Double(result.positives)
      #expect(result.positives == 37)
      for (computed, expected) in [
        (result.sums.location / positives, losses[2 * iteration]),
        (result.sums.confidence / positives, losses[2 * iteration + 1]),
      ] {
        print("loss \(iteration): \(abs(computed - expected) / expected)")
        #expect(abs(computed - expected) <= (iteration == 0 ? 1e-6 : 1e-4) * expected)
      }
      try step.update(learningRate: 2e-5)
    }
    try expectWeights(step.state.weights, initial)
  }

  /// A change is known to a few percent, as activations cross zero from step to step, and up to the rounding of three updates
  /// of float32 weights, which comes to 6e-8 of their norm.
  private func expectWeights(_ weights: VariableArena, _ initial: [[Float]]) throws {
    let norms = try fixture["changes.norms"]
    var (changes, relative) = (0.0, 0.0)
    for (parameter, start) in zip(model.layout.variables, initial) {
      let number = fixture.parameterNames.firstIndex(of: parameter.name)!
      let values = fixture.fileOrder(parameter, of: weights)
      let change = zip(values, start).map { $0 - $1 }
      let error = distance(fixture.sample(change), try fixture["changes.samples.\(parameter.name)"])
      let rounding = 6e-8 * norm(values) / norms[number]
      changes = max(changes, error - 2 * rounding)
      relative = max(relative, error * norms[number] / norm(values))
      #expect(error <= 2e-2 + 2 * rounding, "\(parameter.name)")
      #expect(abs(norm(change) - norms[number]) <= (2e-2 + rounding) * norms[number], "\(parameter.name)")
      #expect(error * norms[number] <= 1e-5 * norm(values), "\(parameter.name)")
    }
    print("after three steps: changes \(changes), weights \(relative)")
  }

  @Test func `Detections agree`() throws {
    let weights = VariableArena(model.layout)
    try fill(weights)
    let detector = Detector(
      Experiment(configuration), weights: weights, batch: 1, pool: ThreadPool(threadCount: 2),
      kernels: Kernels.available.last!
    )
    let found = detector.detect([fixture.image(2)])[0]
    let (boxes, labels, scores) = (
      try fixture["detections.boxes"], try fixture["detections.labels"], try fixture["detections.scores"]
    )
    #expect(found.count == labels.count)
    for index in labels.indices {
      let box = PixelBox(
        xMin: boxes[4 * index], yMin: boxes[4 * index + 1], xMax: boxes[4 * index + 2], yMax: boxes[4 * index + 3])
      #expect(
        found.contains {
          $0.label == Int(labels[index]) && abs($0.score - scores[index]) < 1e-4
            && $0.box.intersectionOverUnion(with: box) > 0.999
        }, "detection \(index)")
    }
  }
}
