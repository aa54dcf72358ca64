import Detection
import Layers

/// A kind of detector as a value: all that tells one network from another. ``all`` are those there are.
///
/// A new one needs a file in this target and a line in ``all``.
package struct Architecture: Sendable {
  /// What the last layer of every source map predicts with.
  package enum Predictor: Sendable {
    /// A 3×3 convolution.
    case convolution
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
  }

  /// How weights are used that come without a configuration.
  package struct PublishedWeights: Sendable {
    /// Whose weights they are, "torchvision ssd300_vgg16".
    package let name: String
    /// Keys of the configuration as far as their values are not the defaults: [("model.matching", "argmax")].
    package let settings: [(key: String, value: String)]
  }

  /// The value of `model.name`, "ssd300-vgg16".
  package let name: String
  /// Which images it reads.
  package let input: ImageInput
  /// What can be pretrained; nil where nothing can.
  package let base: Base?
  /// Layouts of default boxes, the usual one first.
  package let defaultBoxes: [DefaultBoxPreset]
  /// See ``Predictor``.
  package let predictor: Predictor
  /// See ``PublishedWeights``; nil where there are none.
  package let published: PublishedWeights?
  /// Appends base network and extra layers, and returns the source maps, the finest first.
  let build: @Sendable (inout NetworkBuilder) -> [LayerGraph.Map]

  /// Every architecture there is, the usual one first.
  package static let all: [Architecture] = [.ssd300VGG16, .ssd512VGG16]

  /// The architecture of a name.
  package static func named(_ name: String) -> Architecture? { all.first { $0.name == name } }
}

extension Architecture: Equatable {
  /// Names are unique.
  package static func == (one: Architecture, other: Architecture) -> Bool { one.name == other.name }
}

/// The images that a network reads: [height, width, 3] of (RGB 0–255 − mean) · scale.
package struct ImageInput: Sendable, Equatable {
  /// Rows.
  package let height: Int
  /// Columns.
  package let width: Int
  /// The colour that becomes 0: red, green, blue, 0–255.
  package let mean: [Float]
  /// What differences from it are multiplied with.
  package let scale: Float

  /// "300×300".
  package var sizeText: String { "\(height)×\(width)" }
}
