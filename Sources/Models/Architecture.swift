import Detection
import Layers

/// A kind of detector as a value: all that tells one network from another. ``all`` are those there are.
///
/// A new one needs a file in this target and a line in ``all``.
package struct Architecture: Sendable {
  /// What predicts from every source map, and before ".0", the number of the map, what the names of its variables begin with.
  package struct Predictor: Sendable {
    /// The layers of a predictor.
    package enum Kind: Sendable {
      /// A 3×3 convolution.
      case convolution
      /// A depthwise 3×3 convolution with batch normalisation and ReLU6, and a pointwise one.
      case separable(SeparablePredictor)
    }

    /// The layers.
    package let kind: Kind
    /// Of the predictors of locations.
    package let locations: String
    /// Of those of confidences.
    package let confidences: String

    /// torchvision's names.
    package static func torchvision(_ kind: Kind) -> Predictor {
      Predictor(
        kind: kind, locations: "head.regression_head.module_list", confidences: "head.classification_head.module_list")
    }
  }

  /// A layout of default boxes with a name.
  package struct DefaultBoxPreset: Sendable {
    /// "caffe-voc".
    package let name: String
    /// The boxes.
    package let layout: DefaultBoxLayout
  }

  /// The part of the network that a classifier of ImageNet is trained as.
  package struct Base: Sendable {
    /// The first layer behind it.
    package let firstNewLayer: String
    /// A tensor that every file of the base has: of its last layer.
    package let lastTensor: String
    /// A tensor that only files of a detector have: of the first new layer.
    package let firstNewTensor: String
    /// How large the values of its last map are, a power of two.
    var spread: Float = 1
    /// What classifiers and detectors of others call the network's tensors.
    var names: [NameMap] = []
    /// By the name of a variable: how it is made of a fully connected layer, where classifiers have one in its place.
    var subsamplings: [String: Subsampling] = [:]
  }

  /// How weights are used that come without a configuration.
  package struct PublishedWeights: Sendable {
    /// Whose weights they are, "torchvision ssd300_vgg16".
    package let name: String
    /// Keys of the configuration as far as their values are not the defaults: [("model.matching", "argmax")].
    package let settings: [(key: String, value: String)]
    /// Whether the channel of background is behind those of the classes.
    var hasBackgroundLast = false
  }

  /// The value of `model.name`, "ssd300-vgg16".
  package let name: String
  /// The value of `model.variant`, for an architecture of which there are several; else empty.
  package var variant = ""
  /// Which images it reads.
  package let input: ImageInput
  /// What can be pretrained; nil where nothing can.
  package let base: Base?
  /// Layouts of default boxes, the usual one first.
  package let defaultBoxes: [DefaultBoxPreset]
  /// See ``Predictor``.
  package let predictor: Predictor
  /// Pixels of the smallest map that a batch normalisation follows; nil where there is no batch normalisation.
  package var smallestNormalizedMap: Int?
  /// The learning rate that suits 32 images an iteration.
  package var usualLearningRate = 0.001
  /// See ``PublishedWeights``; nil where there are none.
  package let published: PublishedWeights?
  /// Appends base network and extra layers, and returns the source maps, the finest first.
  let build: @Sendable (inout NetworkBuilder) -> [LayerGraph.Map]

  /// Whether batch normalisations follow its convolutions.
  package var hasBatchNormalization: Bool { smallestNormalizedMap != nil }

  /// Every architecture there is, the usual one first, the usual variant of each first.
  package static let variants: [Architecture] =
    [.ssd300VGG16, .ssd512VGG16] + ssd300MobileNetV1 + [.ssd300MobileNetV2Lite, .ssd320MobileNetV2Lite]
    + ssdLite320MobileNetV3Large

  /// The usual variant of every architecture.
  package static let all: [Architecture] = variants.enumerated().filter { index, architecture in
    !variants[..<index].contains { $0.name == architecture.name }
  }.map(\.element)

  /// The architecture of a name.
  package static func named(_ name: String) -> Architecture? { all.first { $0.name == name } }

  /// All variants of this architecture, the usual one first.
  package var variants: [Architecture] { Self.variants.filter { $0.name == name } }
}

extension Architecture: Equatable {
  /// Names with variants are unique.
  package static func == (one: Architecture, other: Architecture) -> Bool {
    one.name == other.name && one.variant == other.variant
  }
}
