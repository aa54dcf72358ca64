import Configuration
import Files
import Foundation
import Inference
import Kernels
import Layers
import Models
import Randomness
import Tensors

/// Times every convolution of a network, pass by pass, by method, precision and instruction set.
package struct ConvolutionBenchmark {
  /// The passes of a convolution.
  package enum Pass: String, Sendable, CaseIterable {
    case forward
    case inputGradient = "input_gradient"
    case weightGradient = "weight_gradient"
  }

  /// One measurement.
  package struct Row: Sendable {
    /// The layer's name.
    package let layer: String
    /// "[8, 38, 38, 512] → 512".
    package let shape: String
    /// What computed it.
    package let algorithm: ConvolutionMethod
    /// What maps consisted of and was multiplied.
    package let precision: Precision
    /// The kernels that computed it.
    package let instructionSet: String
    /// Multiply–adds of one pass by definition.
    package let multiplyAdds: Int
    /// The fastest repetition of each pass.
    package let seconds: [Pass: Double]

    /// 10⁹ operations of the definition, a second.
    package func effectiveGigaflops(_ pass: Pass) -> Double {
      2e-9 * Double(multiplyAdds) / (seconds[pass] ?? .infinity)
    }
  }

  private let configuration: Configuration
  private let batch: Int
  private let threads: Int
  private let repetitions: Int
  private let layers: [String]

  /// Describes a benchmark.
  ///
  /// - Parameter layers: parts of the names of layers to time; all when empty.
  package init(model: Architecture, batch: Int, threads: Int?, repetitions: Int, layers: [String]) throws {
    configuration = try Configuration(
      yaml: "{version: 1, model: {name: \(model.name)}}", name: "benchmark", overrides: [])
    self.batch = batch
    self.threads = threads ?? ThreadPool.availableProcessors
    self.repetitions = repetitions
    self.layers = layers
  }

  /// Times the layers with `kernels`, in every precision; with both methods where both are possible and `methods` has them.
  ///
  /// - Precondition: the kernels support the precisions.
  package func run(kernels: Kernels, methods: [ConvolutionMethod], precisions: [Precision]) -> [Row] {
    let model = Experiment(configuration).model
    let graph = model.graph
    let pool = ThreadPool(threadCount: threads)
    let weights = VariableArena(model.layout)
    let gradients = VariableArena(model.layout)
    var random = RandomStream(seed: 0, purpose: .test)
    for index in weights.values.indices { weights.values[index] = random.uniform(-1, 1) / 64 }
    return graph.nodes.flatMap { node -> [Row] in
      guard var layer = node.layer as? Convolution, layers.isEmpty || layers.contains(where: layer.name.contains) else {
        return []
      }
      var rows: [Row] = []
      for precision in precisions {
        let input = graph.shape(node.inputs[0], batch: batch).stored(as: precision)
        for method in methods where method != .columns || precision == .float32 {
          layer.method = method
          let used = layer.usedMethod(for: input, hasTiles: kernels.tiles != nil)
          if rows.contains(where: { $0.algorithm == used && $0.precision == precision }) { continue }
          rows.append(time(layer, input, weights: weights, gradients: gradients, pool: pool, kernels: kernels))
        }
      }
      return rows
    }
  }

  private func time(
    _ layer: Convolution, _ input: Shape, weights: VariableArena, gradients: VariableArena, pool: ThreadPool,
    kernels: Kernels
  ) -> Row {
    let output = layer.outputShape(for: input)
    let demand = layer.demand(for: [input], .training)
    let context = ExecutionContext(pool: pool, kernels: kernels, scratch: demand.scratch)
    let state = AlignedBuffer(byteCount: demand.stateBytes)
    let gradient = output.stored(as: input.precision)
    let buffers = [input, output, input, gradient].map { AlignedBuffer(byteCount: $0.byteCount) }
    defer { withExtendedLifetime((buffers, state)) {} }
    let (x, y) = (Tensor(input, at: buffers[0].start), Tensor(output, at: buffers[1].start))
    let (dx, dy) = (Tensor(input, at: buffers[2].start), Tensor(gradient, at: buffers[3].start))
    for (index, tensor) in [x, dy].enumerated() {
      // Some sixteenth of all values: random numbers would take longer than the passes.
      let values = (0..<tensor.shape.count).map { Float(($0 &* 2_654_435_761 >> 12 &+ index) % 31 - 15) / 16 }
      tensor.set(values, count: values.count, kernels)
    }
    let forward = ForwardPass(
      inputs: [FeatureMap(x)], output: y, state: state.start, weights: weights, mode: .training, context: context)
    let pass = BackwardPass(
      forward, outputGradient: dy, inputGradients: [.init(dx, accumulates: false)], gradients: gradients)
    func fastest(_ body: () -> Void) -> Double {
      (0...repetitions).map { _ in
        let start = ContinuousClock.now
        body()
        return (ContinuousClock.now - start) / .seconds(1)
      }.dropFirst().min() ?? 0
    }
    return Row(
      layer: layer.name, shape: "\(input) → \(output.channels)",
      algorithm: layer.usedMethod(for: input, hasTiles: kernels.tiles != nil),
      precision: input.precision, instructionSet: kernels.instructionSet,
      multiplyAdds: layer.demand(for: [input], .evaluation).multiplyAdds,
      seconds: [
        .forward: fastest { layer.forward(forward) },
        .weightGradient: fastest { layer.weightGradient(pass) },
        .inputGradient: fastest { layer.inputGradient(pass) },
      ])
  }
}

extension ConvolutionBenchmark {
  private struct Summary: Encodable {
    struct Layer: Encodable {
      let name: String
      let algorithm: String
      let precision: String
      let instruction_set: String
      let multiply_adds: Int
      let seconds: [String: Double]
      let effective_gflops: [String: Double]
    }

    let batch: Int
    let threads: Int
    let layers: [Layer]
  }

  /// One JSON object.
  package func json(_ rows: [Row]) throws -> String {
    let layers = rows.map { row in
      Summary.Layer(
        name: row.layer, algorithm: row.algorithm.rawValue, precision: row.precision.rawValue,
        instruction_set: row.instructionSet,
        multiply_adds: row.multiplyAdds,
        seconds: Dictionary(uniqueKeysWithValues: row.seconds.map { ($0.key.rawValue, $0.value) }),
        effective_gflops: Dictionary(
          uniqueKeysWithValues: Pass.allCases.map { ($0.rawValue, row.effectiveGigaflops($0)) }))
    }
    return try JSONText.line(Summary(batch: batch, threads: threads, layers: layers))
  }

  /// A table for people: milliseconds and effective GFLOP/s of the three passes.
  package func text(_ rows: [Row]) -> String {
    let header =
      ["layer", "input → outputs", "algorithm", "precision", "kernels"]
      + Pass.allCases.map { "\($0.rawValue) ms (GFLOP/s)" }
    return TextTable(
      [header]
        + rows.map { row in
          [row.layer, row.shape, row.algorithm.rawValue, row.precision.rawValue, row.instructionSet]
            + Pass.allCases.map {
              String(format: "%.2f (%.0f)", 1e3 * (row.seconds[$0] ?? 0), row.effectiveGigaflops($0))
            }
        }
    ).text
  }
}
