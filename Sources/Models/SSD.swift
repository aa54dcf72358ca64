import Detection
import Glibc
import Kernels
import Layers
import Tensors

/// A single shot detector: which layers, which parameters, which default boxes. A description without memory.
///
/// ### Shapes
/// images: [batch, 300, 300, 3], RGB 0–255 minus ``inputMean``; locations: [batch, D, 4]; confidences: [batch, D, classes], where D is
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

  /// Height and width of the input.
  package static let inputSize = 300
  /// What is subtracted from the channels of an image: red, green, blue. The release's (123, 117, 104) as torchvision writes
  /// them, 255 · (0.48235, 0.45882, 0.40784), so that its weights give its results to the last digits.
  package static let inputMean: (Float, Float, Float) = (122.99925, 116.9991, 103.9992)

  /// Classes, background included.
  package let classCount: Int
  /// Factor on the channel counts of the base network and the extra layers.
  package let widthMultiplier: Float
  /// The reference boxes.
  package let defaultBoxes: DefaultBoxes
  /// The layers.
  package let graph: LayerGraph
  /// The parameters, under torchvision's names.
  package let parameters: ParameterLayout
  /// One for each feature map, the finest first.
  package let heads: [Head]

  /// SSD300 on VGG-16.
  ///
  /// - Parameters:
  ///   - objectClassCount: classes without background.
  ///   - widthMultiplier: scales every channel count of the base network and the extra layers; 1 is the paper's.
  ///   - defaultBoxes: fits the six maps of 38, 19, 10, 5, 3 and 1 cells a side.
  ///   - convolutionMethod: how convolutions are computed.
  ///   - precision: what they multiply.
  /// - Precondition: the numbers are positive and the default boxes fit.
  package init(
    ssd300VGG16 objectClassCount: Int, widthMultiplier: Float = 1, defaultBoxes layout: DefaultBoxLayout,
    convolutionMethod: ConvolutionMethod = .fastest, precision: Precision = .float32
  ) {
    precondition(objectClassCount > 0 && widthMultiplier > 0, "\(objectClassCount) classes, width \(widthMultiplier)")
    let classCount = objectClassCount + 1
    var builder = NetworkBuilder(
      inputHeight: Self.inputSize, inputWidth: Self.inputSize, widthMultiplier: widthMultiplier,
      convolutionMethod: convolutionMethod, precision: precision)
    let base = VGG16(&builder)
    let extras = ExtraFeatureLayers(behind: base.conv7, &builder)
    let sources = [base.conv4, base.conv7] + extras.sources
    precondition(
      sources.map { builder.graph.shape($0).height } == layout.featureMaps.map(\.rows)
        && sources.map { builder.graph.shape($0).width } == layout.featureMaps.map(\.columns),
      "default boxes for maps \(layout.featureMaps.map { "\($0.rows)×\($0.columns)" })")
    heads = zip(sources, layout.featureMaps).enumerated().map { index, source in
      let (map, boxes) = (source.0, source.1.boxesPerCell)
      return Head(
        locations: builder.predictor(
          "location_\(index + 1)", parameter: "head.regression_head.module_list.\(index)", of: map, to: boxes * 4),
        confidences: builder.predictor(
          "confidence_\(index + 1)", parameter: "head.classification_head.module_list.\(index)", of: map,
          to: boxes * classCount))
    }
    builder.graph.outputs = heads.flatMap { [$0.locations, $0.confidences] }
    self.classCount = classCount
    self.widthMultiplier = widthMultiplier
    self.defaultBoxes = DefaultBoxes(layout)
    graph = builder.graph
    parameters = builder.layout
  }

  /// Fills `weights` from scratch; the values depend on the arguments and the parameters' names only.
  ///
  /// ``Initializer/xavier`` is what the release and torchvision do. With ``Initializer/he`` activations are of order 1 from the
  /// first new layer to the predictors, whose first answers are close to a guess: large ones have gradients that wreck the layers
  /// below within a few iterations. The first new layer reads pixel values, or conv5_3 of a pretrained base network, whose
  /// values are as large. The guess is background with the probability that it has among the default boxes of the loss, and
  /// every class alike.
  ///
  /// - Parameters:
  ///   - hasPretrainedBase: whether conv1_1 to conv5_3, and not conv6, will be replaced by pretrained weights.
  ///   - backgroundShare: the share of negatives among the default boxes that take part in the loss, above 0 and below 1.
  /// - Returns: how large the values are that the layers read.
  package func initialize(
    _ weights: ParameterArena, with initializer: Initializer, hasPretrainedBase: Bool = false,
    backgroundShare: Float = HardNegativeMining().negativeShare, seed: UInt64
  ) -> InputScales {
    let firstNewLayer = hasPretrainedBase ? VGG16.firstNewLayer : graph.nodes[0].layer.name
    var inputScales = InputScales()
    for node in graph.nodes {
      let readsLargeValues = initializer == .he && node.layer.name == firstNewLayer
      let damping: Float =
        switch initializer {
        case .xavier: 1
        case .he: readsLargeValues ? Self.largeValues : graph.outputs.contains(node.output) ? 16 : 1
        }
      for parameter in node.layer.parameters {
        initializer.initialize(
          parameter, in: weights, damping: damping,
          normalizationScale: Self.normalizationScale * widthMultiplier.squareRoot(), seed: seed)
        if readsLargeValues, parameter.role == .weight { inputScales[parameter] = Self.largeValues }
      }
    }
    if initializer == .he { setPrior(backgroundShare, in: weights) }
    return inputScales
  }

  /// Biases of the class predictors with which softmax gives background its share and every class an equal part of the rest.
  private func setPrior(_ backgroundShare: Float, in weights: ParameterArena) {
    let share = backgroundShare * Float(classCount - 1) / (1 - backgroundShare)
    for node in graph.nodes where heads.contains(where: { $0.confidences == node.output }) {
      for parameter in node.layer.parameters where parameter.role == .bias {
        let biases = weights[parameter]
        for background in stride(from: 0, to: biases.count, by: classCount) { biases[background] = log(share) }
      }
    }
  }

  /// Whether a layer predicts locations or confidences.
  package func isPredictor(_ layer: String) -> Bool {
    graph.nodes.contains { $0.layer.name == layer && graph.outputs.contains($0.output) }
  }

  /// Whether a file with these tensors has the base network as an ImageNet classifier has it: conv5_3, but no conv6.
  package static func isPretrainedBase(names: [String]) -> Bool {
    names.contains("backbone.extra.0.5.weight") && !names.contains("backbone.extra.0.7.1.weight")
  }

  /// The spread of pixels, and of conv5_3 of a pretrained base network, to the nearest power of two.
  private static let largeValues: Float = 64

  /// The initial scale of the channel L2 normalisation at full width. It follows the square root of the channel count, so that
  /// a channel's values are as large at any width.
  private static let normalizationScale: Float = 20
}
