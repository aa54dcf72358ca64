import Tensors

/// What other projects call the tensors of a network, by what their names begin with.
package struct NameMap: Sendable {
  /// Whose names they are, "torchvision mobilenet_v3_large".
  package let origin: String
  /// Beginnings of names, there and here; the first that fits counts.
  let prefixes: [(theirs: String, ours: String)]
  /// The images that these weights read, of any size, where that is not the network's input.
  package var input: ImageInput?

  /// Our name of a tensor; nil when the network has none for it.
  func own(_ name: String) -> String? {
    prefixes.first { name.hasPrefix($0.theirs) }.map { $0.ours + name.dropFirst($0.theirs.count) }
  }
}

/// How files of weights that are no checkpoints of ours name the tensors of a network and order its classes.
package struct TensorNaming: Sendable {
  /// Variables that have channels for classes.
  private let classPredictors: Set<String>?
  /// All variables.
  private let variables: Set<String>
  private let maps: [NameMap]
  private let subsamplings: [String: Subsampling]
  private let otherVariants: [Architecture]
  /// The value of `model.variant`, nil for an architecture without variants.
  package let variant: String?
  /// Whether others have the channel of background behind those of the classes.
  package let hasBackgroundLast: Bool

  /// torchvision's names, and nobody else's.
  package static let torchvision = TensorNaming(
    classPredictors: nil, variables: [], maps: [], subsamplings: [:], otherVariants: [], variant: nil,
    hasBackgroundLast: false)

  fileprivate init(
    classPredictors: Set<String>?, variables: Set<String>, maps: [NameMap], subsamplings: [String: Subsampling],
    otherVariants: [Architecture], variant: String?, hasBackgroundLast: Bool
  ) {
    (self.classPredictors, self.variables) = (classPredictors, variables)
    (self.maps, self.subsamplings) = (maps, subsamplings)
    (self.otherVariants, self.variant, self.hasBackgroundLast) = (otherVariants, variant, hasBackgroundLast)
  }

  /// Whether a variable of this name has channels for classes.
  package func isClassPredictor(_ variable: String) -> Bool {
    classPredictors?.contains(variable) ?? variable.hasPrefix("head.classification_head.")
  }

  /// The variant of the network in which a variable has the shape of a file's tensor, if there is one.
  package func variant(withShape shape: [Int], of variable: String) -> String? {
    otherVariants.first { architecture in
      SSD(architecture, objectClassCount: 1).layout.variables.contains { $0.name == variable && $0.fileShape == shape }
    }?.variant
  }

  /// How a variable is made of a fully connected layer of a classifier; nil where it is not, or the shape is not that layer's.
  package func subsampling(of variable: Variable, from shape: [Int]) -> Subsampling? {
    subsamplings[variable.name].flatMap { $0.fits(shape, part: variable.fileShape) ? $0 : nil }
  }

  /// The names that a file's tensors have: those of the map that gives most of them a place in the network, or nil when they have
  /// most as they are.
  package func map(for names: [String]) -> NameMap? {
    func places(_ map: NameMap?) -> Int {
      Set(names.map { map?.own($0) ?? $0 }).count { variables.contains($0) }
    }
    return maps.reduce((map: nil as NameMap?, places: places(nil))) { best, map in
      let count = places(map)
      return count > best.places ? (map, count) : best
    }.map
  }
}

extension NameMap? {
  /// The file's names by ours.
  package func own(_ names: [String]) -> [String: String] {
    Dictionary(names.map { (self?.own($0) ?? $0, $0) }) { first, _ in first }
  }
}

extension SSD {
  /// How files of others name the network's tensors.
  package var tensorNaming: TensorNaming {
    TensorNaming(
      classPredictors: Set(
        graph.nodes.filter { node in heads.contains { $0.confidences == node.output } }
          .flatMap { $0.layer.variables.map(\.name) }), variables: Set(layout.variables.map(\.name)),
      maps: architecture.base?.names ?? [], subsamplings: architecture.base?.subsamplings ?? [:],
      otherVariants: architecture.variants.filter { $0 != architecture },
      variant: architecture.variant.isEmpty ? nil : architecture.variant,
      hasBackgroundLast: architecture.published?.hasBackgroundLast ?? false)
  }

  /// Whether a file with these tensors has the base network as an ImageNet classifier has it, and nothing behind it.
  package func isPretrainedBase(names: [String]) -> Bool {
    guard let base = architecture.base else { return false }
    let own = tensorNaming.map(for: names).own(names)
    return own[base.lastTensor] != nil && own[base.firstNewTensor] == nil
  }
}

extension NameMap {
  /// Files of a base network alone, which have the names of the detector without the part that stands before them.
  static func withoutPrefix(_ prefix: String, origin: String) -> NameMap {
    NameMap(origin: origin, prefixes: (0..<32).map { ("\($0).", "\(prefix)\($0).") })
  }

  /// torchvision's classifier MobileNetV2.
  static func torchvisionMobileNetV2(_ names: MobileNetV2.Names) -> NameMap {
    mobileNetV2(names, origin: "torchvision mobilenet_v2") { index, part in
      part == .project ? ("\(index)", "\(index + 1)") : ("\(index).0", "\(index).1")
    }
  }

  /// The classifier MobileNetV2 of tonylins/pytorch-mobilenet-v2, whose blocks are flat lists with a ReLU6 behind each
  /// normalisation but the last.
  static func tonylinsMobileNetV2(_ names: MobileNetV2.Names) -> NameMap {
    mobileNetV2(names, origin: "tonylins mobilenet_v2") { index, _ in ("\(3 * index)", "\(3 * index + 1)") }
  }

  /// A classifier MobileNetV2.
  ///
  /// - Parameters:
  ///   - names: those here.
  ///   - theirs: what a convolution and its normalisation are called in a block, by their place there.
  private static func mobileNetV2(
    _ names: MobileNetV2.Names, origin: String, theirs: (Int, MobileNetV2.Part) -> (String, String)
  ) -> NameMap {
    typealias Names = (kernel: String, normalization: String)
    func pair(_ theirs: (String, String), _ ours: Names) -> [(theirs: String, ours: String)] {
      [(theirs.0 + ".", ours.kernel + "."), (theirs.1 + ".", ours.normalization + ".")]
    }
    var prefixes = pair(("features.0.0", "features.0.1"), names.first)
    for (number, place) in MobileNetV2.blocks.enumerated().map({ ($0 + 1, $1) }) {
      let block = "features.\(number).conv."
      let parts: [MobileNetV2.Part] = number == 1 ? [.depthwise, .project] : [.expand, .depthwise, .project]
      for (index, part) in parts.enumerated() {
        let theirs = theirs(index, part)
        prefixes += pair((block + theirs.0, block + theirs.1), names.block(number, place.stage, place.index, part))
      }
    }
    prefixes += pair(("features.18.0", "features.18.1"), names.last) + pair(("conv.0", "conv.1"), names.last)
    return NameMap(origin: origin, prefixes: prefixes)
  }

  /// torchvision's classifier MobileNetV3-Large, whose block 13 its detector cuts in two.
  static let torchvisionMobileNetV3Large = NameMap(
    origin: "torchvision mobilenet_v3_large",
    prefixes: [("features.0.", "backbone.features.0.0.")]
      + (1...12).map { ("features.\($0).", "backbone.features.0.\($0).") }
      + [("features.13.block.0.", "backbone.features.0.13.")]
      + (1...3).map { ("features.13.block.\($0).", "backbone.features.1.0.\($0).") }
      + (14...16).map { ("features.\($0).", "backbone.features.1.\($0 - 13).") })
}
