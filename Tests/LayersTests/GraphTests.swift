import Kernels
import Layers
import Randomness
import Tensors
import Testing

@Suite struct GraphTests {
  @Test func plannedBlocksNeverOverlapWhileBothLive() {
    var random = RandomStream(seed: 7, purpose: .test)
    for _ in 0..<50 {
      let blocks = (0..<40).map { _ in
        let first = random.integer(below: 30)
        return MemoryPlan.Block(
          byteCount: 1 + random.integer(below: 3600), lifetime: first...first + random.integer(below: 12))
      }
      let plan = MemoryPlan(blocks)
      for a in blocks.indices {
        #expect(plan.offsets[a] % 64 == 0 && plan.offsets[a] + blocks[a].byteCount <= plan.byteCount)
        for b in blocks.indices where a < b && blocks[a].lifetime.overlaps(blocks[b].lifetime) {
          let (x, y) = (plan.offsets[a], plan.offsets[b])
          #expect(x + blocks[a].byteCount <= y || y + blocks[b].byteCount <= x)
        }
      }
      let peak = (0..<45).map { step in
        blocks.filter { $0.lifetime.contains(step) }.reduce(0) { $0 + ($1.byteCount + 63) / 64 * 64 }
      }.max()!
      #expect(plan.byteCount >= peak)
    }
  }

  /// A map with two consumers, one of which is normalised, and two outputs: the shape of SSD in miniature. Convolutions are computed
  /// by the most exact method, because small differences of the output are to be seen.
  private func branched(_ layout: inout VariableLayout) -> LayerGraph {
    MatrixLibrary.useOneThread()
    var graph = LayerGraph(inputHeight: 9, inputWidth: 12, inputChannels: 3)
    let trunk = graph.add(
      Convolution(
        "a", variableName: "a", kernel: 3, padding: 1, from: 3, to: 6, activation: .relu, method: .columns,
        layout: &layout), to: graph.input)
    let normalized = graph.add(
      ChannelL2Normalization("n", variableName: "n", channels: 6, layout: &layout), to: trunk)
    let pooled = graph.add(MaxPooling("p", kernel: 2, stride: 2, ceilMode: true), to: trunk)
    let deeper = graph.add(
      Convolution(
        "b", variableName: "b", kernel: 1, from: 6, to: 5, activation: .relu, method: .columns, layout: &layout),
      to: pooled)
    let first = graph.add(
      Convolution(
        "h1", variableName: "h1", kernel: 3, padding: 1, from: 6, to: 4, activation: .identity, method: .columns,
        layout: &layout),
      to: normalized)
    let second = graph.add(
      Convolution(
        "h2", variableName: "h2", kernel: 3, padding: 1, from: 5, to: 4, activation: .identity, method: .columns,
        layout: &layout),
      to: deeper)
    graph.outputs = [first, second]
    return graph
  }

  /// Σ of all outputs has the gradient that central differences of the executor itself give: activations, states and gradients that
  /// share memory do not disturb each other.
  @Test func backwardIsTheDerivativeOfForward() {
    var layout = VariableLayout()
    let graph = branched(&layout)
    let weights = VariableArena(layout)
    let gradients = VariableArena(layout)
    for parameter in layout.variables { Initializer.he.initialize(parameter, in: weights, seed: 3) }
    let executor = GraphExecutor(
      graph, batch: 2, .training, pool: ThreadPool(threadCount: 2), kernels: Kernels.available.last!)
    var random = RandomStream(seed: 5, purpose: .test)
    let images = AlignedBuffer(count: 2 * 9 * 12 * 3)
    for index in images.floats.indices { images.floats[index] = random.normal() }
    let input = Tensor(graph.shape(graph.input, batch: 2), at: images.start)

    func objective() -> Double {
      executor.forward(input, weights: weights, .training)
      return graph.outputs.reduce(0) { $0 + executor.activation($1).floats.reduce(0.0) { $0 + Double($1) } }
    }
    _ = objective()
    for map in graph.outputs { executor.gradient(map).floats.update(repeating: 1) }
    var completed: [(offset: Int, values: [Float])] = []
    executor.backward(weights: weights, gradients: gradients) { offset in
      completed.append((offset, Array(gradients.values[offset...])))
    }
    // What is called complete is never touched again, and in the end everything is.
    #expect(completed.map(\.offset) == completed.map(\.offset).sorted(by: >) && completed.last?.offset == 0)
    #expect(completed.count > 2)
    for (offset, values) in completed {
      let isFinal = gradients.values[offset...].elementsEqual(values)
      #expect(isFinal, "from \(offset) on")
    }

    for parameter in layout.variables {
      let index = random.integer(below: parameter.range.count)
      let original = weights[parameter][index]
      // Small, because a pixel that hardly any filter answers to is normalised with a steep slope.
      let step: Float = parameter.start == .constant(20) ? 0.25 : 0x1p-13
      weights[parameter][index] = original + step
      let above = objective()
      weights[parameter][index] = original - step
      let below = objective()
      weights[parameter][index] = original
      let difference = (above - below) / Double(2 * step)
      let gradient = Double(gradients[parameter][index])
      // A kink of a ReLU or maximum inside the step bends the difference a little.
      #expect(
        abs(difference - gradient) <= 0.02 * max(1, abs(gradient)),
        "\(parameter.name)[\(index)]: \(gradient) against \(difference)")
    }
  }

  /// Behind the frozen layers nothing changes, and theirs is left alone, though their memory serves others.
  @Test func frozenLayersHaveNoBackwardAndTheOthersTheSameBits() {
    var layout = VariableLayout()
    let graph = branched(&layout)
    let weights = VariableArena(layout)
    for parameter in layout.variables { Initializer.he.initialize(parameter, in: weights, seed: 3) }
    var random = RandomStream(seed: 6, purpose: .test)
    let images = AlignedBuffer(count: 2 * 9 * 12 * 3)
    for index in images.floats.indices { images.floats[index] = random.normal() }
    let input = Tensor(graph.shape(graph.input, batch: 2), at: images.start)
    func gradients(frozen: Int) -> (values: [Float], completed: [Int]) {
      let executor = GraphExecutor(
        graph, batch: 2, .training, frozen: frozen, pool: ThreadPool(threadCount: 2),
        kernels: Kernels.available.last!)
      let arena = VariableArena(layout)
      arena.values.update(repeating: 7)
      executor.forward(input, weights: weights, .training)
      for map in graph.outputs { executor.gradient(map).floats.update(repeating: 1) }
      var completed: [Int] = []
      executor.backward(weights: weights, gradients: arena) { completed.append($0) }
      return (Array(arena.values), completed)
    }
    let whole = gradients(frozen: 0).values
    let firstOutput = graph.nodes.firstIndex { graph.outputs.contains($0.output) }!
    #expect(firstOutput > 2)
    for frozen in 1...firstOutput {
      let (values, completed) = gradients(frozen: frozen)
      let start = graph.trainedOffset(frozen: frozen)
      #expect(values[..<start].allSatisfy { $0 == 7 }, "\(frozen) frozen layers")
      #expect(values[start...].elementsEqual(whole[start...]), "\(frozen) frozen layers")
      #expect(completed.last ?? start == start)
      let plans = [frozen, 0].map { ActivationPlan(graph, batch: 2, .training, frozen: $0, hasTiles: false).byteCount }
      #expect(plans[0] <= plans[1])
    }
  }

  @Test func layersAreTimedOnRequest() throws {
    var layout = VariableLayout()
    let graph = branched(&layout)
    let weights = VariableArena(layout)
    let executor = GraphExecutor(
      graph, batch: 1, .training, pool: ThreadPool(threadCount: 1), kernels: Kernels.available.last!)
    let images = AlignedBuffer(count: 9 * 12 * 3)
    let input = Tensor(graph.shape(graph.input, batch: 1), at: images.start)
    func iterate() {
      executor.forward(input, weights: weights, .training)
      for map in graph.outputs { executor.gradient(map).floats.update(repeating: 1) }
      executor.backward(weights: weights, gradients: VariableArena(layout))
    }
    iterate()
    #expect(executor.layerSeconds == nil)

    executor.layerSeconds = LayerSeconds(graph)
    let start = ContinuousClock.now
    iterate()
    let once = try #require(executor.layerSeconds)
    #expect(once.forward.count == graph.nodes.count && once.backward.count == graph.nodes.count)
    #expect((once.forward + once.backward).allSatisfy { $0 > 0 })
    #expect((once.forward + once.backward).reduce(0, +) <= (ContinuousClock.now - start) / .seconds(1))
    iterate()
    let twice = try #require(executor.layerSeconds)
    #expect(zip(twice.forward + twice.backward, once.forward + once.backward).allSatisfy { $0 > $1 })
  }

  /// A pooling layer behind frozen layers leads to nothing that is trained, so the layer behind it need not find its input's gradient.
  @Test func layersThatLeadToNoTrainedParameterHaveNoBackward() throws {
    var layout = VariableLayout()
    let graph = branched(&layout)
    let executor = GraphExecutor(
      graph, batch: 1, .training, frozen: 2, pool: ThreadPool(threadCount: 1), kernels: Kernels.available.last!)
    let images = AlignedBuffer(count: 9 * 12 * 3)
    executor.layerSeconds = LayerSeconds(graph)
    let input = Tensor(graph.shape(graph.input, batch: 1), at: images.start)
    executor.forward(input, weights: VariableArena(layout), .training)
    for map in graph.outputs { executor.gradient(map).floats.update(repeating: 1) }
    executor.backward(weights: VariableArena(layout), gradients: VariableArena(layout))
    let seconds = try #require(executor.layerSeconds).backward
    let ran = zip(graph.nodes, seconds).filter { $0.1 > 0 }.map(\.0.layer.name)
    #expect(ran == ["b", "h1", "h2"])
  }

  @Test func smallerBatchesGiveTheSameImages() {
    var layout = VariableLayout()
    let graph = branched(&layout)
    let weights = VariableArena(layout)
    for parameter in layout.variables { Initializer.xavier.initialize(parameter, in: weights, seed: 1) }
    let executor = GraphExecutor(
      graph, batch: 3, .evaluation, pool: ThreadPool(threadCount: 1), kernels: Kernels.available.last!)
    let images = AlignedBuffer(count: 3 * 9 * 12 * 3)
    for index in images.floats.indices { images.floats[index] = Float(index % 11) }
    executor.forward(Tensor(graph.shape(graph.input, batch: 3), at: images.start), weights: weights, .evaluation)
    let whole = graph.outputs.map { Array(executor.activation($0).floats) }
    executor.forward(Tensor(graph.shape(graph.input, batch: 2), at: images.start), weights: weights, .evaluation)
    for (index, map) in graph.outputs.enumerated() {
      let part = Array(executor.activation(map).floats)
      #expect(relativeDistance(part, whole[index].prefix(part.count).map(Double.init)) < 1e-6)
    }
  }
}
