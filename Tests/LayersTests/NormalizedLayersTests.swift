import Kernels
import Layers
import Tensors
import Testing

/// Convolutions with batch normalisation, gates and sums against their definitions in Double.
@Suite struct NormalizedLayersTests {
  private static let settings = BatchNormalization.Settings(epsilon: 1e-3, momentum: 0.03)

  private static func place(_ name: String, isComputed: Bool = false, frozen: Bool = false) -> NormalizationPlace {
    var settings = settings
    settings.isFrozen = frozen
    return NormalizationPlace(variableName: name, settings, isComputed: isComputed)
  }

  struct Case: Sendable, CustomStringConvertible {
    let kernel: Int
    let stride: Int
    let padding: Padding
    let activation: Int
    let isComputed: Bool
    let hasBias: Bool

    var description: String {
      "kernel \(kernel), stride \(stride), \(padding), activation \(activation)\(isComputed ? ", computed" : "")"
    }
    var function: (Activation, (Double) -> Double) {
      [
        (Activation.identity, { $0 }), (.relu, ReferenceNetwork.relu), (.relu6, ReferenceNetwork.relu6),
        (.hardSwish, ReferenceNetwork.hardSwish),
      ][activation]
    }

    static let all: [Case] = [3, 5].flatMap { kernel in
      [1, 2].flatMap { stride in
        [Padding.symmetric(kernel / 2), .same].enumerated().flatMap { index, padding in
          (0..<4).map { activation in
            Case(
              kernel: kernel, stride: stride, padding: padding, activation: activation,
              isComputed: (activation + index + stride) % 2 == 0, hasBias: activation == 2)
          }
        }
      }
    }
  }

  /// A strided convolution, a depthwise one, a pointwise one and a predictor; maps of 8×11, 4×6 … pixels, 7 and 13 channels.
  @Test(arguments: Case.all) func `Chains of normalised convolutions`(test: Case) {
    let (activation, f) = test.function
    func around(_ size: Int, _ kernel: Int, _ stride: Int) -> Int {
      test.padding == .same
        ? max(0, ((size + stride - 1) / stride - 1) * stride + kernel - size) / 2 : kernel / 2
    }
    func size(_ size: Int, _ stride: Int) -> Int { (size + stride - 1) / stride }
    let graph = NormalizedGraph(Shape(batch: 3, height: 8, width: 11, channels: 3), seed: UInt64(test.kernel)) {
      graph, layout in
      var map = graph.add(
        Convolution(
          "first", variableName: "first", kernel: 3, stride: 2, padding: test.padding == .same ? .same : 1, from: 3,
          to: 7, activation: activation, hasBias: false, normalization: Self.place("first.n"), layout: &layout),
        to: graph.input)
      map = graph.add(
        DepthwiseConvolution(
          "depthwise", variableName: "depthwise", kernel: test.kernel, stride: test.stride, padding: test.padding,
          channels: 7, hasBias: test.hasBias, normalization: Self.place("depthwise.n"), activation: activation,
          layout: &layout), to: map)
      map = graph.add(
        Convolution(
          "pointwise", variableName: "pointwise", kernel: 1, from: 7, to: 13, activation: activation, hasBias: false,
          normalization: Self.place("pointwise.n", isComputed: test.isComputed), layout: &layout), to: map)
      return graph.add(
        Convolution(
          "last", variableName: "last", kernel: test.isComputed ? 3 : 1, padding: test.isComputed ? 1 : 0, from: 13,
          to: 5, activation: .identity, layout: &layout), to: map)
    } reference: { network in
      let padding = test.padding == .same ? (around(8, 3, 2), around(11, 3, 2)) : (1, 1)
      var x = network.convolution(
        "first", network.images, kernel: 3, stride: 2, padding: padding, size: (4, 6), to: 7)
      x = network.normalization("first.n", x, epsilon: 1e-3, f)
      x = network.convolution(
        "depthwise", x, kernel: test.kernel, stride: test.stride,
        padding: (around(4, test.kernel, test.stride), around(6, test.kernel, test.stride)),
        size: (size(4, test.stride), size(6, test.stride)), to: 7)
      x = network.normalization("depthwise.n", x, epsilon: 1e-3, f)
      x = network.convolution("pointwise", x, kernel: 1, to: 13)
      x = network.normalization("pointwise.n", x, epsilon: 1e-3, f)
      return network.convolution(
        "last", x, kernel: test.isComputed ? 3 : 1, padding: test.isComputed ? (1, 1) : (0, 0), to: 5)
    }
    let found = graph.discrepancies()
    #expect(found.isEmpty, "\(found)")
  }

  /// An inverted residual with squeeze-and-excitation, whose expansion a predictor reads too.
  @Test(arguments: [UInt64(1), 2, 3]) func `An inverted residual with a gate`(seed: UInt64) {
    let graph = NormalizedGraph(Shape(batch: 2, height: 5, width: 7, channels: 6), seed: seed) { graph, layout in
      let input = graph.add(
        Convolution(
          "first", variableName: "first", kernel: 1, from: 6, to: 6, activation: .identity, hasBias: false,
          normalization: Self.place("first.n"), layout: &layout), to: graph.input)
      let wide = graph.add(
        Convolution(
          "expand", variableName: "expand", kernel: 1, from: 6, to: 18, activation: .hardSwish, hasBias: false,
          normalization: Self.place("expand.n"), layout: &layout), to: input)
      var map = graph.add(
        DepthwiseConvolution(
          "depthwise", variableName: "depthwise", kernel: 5, padding: 2, channels: 18,
          normalization: Self.place("depthwise.n"), activation: .hardSwish, layout: &layout), to: wide)
      let means = graph.add(GlobalAveragePooling("means"), to: map)
      let squeezed = graph.add(
        Convolution("fc1", variableName: "fc1", kernel: 1, from: 18, to: 8, activation: .relu, layout: &layout),
        to: means)
      let logits = graph.add(
        Convolution("fc2", variableName: "fc2", kernel: 1, from: 8, to: 18, activation: .identity, layout: &layout),
        to: squeezed)
      map = graph.add(ChannelGate("gate"), to: map, logits)
      map = graph.add(
        Convolution(
          "project", variableName: "project", kernel: 1, from: 18, to: 6, activation: .identity, hasBias: false,
          normalization: Self.place("project.n"), layout: &layout), to: map)
      map = graph.add(ResidualSum("sum"), to: map, input)
      let deep = graph.add(
        Convolution("deep", variableName: "deep", kernel: 1, from: 6, to: 4, activation: .identity, layout: &layout),
        to: map)
      let side = graph.add(
        Convolution("side", variableName: "side", kernel: 1, from: 18, to: 4, activation: .identity, layout: &layout),
        to: wide)
      return graph.add(ResidualSum("both"), to: deep, side)
    } reference: { network in
      let first = network.normalization(
        "first.n", network.convolution("first", network.images, kernel: 1, to: 6), epsilon: 1e-3)
      let wide = network.normalization(
        "expand.n", network.convolution("expand", first, kernel: 1, to: 18), epsilon: 1e-3,
        ReferenceNetwork.hardSwish)
      var x = network.normalization(
        "depthwise.n", network.convolution("depthwise", wide, kernel: 5, padding: (2, 2), to: 18), epsilon: 1e-3,
        ReferenceNetwork.hardSwish)
      var squeezed = network.convolution("fc1", network.means(x), kernel: 1, to: 8)
      squeezed.values = squeezed.values.map(ReferenceNetwork.relu)
      x = network.gate(x, network.convolution("fc2", squeezed, kernel: 1, to: 18))
      x = network.normalization("project.n", network.convolution("project", x, kernel: 1, to: 6), epsilon: 1e-3)
      x = network.sum(x, first)
      return network.sum(
        network.convolution("deep", x, kernel: 1, to: 4), network.convolution("side", wide, kernel: 1, to: 4))
    }
    let found = graph.discrepancies()
    #expect(found.isEmpty, "\(found)")
  }

  /// Frozen normalisations normalise by their averages in training too, and have no gradients of their own.
  @Test func `Frozen normalisations`() {
    let graph = NormalizedGraph(Shape(batch: 2, height: 6, width: 5, channels: 4), seed: 9) { graph, layout in
      var map = graph.add(
        Convolution(
          "first", variableName: "first", kernel: 1, from: 4, to: 9, activation: .relu6, hasBias: false,
          normalization: Self.place("first.n", frozen: true), layout: &layout), to: graph.input)
      map = graph.add(
        DepthwiseConvolution(
          "depthwise", variableName: "depthwise", stride: 2, padding: 1, channels: 9, hasBias: true,
          normalization: Self.place("depthwise.n", frozen: true), activation: .hardSwish, layout: &layout), to: map)
      return graph.add(
        Convolution("last", variableName: "last", kernel: 1, from: 9, to: 3, activation: .identity, layout: &layout),
        to: map)
    } reference: { network in
      var x = network.convolution("first", network.images, kernel: 1, to: 9)
      x = network.normalization("first.n", x, epsilon: 1e-3, frozen: true, ReferenceNetwork.relu6)
      x = network.convolution("depthwise", x, kernel: 3, stride: 2, padding: (1, 1), size: (3, 3), to: 9)
      x = network.normalization("depthwise.n", x, epsilon: 1e-3, frozen: true, ReferenceNetwork.hardSwish)
      return network.convolution("last", x, kernel: 1, to: 3)
    }
    let found = graph.discrepancies()
    #expect(found.isEmpty, "\(found)")
    let result = graph.run(Kernels.available[0], threads: 1)
    for variable in graph.layout.variables where !variable.isTrained {
      #expect(result.gradients[variable.name]!.allSatisfy { $0 == 0 }, "\(variable.name)")
    }
  }

  /// Layers that are frozen by their place compute as in evaluation, and leave their averages alone.
  @Test func `Frozen layers normalise by their averages`() {
    let graph = NormalizedGraph(Shape(batch: 2, height: 4, width: 5, channels: 4), seed: 5) { graph, layout in
      let map = graph.add(
        Convolution(
          "first", variableName: "first", kernel: 1, from: 4, to: 6, activation: .relu, hasBias: false,
          normalization: Self.place("first.n"), layout: &layout), to: graph.input)
      let second = graph.add(
        Convolution(
          "second", variableName: "second", kernel: 1, from: 6, to: 6, activation: .relu, hasBias: false,
          normalization: Self.place("second.n"), layout: &layout), to: map)
      return graph.add(
        Convolution("last", variableName: "last", kernel: 1, from: 6, to: 3, activation: .identity, layout: &layout),
        to: second)
    } reference: { network in
      var x = network.convolution("first", network.images, kernel: 1, to: 6)
      x = network.normalization("first.n", x, epsilon: 1e-3, frozen: true, ReferenceNetwork.relu)
      x = network.convolution("second", x, kernel: 1, to: 6)
      x = network.normalization("second.n", x, epsilon: 1e-3, ReferenceNetwork.relu)
      return network.convolution("last", x, kernel: 1, to: 3)
    }
    let result = graph.run(Kernels.available.last!, threads: 2, frozen: 1)
    let expected = graph.reference(graph.network()).values
    #expect(relativeDistance(result.output, expected) < 1e-6)
    let range = graph.graph.trainedRange(frozen: 1, of: graph.layout.arenaCount)
    for variable in graph.layout.variables {
      let isFirst = variable.name.hasPrefix("first")
      #expect(range.overlaps(variable.range) == !isFirst, "\(variable.name)")
      if isFirst { #expect(result.gradients[variable.name]!.allSatisfy { $0 == 0 }, "\(variable.name)") }
    }
  }
}
