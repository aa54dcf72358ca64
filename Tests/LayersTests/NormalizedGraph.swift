import Glibc
import Kernels
import Layers
import Randomness
import Tensors

/// A small graph and the same network in Double, written down by its definition.
///
/// The objective is Σ direction · output.
struct NormalizedGraph {
  let graph: LayerGraph
  let layout: VariableLayout
  let images: ReferenceMap
  let values: [String: [Double]]
  let direction: [Double]
  /// The network by its definition.
  let reference: (ReferenceNetwork) -> ReferenceMap

  /// - Parameter build: declares the layers and returns the output. It is called twice, so that running averages get their place.
  init(
    _ images: Shape, seed: UInt64, _ build: (inout LayerGraph, inout VariableLayout) -> LayerGraph.Map,
    reference: @escaping (ReferenceNetwork) -> ReferenceMap
  ) {
    func declare(_ layout: VariableLayout) -> (LayerGraph, VariableLayout) {
      var (graph, layout) = (
        LayerGraph(inputHeight: images.height, inputWidth: images.width, inputChannels: images.channels), layout
      )
      graph.outputs = [build(&graph, &layout)]
      return (graph, layout)
    }
    (graph, layout) = declare(VariableLayout(arranging: declare(VariableLayout()).1))
    self.reference = reference
    var random = RandomStream(seed: seed, purpose: .test)
    func numbers(_ count: Int) -> [Double] { (0..<count).map { _ in Double(random.normal()) } }
    self.images = ReferenceMap(images, numbers(images.count))
    direction = numbers(graph.shape(graph.outputs[0], batch: images.batch).count)
    values = Dictionary(
      uniqueKeysWithValues: layout.variables.map { variable in
        let values = numbers(variable.range.count)
        let isVariance = variable.name.hasSuffix("running_var")
        return (variable.name, isVariance ? values.map { 0.5 + $0 * $0 } : values.map { Double(Float($0)) })
      })
  }

  struct Result {
    var output: [Float]
    /// By variable; for running averages what they are to move to.
    var gradients: [String: [Float]]
  }

  func run(_ kernels: Kernels, threads: Int, _ mode: Mode = .training, frozen: Int = 0) -> Result {
    let (weights, gradients) = (VariableArena(layout), VariableArena(layout))
    for variable in layout.variables {
      for (index, value) in values[variable.name]!.enumerated() { weights[variable][index] = Float(value) }
    }
    let executor = GraphExecutor(
      graph, batch: images.shape.batch, .training, frozen: frozen, pool: ThreadPool(threadCount: threads),
      kernels: kernels)
    let memory = AlignedBuffer(count: images.shape.count)
    for (index, value) in images.values.enumerated() { memory.floats[index] = Float(value) }
    executor.forward(Tensor(images.shape, at: memory.start), weights: weights, mode)
    let output = Array(executor.activation(graph.outputs[0]).floats)
    guard mode == .training else { return Result(output: output, gradients: [:]) }
    for (index, value) in direction.enumerated() {
      executor.gradient(graph.outputs[0]).floats[index] = Float(value)
    }
    executor.backward(weights: weights, gradients: gradients)
    return Result(
      output: output,
      gradients: Dictionary(uniqueKeysWithValues: layout.variables.map { ($0.name, Array(gradients[$0])) }))
  }

  /// The network in Double.
  func network(
    _ mode: Mode = .training, changing name: String? = nil, _ index: Int = 0, by step: Double = 0
  )
    -> ReferenceNetwork
  {
    var values = values.mapValues { $0.map { Double(Float($0)) } }
    if let name { values[name]![index] += step }
    var images = images
    images.values = images.values.map { Double(Float($0)) }
    return ReferenceNetwork(images: images, values: values, mode: mode)
  }

  private func objective(_ network: ReferenceNetwork) -> Double {
    zip(reference(network).values, direction).reduce(0) { $0 + $1.0 * Double(Float($1.1)) }
  }

  /// What differs from the definition and from its central differences, for all kernels and for one and three threads; empty when all is right.
  func discrepancies(tolerance: Double = 1e-5) -> [String] {
    let network = network()
    let forward = reference(network).values
    let step = 1e-6
    var expected = network.averages
    for variable in layout.variables where variable.isTrained {
      expected[variable.name] = values[variable.name]!.indices.map { index in
        let above = objective(self.network(changing: variable.name, index, by: step))
        return (above - objective(self.network(changing: variable.name, index, by: -step))) / (2 * step)
      }
    }
    let evaluation = reference(self.network(.evaluation)).values
    // A bias in front of a normalisation has no gradient; what is left of its terms is rounding.
    let scale = expected.filter { !$0.key.contains("running") }.values.flatMap { $0 }.map(abs).max() ?? 1
    var found: [String] = []
    for kernels in Kernels.available {
      let (one, three) = (run(kernels, threads: 1), run(kernels, threads: 3))
      func compare(_ what: String, _ result: [Float], _ threaded: [Float], _ expected: [Double]) {
        let difference = zip(result, expected).map { abs(Double($0) - $1) }.max() ?? 0
        let largest = expected.map(abs).max() ?? 0
        let distance = difference / (largest < 1e-6 * scale ? scale : largest)
        if !(distance <= tolerance) { found.append("\(kernels.instructionSet): \(what) is off by \(distance)") }
        if result.map(\.bitPattern) != threaded.map(\.bitPattern) {
          found.append("\(kernels.instructionSet): \(what) depends on the thread count")
        }
      }
      compare("output", one.output, three.output, forward)
      for (name, expected) in expected {
        compare("gradient of \(name)", one.gradients[name]!, three.gradients[name]!, expected)
      }
      let evaluated = run(kernels, threads: 1, .evaluation).output
      compare("output in evaluation", evaluated, run(kernels, threads: 3, .evaluation).output, evaluation)
    }
    return found
  }
}

/// Layers in Double by their definitions.
final class ReferenceNetwork {
  let images: ReferenceMap
  private let values: [String: [Double]]
  private let mode: Mode
  /// What the running averages of each normalisation are to move to.
  private(set) var averages: [String: [Double]] = [:]

  init(images: ReferenceMap, values: [String: [Double]], mode: Mode) {
    (self.images, self.values, self.mode) = (images, values, mode)
  }

  /// - Parameters:
  ///   - padding: zeros above and to the left.
  ///   - size: of the output.
  func convolution(
    _ name: String, _ x: ReferenceMap, kernel: Int, stride: Int = 1, padding: (y: Int, x: Int) = (0, 0),
    size: (height: Int, width: Int)? = nil, to channels: Int
  ) -> ReferenceMap {
    let (w, bias) = (values[name + ".weight"]!, values[name + ".bias"])
    var shape = x.shape
    (shape.height, shape.width) = size ?? (x.shape.height, x.shape.width)
    shape.channels = channels
    var y = ReferenceMap(shape)
    let isDepthwise = w.count == kernel * kernel * channels && channels == x.shape.channels && kernel > 1
    forEachOutput(shape) { b, i, j, o in
      var sum = bias?[o] ?? 0
      for u in 0..<kernel {
        for v in 0..<kernel {
          let (row, column) = (i * stride - padding.y + u, j * stride - padding.x + v)
          guard x.contains(row, column) else { continue }
          if isDepthwise {
            sum += x[b, row, column, o] * w[(u * kernel + v) * channels + o]
          } else {
            for c in 0..<x.shape.channels {
              sum += x[b, row, column, c] * w[((u * kernel + v) * x.shape.channels + c) * channels + o]
            }
          }
        }
      }
      y[b, i, j, o] = sum
    }
    return y
  }

  func normalization(
    _ name: String, _ z: ReferenceMap, epsilon: Double, frozen: Bool = false, _ f: (Double) -> Double = { $0 }
  ) -> ReferenceMap {
    let channels = z.shape.channels
    let count = Double(z.shape.pixels)
    var y = z
    var (means, variances) = (values[name + ".running_mean"]!, values[name + ".running_var"]!)
    for c in 0..<channels {
      if mode == .training, !frozen {
        let column = stride(from: c, to: z.values.count, by: channels).map { z.values[$0] }
        means[c] = column.reduce(0, +) / count
        variances[c] = column.reduce(0) { $0 + ($1 - means[c]) * ($1 - means[c]) } / count
      }
      let factor = values[name + ".weight"]![c] / (variances[c] + epsilon).squareRoot()
      for index in stride(from: c, to: z.values.count, by: channels) {
        y.values[index] = f(factor * (z.values[index] - means[c]) + values[name + ".bias"]![c])
      }
    }
    if mode == .training, !frozen {
      averages[name + ".running_mean"] = means
      averages[name + ".running_var"] = variances.map { $0 * count / (count - 1) }
    }
    return y
  }

  func means(_ x: ReferenceMap) -> ReferenceMap {
    var y = ReferenceMap(Shape(batch: x.shape.batch, height: 1, width: 1, channels: x.shape.channels))
    forEachOutput(x.shape) { b, i, j, c in
      y[b, 0, 0, c] += x[b, i, j, c] / Double(x.shape.height * x.shape.width)
    }
    return y
  }

  func gate(_ x: ReferenceMap, _ logits: ReferenceMap) -> ReferenceMap {
    var y = x
    forEachOutput(x.shape) { b, i, j, c in y[b, i, j, c] *= min(max(logits[b, 0, 0, c] + 3, 0), 6) / 6 }
    return y
  }

  func sum(_ one: ReferenceMap, _ other: ReferenceMap) -> ReferenceMap {
    ReferenceMap(one.shape, zip(one.values, other.values).map(+))
  }

  static func relu(_ v: Double) -> Double { max(v, 0) }
  static func relu6(_ v: Double) -> Double { min(max(v, 0), 6) }
  static func hardSwish(_ v: Double) -> Double { v * min(max(v + 3, 0), 6) / 6 }

  private func forEachOutput(_ shape: Shape, _ body: (_ b: Int, _ i: Int, _ j: Int, _ c: Int) -> Void) {
    for b in 0..<shape.batch {
      for i in 0..<shape.height {
        for j in 0..<shape.width {
          for c in 0..<shape.channels { body(b, i, j, c) }
        }
      }
    }
  }
}
