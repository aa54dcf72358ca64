import Models
import Yams

extension ConfigurationTable {
  mutating func addModel() {
    add(
      "name",
      { _ in .choice(Architecture.all.map { (name: $0.name, value: $0) }) },
      get: { $0.model.architecture.variants[0] }, set: { $0.model = Configuration.Model($1) },
      "network: SSD of Liu et al. 2016 on VGG-16, or on a MobileNet; the number is the side of its input")
    add(
      "variant", { .variants(of: $0.model.architecture) }, get: { $0.model.architecture },
      set: { $0.model.architecture = $1 }, values: Architecture.documentedVariants, young: true,
      refusal: { $0.model.architecture.variants.count > 1 ? nil : "\($0.model.architecture.name) has no variants" },
      "which of several networks of that name, see [networks](networks.md)")
    add(
      "batch_normalization", \.model.batchNormalization, .choice, default: "`train`", young: true,
      refusal: Architecture.needsNormalization,
      "`frozen`: scales, shifts and running averages keep the values that they start with, and serve in training too")
    add(
      "width_multiplier", \.model.widthMultiplier, .number(.from(0.0625, to: 2)),
      "factor on the channels of the base network and the extra layers")
    addOptional(
      "weights", \.model.weights, .path, default: "`null`",
      "safetensors or `.pth` file to start from, see [weights](weights.md)")
    add(
      "initialization", \.model.initialization, .choice,
      "initial values of layers that no file fills; `xavier` is the authors', [`he`](decisions/0005-initialisation.md) starts faster, `normal`, of deviation 0.03, is that of MobileNets trained from nothing"
    )
    add(
      "default_boxes", { .boxes(of: $0.model.architecture) }, get: { $0.model.boxes }, set: { $0.model.boxes = $1 },
      values: Architecture.documentedBoxes, refusal: { $0.model.boxes.isPreset ? nil : "is given by lists" },
      "shapes of the default boxes (anchors)")
    within("default_boxes") { $0.addBoxLists() }
    within("variances") {
      $0.add("center", \.model.variances.center, .number(.above(0)), "scale of the encoding of box centres")
      $0.add("size", \.model.variances.size, .number(.above(0)), "scale of the encoding of box sizes")
    }
    add(
      "matching", \.model.matching, .choice,
      "how objects are matched to default boxes: as the authors do, or as torchvision does")
  }

  private mutating func addBoxLists() {
    addList(
      "minimum_sizes", \.minimumSizes, { .numbers(count: $0, .above(0)) },
      "side of the small square box, in pixels of the input")
    addList(
      "maximum_sizes", \.maximumSizes, { .numbers(count: $0, .above(0)) },
      "the large square box has the geometric mean of both sizes as its side")
    addList(
      "aspect_ratios", \.aspectRatios, { .numberLists(count: $0, .above(1)) },
      "further boxes of the small box's area; each ratio also stands for its inverse")
    addList(
      "steps", \.steps, { .numbers(count: $0, .above(0)) }, "distance of neighbouring cells, in pixels of the input")
    add(
      "clip", \.model.boxes.lists.clipping, .choice, default: "`none`",
      refusal: { $0.model.boxes.isPreset ? "is for lists" : nil },
      "what is clipped to fractions between 0 and 1: nothing; width and height; centre, width and height")
  }

  /// A list with an element for each feature map of the network.
  private mutating func addList<Value>(
    _ name: String, _ place: WritableKeyPath<DefaultBoxLists, Value> & Sendable,
    _ kind: @escaping @Sendable (Int) -> ValueKind<Value>, _ meaning: String
  ) {
    add(
      name, { kind($0.model.architecture.defaultBoxes[0].layout.featureMaps.count) },
      get: { $0.model.boxes.lists[keyPath: place] }, set: { $0.model.boxes.lists[keyPath: place] = $1 },
      required: true, refusal: { $0.model.boxes.isPreset ? "is for lists" : nil }, meaning)
  }
}

extension DefaultBoxChoice {
  fileprivate var isPreset: Bool { if case .preset = self { true } else { false } }
}

extension Architecture {
  /// Why keys of batch normalisation are refused; nil where the network has some.
  static let needsNormalization: @Sendable (Configuration) -> String? = { configuration in
    configuration.model.architecture.hasBatchNormalization ? nil : "is for networks with batch normalisation"
  }

  /// The names of variants, for the document.
  fileprivate static var documentedVariants: String {
    all.filter { $0.variants.count > 1 }.map { architecture in
      "with `\(architecture.name)` " + architecture.variants.map { "`\($0.variant)`" }.joined(separator: ", ")
    }.joined(separator: "; ")
  }

  /// The names of default boxes, for the document.
  fileprivate static var documentedBoxes: String {
    all.map { architecture in
      "with `\(architecture.name)` " + architecture.defaultBoxes.map { "`\($0.name)`" }.joined(separator: ", ")
    }.joined(separator: "; ") + "; or [a mapping](#default-boxes)"
  }
}

extension ValueKind<Architecture> {
  /// The variants of an architecture.
  fileprivate static func variants(of architecture: Architecture) -> Self {
    .choice(architecture.variants.map { (name: $0.variant, value: $0) })
  }
}

extension ValueKind<DefaultBoxChoice> {
  /// The name of one of an architecture's layouts, or a mapping, whose keys are read by themselves.
  fileprivate static func boxes(of architecture: Architecture) -> Self {
    let names = ValueKind<DefaultBoxChoice>.choice(
      architecture.defaultBoxes.map { (name: $0.name, value: .preset($0.name)) })
    return Self(
      type: "name or mapping", values: names.values, expected: names.expected,
      parse: { (node) throws(ValueFault) in
        if case .mapping = node.content { return .lists(DefaultBoxLists()) }
        return try names.parse(node)
      },
      emit: names.emit)
  }
}
