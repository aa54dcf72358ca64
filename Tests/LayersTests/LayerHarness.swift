import Kernels
import Layers
import Randomness
import Tensors

/// A feature map in Double, for references that are slow and obvious.
struct ReferenceMap {
  var shape: Shape
  var values: [Double]

  init(_ shape: Shape, _ values: [Double]? = nil) {
    self.shape = shape
    self.values = values ?? [Double](repeating: 0, count: shape.count)
  }

  subscript(b: Int, y: Int, x: Int, c: Int) -> Double {
    get { values[((b * shape.height + y) * shape.width + x) * shape.channels + c] }
    set { values[((b * shape.height + y) * shape.width + x) * shape.channels + c] = newValue }
  }

  func contains(_ y: Int, _ x: Int) -> Bool { y >= 0 && y < shape.height && x >= 0 && x < shape.width }
}

/// Runs one layer through the graph machinery that training uses, on random data.
struct LayerHarness {
  let layer: any Layer
  let layout: VariableLayout
  let input: ReferenceMap
  /// Values of each parameter in memory order.
  var parameters: [[Double]]
  /// The objective is Σ direction · output.
  let direction: [Double]

  init(
    _ layer: any Layer, layout: VariableLayout, input: ReferenceMap, parameters: [[Double]], direction: [Double]
  ) {
    self.layer = layer
    self.layout = layout
    self.input = input
    self.parameters = parameters
    self.direction = direction
  }

  init(_ layer: any Layer, layout: VariableLayout, input shape: Shape, seed: UInt64 = 1) {
    self.layer = layer
    self.layout = layout
    var random = RandomStream(seed: seed, purpose: .test)
    // Multiples of 1/64 are exact in both precisions and stay apart: no maximum is a near tie.
    func values(_ count: Int) -> [Double] { (0..<count).map { _ in Double(random.integer(below: 257) - 128) / 64 } }
    input = ReferenceMap(shape, values(shape.count))
    parameters = layer.variables.map { values($0.range.count) }
    direction = values(layer.outputShape(for: shape).count)
  }

  struct Result {
    var output: [Float]
    var inputGradient: [Float]
    var gradients: [[Float]]
  }

  /// Forward and backward. The layer is placed behind another consumer's gradient, so that accumulation is exercised when asked.
  func run(kernels: Kernels, threads: Int, accumulating previous: [Float]? = nil) -> Result {
    MatrixLibrary.useOneThread()
    let shape = input.shape
    let output = layer.outputShape(for: shape)
    let weights = VariableArena(layout)
    let gradients = VariableArena(layout)
    for (parameter, values) in zip(layer.variables, parameters) {
      for (index, value) in values.enumerated() { weights[parameter][index] = Float(value) }
    }
    let demand = layer.demand(for: [shape], .training)
    let context = ExecutionContext(
      pool: ThreadPool(threadCount: threads), kernels: kernels, scratch: demand.scratch)
    let memory = [shape, output, output.stored(as: shape.precision), shape].map {
      AlignedBuffer(byteCount: $0.byteCount)
    }
    defer { withExtendedLifetime(memory) {} }
    let (x, y) = (Tensor(shape, at: memory[0].start), Tensor(output, at: memory[1].start))
    let (dy, dx) = (Tensor(output.stored(as: shape.precision), at: memory[2].start), Tensor(shape, at: memory[3].start))
    func set(_ tensor: Tensor, _ values: [Float]) { tensor.set(values, count: values.count, kernels) }
    set(x, input.values.map(Float.init))
    set(dy, direction.map(Float.init))
    set(dx, previous ?? [Float](repeating: .nan, count: shape.count))
    let state = AlignedBuffer(byteCount: demand.stateBytes)
    let pass = ForwardPass(
      inputs: [FeatureMap(x)], output: y, state: state.start, weights: weights, mode: .training, context: context)
    layer.forward(pass)
    let forward = y.values(kernels)
    layer.backward(
      BackwardPass(
        pass, outputGradient: dy, inputGradients: [.init(dx, accumulates: previous != nil)], gradients: gradients))
    return Result(
      output: forward, inputGradient: dx.values(kernels), gradients: layer.variables.map { Array(gradients[$0]) })
  }

  typealias Reference = (_ input: ReferenceMap, _ parameters: [[Double]]) -> ReferenceMap

  private func objective(_ reference: Reference, _ input: ReferenceMap, _ parameters: [[Double]]) -> Double {
    zip(reference(input, parameters).values, direction).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// d objective / d input[index] of the reference, by central differences.
  ///
  /// The step must be small against the distance between values, so that no maximum changes.
  func inputDerivative(_ reference: Reference, _ index: Int, step: Double) -> Double {
    var (above, below) = (input, input)
    above.values[index] += step
    below.values[index] -= step
    return (objective(reference, above, parameters) - objective(reference, below, parameters)) / (2 * step)
  }

  /// d objective / d parameters[parameter][index] of the reference, by central differences.
  func parameterDerivative(_ reference: Reference, _ parameter: Int, _ index: Int, step: Double) -> Double {
    var (above, below) = (parameters, parameters)
    above[parameter][index] += step
    below[parameter][index] -= step
    return (objective(reference, input, above) - objective(reference, input, below)) / (2 * step)
  }
}

/// The relative L2 distance between a result and its reference.
func relativeDistance(_ result: [Float], _ reference: [Double]) -> Double {
  let difference = zip(result, reference).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
  let norm = reference.reduce(0) { $0 + $1 * $1 }
  return (difference / max(norm, .leastNormalMagnitude)).squareRoot()
}

extension LayerHarness {
  /// Compares forward with the reference, and every gradient with central differences of the reference, for all `kernels`
  /// and for one and three threads; checks that threads change no bit. Returns what differs, empty when all is right.
  ///
  /// `tolerance` is relative, in the L2 norm: float32 sums of n terms err by about sqrt(n) · 2⁻²⁴. `mapTolerance` is that of maps that are
  /// rounded when they are written.
  func discrepancies(
    kernels available: [Kernels] = Kernels.available, step: Double = 1e-4, tolerance: Double = 2e-6,
    mapTolerance: Double? = nil, from reference: Reference
  ) -> [String] {
    let forward = reference(input, parameters).values
    let inputGradient = input.values.indices.map { inputDerivative(reference, $0, step: step) }
    let gradients = parameters.indices.map { parameter in
      parameters[parameter].indices.map { parameterDerivative(reference, parameter, $0, step: step) }
    }
    var found: [String] = []
    for kernels in available {
      let one = run(kernels: kernels, threads: 1)
      let three = run(kernels: kernels, threads: 3)
      func compare(
        _ what: String, _ result: [Float], _ threaded: [Float], _ expected: [Double], isMap: Bool = true
      ) {
        let distance = relativeDistance(result, expected)
        if !(distance <= (isMap ? mapTolerance : nil) ?? tolerance) {
          found.append("\(kernels.instructionSet): \(what) is off by \(distance)")
        }
        if result.map(\.bitPattern) != threaded.map(\.bitPattern) {
          found.append("\(kernels.instructionSet): \(what) depends on the thread count")
        }
      }
      compare("output", one.output, three.output, forward)
      compare("input gradient", one.inputGradient, three.inputGradient, inputGradient)
      for (index, parameter) in layer.variables.enumerated() {
        compare(
          "gradient of \(parameter.name)", one.gradients[index], three.gradients[index], gradients[index], isMap: false)
      }
      let previous = (0..<input.shape.count).map { Float($0 % 7) }
      let accumulated = run(kernels: kernels, threads: 2, accumulating: previous).inputGradient
      compare(
        "accumulated input gradient", accumulated, accumulated, zip(inputGradient, previous).map { $0 + Double($1) })
    }
    return found
  }
}
