import Detection
import Layers
import Models

extension Configuration {
  /// The network and how it is matched to ground truth.
  package struct Model: Sendable, Equatable {
    /// The network.
    package var architecture: Architecture
    /// Whether batch normalisations learn.
    package var batchNormalization = BatchNormalizationMode.train
    /// Factor on the channel counts of the base network and the extra layers.
    package var widthMultiplier: Float = 1
    /// A safetensors or `.pth` file to start from; nil starts from `initialization` alone.
    package var weights: String?
    /// How convolution kernels start that no weight file fills.
    package var initialization = Initializer.he
    /// Where the default boxes come from.
    package var boxes: DefaultBoxChoice
    /// Scale of the box encoding.
    package var variances = BoxVariances()
    /// How default boxes are matched to ground truth.
    package var matching = MatchingRule.bipartite

    /// The defaults for an architecture.
    package init(_ architecture: Architecture = .all[0]) {
      self.architecture = architecture
      boxes = .preset(architecture.defaultBoxes[0].name)
    }

    /// The default boxes of every feature map.
    ///
    /// - Precondition: ``boxes`` suit the architecture.
    package var defaultBoxes: DefaultBoxLayout {
      switch boxes {
      case .preset(let name):
        guard let preset = architecture.defaultBoxes.first(where: { $0.name == name }) else {
          preconditionFailure("\(architecture.name) has no default boxes \(name)")
        }
        return preset.layout
      case .lists(let lists):
        do {
          return try lists.layout(like: architecture.defaultBoxes[0].layout)
        } catch {
          preconditionFailure("\(error)")
        }
      }
    }
  }
}

/// Whether batch normalisations learn: `model.batch_normalization`.
package enum BatchNormalizationMode: String, Sendable, CaseIterable {
  /// They normalise by the micro-batch, and their scales, shifts and averages move.
  case train
  /// They normalise by the averages, and nothing moves.
  case frozen
}

/// Where default boxes come from: `model.default_boxes`.
package enum DefaultBoxChoice: Sendable, Equatable {
  /// A layout of the architecture with this name.
  case preset(String)
  /// Lists with an element for each feature map.
  case lists(DefaultBoxLists)

  /// The lists; empty ones for a preset.
  var lists: DefaultBoxLists {
    get { if case .lists(let lists) = self { lists } else { DefaultBoxLists() } }
    set { self = .lists(newValue) }
  }
}

/// Default boxes by lists with one element per feature map of the network, the finest first; lengths in pixels of its input.
package struct DefaultBoxLists: Sendable, Equatable {
  /// Side of the small square box.
  package var minimumSizes: [Double] = []
  /// The side of the large square box is the geometric mean of both sizes.
  package var maximumSizes: [Double] = []
  /// Further boxes of the small one's area, without inverses.
  package var aspectRatios: [[Double]] = []
  /// Distance of neighbouring cells.
  package var steps: [Double] = []
  /// What is clipped to the image.
  package var clipping = DefaultBoxLayout.Clipping.none

  /// The layout for the maps of another one.
  ///
  /// - Throws: `DefaultBoxLayoutError` when a list has another length or an element that cannot be.
  func layout(like other: DefaultBoxLayout) throws(DefaultBoxLayoutError) -> DefaultBoxLayout {
    try DefaultBoxLayout(
      imageHeight: other.imageHeight, imageWidth: other.imageWidth,
      mapSizes: other.featureMaps.map { ($0.rows, $0.columns) }, steps: steps, minimumSizes: minimumSizes,
      maximumSizes: maximumSizes, aspectRatios: aspectRatios, clipping: clipping)
  }
}
