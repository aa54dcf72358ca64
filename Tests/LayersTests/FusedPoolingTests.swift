import Kernels
import Layers
import Randomness
import Tensors
import TestSupport
import Testing

@Suite struct FusedPoolingTests {
  /// A convolution, a pooling, and something that is trained behind it.
  private struct Network {
    let graph: LayerGraph
    let layout: VariableLayout
    let middle: LayerGraph.Map

    /// - Parameter writesMap: whether the map between convolution and pooling is wanted, so that it has to be written.
    init(
      _ precision: Precision, height: Int = 32, width: Int = 36, ceilMode: Bool, activation: Activation = .relu,
      method: ConvolutionMethod = .fastest, writesMap: Bool
    ) {
      var layout = VariableLayout()
      var graph = LayerGraph(inputHeight: height, inputWidth: width, inputChannels: 8, precision: precision)
      middle = graph.add(
        Convolution(
          "a", variableName: "a", kernel: 3, padding: 1, from: 8, to: 40, activation: activation, method: method,
          layout: &layout), to: graph.input)
      let pooled = graph.add(MaxPooling("p", kernel: 2, stride: 2, ceilMode: ceilMode), to: middle)
      let last = graph.add(
        Convolution(
          "b", variableName: "b", kernel: 1, from: 40, to: 8, activation: .identity, isResult: true, layout: &layout),
        to: pooled)
      graph.outputs = writesMap ? [last, middle] : [last]
      (self.graph, self.layout) = (graph, layout)
    }

    /// The last output, and all gradients.
    func run(_ kernels: Kernels, threads: Int, _ mode: Mode) -> (output: [Float], gradients: [Float]) {
      let weights = VariableArena(layout)
      for variable in layout.variables { Initializer.he.initialize(variable, in: weights, seed: 3) }
      var random = RandomStream(seed: 5, purpose: .test)
      for index in weights[layout.variables[1]].indices { weights[layout.variables[1]][index] = random.normal() }
      let executor = GraphExecutor(graph, batch: 3, mode, pool: ThreadPool(threadCount: threads), kernels: kernels)
      let shape = graph.shape(graph.input, batch: 3)
      let images = AlignedBuffer(byteCount: shape.byteCount)
      let input = Tensor(shape, at: images.start)
      let pixels = AlignedBuffer(count: shape.count)
      for index in 0..<shape.count { pixels.floats[index] = random.normal() }
      input.set(pixels.floats.baseAddress!, count: shape.count, from: 0, kernels)
      executor.forward(input, weights: weights, mode)
      let output = executor.activation(graph.outputs[0]).values(kernels)
      guard mode == .training else { return (output, []) }
      for map in graph.outputs {
        let gradient = executor.gradient(map)
        let values = AlignedBuffer(count: gradient.shape.count)
        for index in 0..<gradient.shape.count { values.floats[index] = map == graph.outputs[0] ? random.normal() : 0 }
        gradient.set(values.floats.baseAddress!, count: gradient.shape.count, from: 0, kernels)
      }
      let gradients = VariableArena(layout)
      executor.backward(weights: weights, gradients: gradients)
      return (output, Array(gradients.values))
    }
  }

  /// Maps of whole tiles, with windows that the map ends in, and with such that are left out.
  @Test(arguments: [(16, 20, false), (16, 20, true), (75, 79, true), (75, 79, false), (94, 96, true)])
  func `A convolution that pools its output gives the bits of both layers`(height: Int, width: Int, ceilMode: Bool) {
    for kernels in Kernels.available {
      for activation in [Activation.relu, .relu6, .identity] {
        let networks = [false, true].map {
          Network(.float32, height: height, width: width, ceilMode: ceilMode, activation: activation, writesMap: $0)
        }
        #expect(networks.map { FusedPoolings($0.graph, hasTiles: false).pooling[0] } == [1, nil])
        let results = networks.enumerated().map { $1.run(kernels, threads: 2 + $0, .training) }
        #expect(results[0] == results[1], "\(kernels.instructionSet) \(activation)")
        #expect(results[0].gradients.contains { $0 != 0 })
        #expect(networks[0].run(kernels, threads: 1, .evaluation).output == results[1].output)
      }
    }
  }

  @Test func `Of bfloat16 maxima are the same, and gradients go to one that is`() {
    for kernels in Kernels.allMultiplyingBFloat16 where kernels.tiles == nil {
      let results = [false, true].map {
        Network(.bfloat16, height: 75, width: 79, ceilMode: true, writesMap: $0).run(kernels, threads: 2, .training)
      }
      #expect(results[0].output == results[1].output)
      // One window in some hundred has several.
      #expect(relativeDistance(results[0].gradients, results[1].gradients.map(Double.init)) < 0.05)
    }
  }

  @Test func `The map in between takes no memory`() {
    let plans = [false, true].map { writesMap in
      let graph = Network(.float32, height: 64, width: 68, ceilMode: true, writesMap: writesMap).graph
      return ActivationPlan(graph, batch: 2, .evaluation, hasTiles: false).byteCount
    }
    #expect(plans[1] - plans[0] >= 2 * 64 * 68 * 40 * MemoryLayout<Float>.stride)
  }

  @Test func `Only tiles of Winograd's algorithm are pooled where they are`() {
    func pools(
      _ method: ConvolutionMethod, _ precision: Precision = .float32, hasTiles: Bool = false, width: Int = 36
    ) -> Bool {
      let graph = Network(precision, width: width, ceilMode: true, method: method, writesMap: false).graph
      return FusedPoolings(graph, hasTiles: hasTiles).pooling[0] != nil
    }
    #expect(pools(.winograd) && !pools(.columns) && !pools(.blockedColumns))
    // Nor tiles that are cut short, which windows reach out of.
    #expect(!pools(.winograd, width: 34))
    #expect(pools(.winograd, .bfloat16) && !pools(.tiles, .bfloat16, hasTiles: true))
  }
}
