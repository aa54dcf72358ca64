import Detection
import Kernels
import Layers
import Loading
import Models
import Randomness
import Tensors
import Testing
import Training

struct TrainingStepTests {
  private static let images = 4
  private let model = SSD(.ssd300VGG16, objectClassCount: 3, .init(widthMultiplier: 0.0625, biasRateMultiplier: 2))
  private let pixels: AlignedBuffer
  private let objects = [
    [GroundTruth(box: CornerBox(xMin: 0.1, yMin: 0.2, xMax: 0.5, yMax: 0.7), label: 1)],
    [
      GroundTruth(box: CornerBox(xMin: 0.3, yMin: 0.3, xMax: 0.4, yMax: 0.45), label: 2),
      GroundTruth(box: CornerBox(xMin: 0.05, yMin: 0.1, xMax: 0.95, yMax: 0.9), label: 3),
    ],
    [],
    [GroundTruth(box: CornerBox(xMin: 0.6, yMin: 0.5, xMax: 0.9, yMax: 0.8), label: 1)],
  ]

  init() {
    pixels = AlignedBuffer(count: Self.images * model.graph.shape(model.graph.input).count)
    var random = RandomStream(seed: 1, purpose: .test)
    for index in pixels.floats.indices { pixels.floats[index] = random.uniform(-120, 130) }
  }

  private func step(microBatch: Int, images: Int = images) throws -> TrainingStep {
    let optimizer = StochasticGradientDescent(momentum: 0.9, weightDecay: 0.0005)
    let step = try TrainingStep(
      model, matcher: Matcher(defaultBoxes: model.defaultBoxes), optimizer: optimizer, microBatch: microBatch,
      microBatches: images / microBatch, pool: ThreadPool(threadCount: 2), kernels: Kernels.available.last!)
    step.state.inputScales = model.initialize(step.state.weights, with: .xavier, seed: 5)
    return step
  }

  private func gradients(_ step: TrainingStep, _ microBatches: [MicroBatch]) throws -> TrainingStep.Result {
    let targets = step.match(microBatches)
    return try step.computeGradients(microBatches, targets, normalizer: targets.positives)
  }

  private func microBatches(of size: Int, _ objects: [[GroundTruth]]) -> [MicroBatch] {
    let count = model.graph.shape(model.graph.input).count
    return stride(from: 0, to: objects.count, by: size).map { first in
      MicroBatch(
        pixels: pixels.floats.baseAddress! + first * count,
        samples: (first..<first + size).map { .init(position: $0, epoch: 0, imageIndex: $0) },
        groundTruth: Array(objects[first..<first + size]), identifiers: (first..<first + size).map { "image \($0)" })
    }
  }

  /// The micro-batch is a unit of computation only: N is that of the global batch.
  @Test func `Loss and gradients do not depend on the micro-batch but for rounding`() throws {
    let whole = try step(microBatch: 4)
    let expected = try gradients(whole, microBatches(of: 4, objects))
    #expect(expected.positives > 4 && expected.loss > 0)
    // The largest sums have a term for every pixel of every image; errors of either sign add up like a random walk, and
    // eight times its deviation is next to impossible.
    let terms = Float(Self.images * 300 * 300)
    let tolerance = 8 * terms.squareRoot() * Float.ulpOfOne / 2
    for size in [1, 2] {
      let split = try step(microBatch: size)
      let result = try gradients(split, microBatches(of: size, objects))
      #expect(result.positives == expected.positives)
      #expect(abs(result.loss - expected.loss) <= Double(tolerance) * expected.loss)
      for parameter in model.layout.variables {
        let (one, other) = (whole.gradients[parameter], split.gradients[parameter])
        let norm = one.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let distance = zip(one, other).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
        #expect(norm > 0, "\(parameter.name)")
        #expect(distance <= tolerance * norm, "\(parameter.name), micro-batch \(size): \(distance) of \(norm)")
      }
    }
  }

  @Test(arguments: [1, 2])
  func `Without any box loss and gradients are exactly zero and only decay moves the weights`(microBatch: Int) throws {
    let step = try step(microBatch: microBatch, images: 2)
    var random = RandomStream(seed: 2, purpose: .test)
    for parameter in model.layout.variables where parameter.name.hasSuffix(".bias") {
      for index in step.state.weights[parameter].indices {
        step.state.weights[parameter][index] = random.uniform(-0.1, 0.1)
      }
    }
    let before = Array(step.state.weights.values)
    for _ in 1...2 {
      let result = try gradients(step, microBatches(of: microBatch, [[], []]))
      #expect(result.loss == 0 && result.positives == 0 && result.sums == MultiBoxLoss.Sums())
      #expect(step.gradients.values.allSatisfy { $0 == 0 })
      try step.update(learningRate: 0.001)
    }
    for parameter in model.layout.variables {
      let (weights, momentum, start) = (
        step.state.weights[parameter], step.state.momentum[parameter], before[parameter.range]
      )
      if parameter.name.hasSuffix(".bias") {
        #expect(weights.elementsEqual(start) && momentum.allSatisfy { $0 == 0 }, "\(parameter.name)")
      } else {
        // Two steps of m ← μ·m + λ·w, w ← w − η·m: at most η·λ·(1 + 1 + μ) of the weight is gone, and nothing else.
        let largestShare = Float(0.001 * 0.0005 * 2.9) + Float.ulpOfOne
        #expect(
          zip(weights, start).allSatisfy { abs($0 - $1) <= largestShare * abs($1) }, "\(parameter.name) has a gradient")
      }
    }
  }

  /// An image without boxes takes part in nothing: neither in N nor, through mined negatives, in the gradients.
  @Test func `An image without boxes leaves loss and gradients as they are without it`() throws {
    let alone = try step(microBatch: 1, images: 1)
    let accompanied = try step(microBatch: 1, images: 2)
    let expected = try gradients(alone, microBatches(of: 1, [objects[0]]))
    let result = try gradients(accompanied, microBatches(of: 1, [objects[0], []]))
    #expect(result.loss == expected.loss && result.positives == expected.positives)
    #expect(alone.gradients.values.elementsEqual(accompanied.gradients.values))
  }
}
