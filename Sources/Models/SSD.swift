import Detection
import Glibc
import Kernels
import Layers
import Tensors

/// A single shot detector: which layers, which variables, which default boxes. A description without memory.
///
/// ### Shapes
/// images: [batch, height, width, 3], see ``ImageInput``; locations: [batch, D, 4]; confidences: [batch, D, classes], where D is
/// the number of default boxes, in the order map, row, column, box of the cell.
///
/// ### Source
/// Liu et al., *SSD: Single Shot MultiBox Detector*, ECCV 2016, with the numbers of the authors' release.
package struct SSD: Sendable {
  /// The predictors of one source map.
  package struct Head: Sendable {
    /// [batch, height, width, boxes per cell · 4].
    package let locations: LayerGraph.Map
    /// [batch, height, width, boxes per cell · classes].
    package let confidences: LayerGraph.Map
  }

  /// The kind of detector.
  package let architecture: Architecture
  /// Classes, background included.
  package let classCount: Int
  /// The reference boxes.
  package let defaultBoxes: DefaultBoxes
  /// The layers.
  package let graph: LayerGraph
  /// The variables, under torchvision's names.
  package let layout: VariableLayout
  /// One for each feature map, the finest first.
  package let heads: [Head]

  /// A detector of an architecture.
  ///
  /// - Parameters:
  ///   - objectClassCount: classes without background.
  ///   - boxes: default boxes for the architecture's maps; nil for its usual ones.
  /// - Precondition: the numbers are positive and the default boxes fit.
  package init(
    _ architecture: Architecture, objectClassCount: Int, defaultBoxes boxes: DefaultBoxLayout? = nil,
    _ options: NetworkBuilder.Options = NetworkBuilder.Options()
  ) {
    precondition(
      objectClassCount > 0 && options.widthMultiplier > 0,
      "\(objectClassCount) classes, width \(options.widthMultiplier)")
    let boxes = boxes ?? architecture.defaultBoxes[0].layout
    classCount = objectClassCount + 1
    self.architecture = architecture
    defaultBoxes = DefaultBoxes(boxes)
    var (builder, heads) = Self.build(
      architecture, classCount: classCount, boxes, NetworkBuilder(architecture, options))
    if builder.layout.variables.contains(where: \.isAverage) {
      // Once more, now that the place of running averages is known.
      (builder, heads) = Self.build(
        architecture, classCount: classCount, boxes,
        NetworkBuilder(architecture, options, layout: VariableLayout(arranging: builder.layout)))
    }
    self.heads = heads
    graph = builder.graph
    layout = builder.layout
  }

  /// The shape of images from outside, which are float32 whatever maps consist of.
  package func imageShape(batch: Int) -> Shape { graph.shape(graph.input, batch: batch).stored(as: .float32) }

  private static func build(
    _ architecture: Architecture, classCount: Int, _ boxes: DefaultBoxLayout, _ empty: NetworkBuilder
  ) -> (NetworkBuilder, [Head]) {
    var builder = empty
    let sources = architecture.build(&builder)
    precondition(
      sources.map { builder.graph.shape($0).height } == boxes.featureMaps.map(\.rows)
        && sources.map { builder.graph.shape($0).width } == boxes.featureMaps.map(\.columns),
      "default boxes for maps \(boxes.featureMaps.map { "\($0.rows)×\($0.columns)" })")
    let heads = zip(sources, boxes.featureMaps).enumerated().map { index, source in
      let (map, boxesPerCell) = (source.0, source.1.boxesPerCell)
      let (predictor, isLast) = (architecture.predictor, index == sources.count - 1)
      return Head(
        locations: builder.predictor(
          predictor.kind, "location_\(index + 1)", variable: "\(predictor.locations).\(index)", of: map, isLast: isLast,
          to: boxesPerCell * 4),
        confidences: builder.predictor(
          predictor.kind, "confidence_\(index + 1)", variable: "\(predictor.confidences).\(index)", of: map,
          isLast: isLast, to: boxesPerCell * classCount))
    }
    builder.graph.outputs = heads.flatMap { [$0.locations, $0.confidences] }
    return (builder, heads)
  }

  /// Fills `weights` from scratch; the values depend on the arguments and the variables' names only.
  ///
  /// ``Initializer/xavier`` is what the release and torchvision do. With ``Initializer/he`` activations are of order 1 from the
  /// first new layer to the predictors, whose first answers are close to a guess: large ones have gradients that wreck the layers
  /// below within a few iterations. The first new layer reads pixel values, or the last map of a pretrained base network, whose
  /// values are as large. The guess is background with the probability that it has among the default boxes of the loss, and
  /// every class alike.
  ///
  /// - Parameters:
  ///   - hasPretrainedBase: whether the architecture's base, and nothing behind it, will be replaced by pretrained weights.
  ///   - backgroundShare: the share of negatives among the default boxes that take part in the loss, above 0 and below 1.
  /// - Returns: how large the values are that the layers read.
  package func initialize(
    _ weights: VariableArena, with initializer: Initializer, hasPretrainedBase: Bool = false,
    backgroundShare: Float = HardNegativeMining().negativeShare, seed: UInt64
  ) -> InputScales {
    let firstLayer = graph.nodes[0].layer.name
    let base = hasPretrainedBase ? architecture.base : nil
    let firstNewLayer = base?.firstNewLayer ?? firstLayer
    let spread = base?.spread ?? architecture.input.spread
    var inputScales = InputScales()
    for node in graph.nodes {
      let readsLargeValues = initializer == .he && node.layer.name == firstNewLayer && spread > 1
      let damping: Float =
        switch initializer {
        case .xavier, .normal: 1
        case .he: readsLargeValues ? spread : graph.outputs.contains(node.output) ? 16 : 1
        }
      for variable in node.layer.variables {
        initializer.initialize(variable, in: weights, damping: damping, seed: seed)
        if readsLargeValues, variable.startsRandom { inputScales[variable] = spread }
      }
    }
    if initializer == .he { setPrior(backgroundShare, in: weights) }
    return inputScales
  }

  /// Makes the first layer, which was trained on other values of the pixels, read the network's input.
  ///
  /// - Returns: the variable that reads large values from then on, and how large they are.
  package func convertFirstLayer(of weights: VariableArena, from other: ImageInput) -> (Variable, Float) {
    let variables = graph.nodes[0].layer.variables
    let (kernel, biases) = (variables.first { $0.startsRandom }!, variables.first { !$0.startsRandom }!)
    architecture.input.convert(kernel: weights[kernel], biases: weights[biases], from: other)
    return (kernel, architecture.input.spread)
  }

  /// Biases of the class predictors with which softmax gives background its share and every class an equal part of the rest.
  private func setPrior(_ backgroundShare: Float, in weights: VariableArena) {
    let share = backgroundShare * Float(classCount - 1) / (1 - backgroundShare)
    for node in graph.nodes where heads.contains(where: { $0.confidences == node.output }) {
      for variable in node.layer.variables where !variable.startsRandom {
        let biases = weights[variable]
        for background in stride(from: 0, to: biases.count, by: classCount) { biases[background] = log(share) }
      }
    }
  }

  /// Whether a layer predicts locations or confidences.
  package func isPredictor(_ layer: String) -> Bool {
    graph.nodes.contains { $0.layer.name == layer && graph.outputs.contains($0.output) }
  }
}
