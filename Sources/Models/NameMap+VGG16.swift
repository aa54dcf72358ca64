extension NameMap {
  /// Places of VGG-16's convolutions in a flat list of layers with ReLU and pooling, and their names here.
  private static let flatVGG16: [(place: Int, ours: String)] =
    [0, 2, 5, 7, 10, 12, 14, 17, 19, 21].map { ($0, "backbone.features.\($0)") }
    + [
      (24, "backbone.extra.0.1"), (26, "backbone.extra.0.3"), (28, "backbone.extra.0.5"), (31, "backbone.extra.0.7.1"),
      (33, "backbone.extra.0.7.3"),
    ]

  /// Names of a detector that has the base, the extra layers and the predictors in lists of their own.
  ///
  /// - Parameters:
  ///   - base, extras, classes, boxes: names of the lists.
  ///   - normalization: the scale of conv4_3 without its ending `weight`.
  private static func lists(
    origin: String, base: String, normalization: String, extras: String, classes: String, boxes: String
  ) -> NameMap {
    var prefixes = flatVGG16.map { (theirs: "\(base).\($0.place).", ours: "\($0.ours).") }
    prefixes.append((normalization, "backbone.scale_"))
    for pair in 0..<5 {
      prefixes.append(("\(extras).\(2 * pair).", "backbone.extra.\(pair + 1).0."))
      prefixes.append(("\(extras).\(2 * pair + 1).", "backbone.extra.\(pair + 1).2."))
    }
    prefixes.append(("\(classes).", "head.classification_head.module_list."))
    prefixes.append(("\(boxes).", "head.regression_head.module_list."))
    return NameMap(origin: origin, prefixes: prefixes)
  }

  /// SSD300 of amdegroot/ssd.pytorch.
  static let amdegroot = lists(
    origin: "amdegroot ssd.pytorch", base: "vgg", normalization: "L2Norm.", extras: "extras", classes: "conf",
    boxes: "loc")

  /// amdegroot's `vgg16_reducedfc`, from which its training and lufficc's start: the base without a name of its own.
  static let amdegrootBase = NameMap(
    origin: "amdegroot vgg16_reducedfc", prefixes: flatVGG16.map { ("\($0.place).", "\($0.ours).") })

  /// SSD300 and SSD512 of the authors' release, whose extra layers begin with conv6, and its `VGG_ILSVRC_16_layers_fc_reduced`.
  static let caffe: NameMap = {
    let names =
      (1...5).flatMap { stage in (1...(stage < 3 ? 2 : 3)).map { "conv\(stage)_\($0)" } } + ["fc6", "fc7"]
    var prefixes = zip(names, flatVGG16).map { (theirs: "\($0).", ours: "\($1.ours).") }
    prefixes.append(("conv4_3_norm.", "backbone.scale_"))
    let sources = ["conv4_3_norm", "fc7"] + (6...10).map { "conv\($0)_2" }
    for (map, source) in sources.enumerated() {
      prefixes.append(("\(source)_mbox_conf.", "head.classification_head.module_list.\(map)."))
      prefixes.append(("\(source)_mbox_loc.", "head.regression_head.module_list.\(map)."))
    }
    for pair in 1...5 {
      prefixes.append(("conv\(pair + 5)_1.", "backbone.extra.\(pair).0."))
      prefixes.append(("conv\(pair + 5)_2.", "backbone.extra.\(pair).2."))
    }
    return NameMap(origin: "weiliu89 caffe", prefixes: prefixes)
  }()

  /// SSD300 and SSD512 of lufficc/SSD.
  static let lufficc = lists(
    origin: "lufficc SSD", base: "backbone.vgg", normalization: "backbone.l2_norm.", extras: "backbone.extras",
    classes: "box_head.predictor.cls_headers", boxes: "box_head.predictor.reg_headers")

  /// torchvision's `VGG16_Weights.IMAGENET1K_FEATURES`, amdegroot's weights, which have no numbers in the classifier.
  static let torchvisionVGG16Features = NameMap(
    origin: "torchvision vgg16, IMAGENET1K_FEATURES",
    prefixes: flatVGG16.filter { $0.place < 31 }.map { ("features.\($0.place).", "\($0.ours).") })

  /// torchvision's `VGG16_Weights.IMAGENET1K_V1`, whose images are normalized as ImageNet's usually are.
  static let torchvisionVGG16: NameMap = {
    let map = torchvisionVGG16Features
    return NameMap(
      origin: "torchvision vgg16, IMAGENET1K_V1",
      prefixes: map.prefixes + [
        ("classifier.0.", "backbone.extra.0.7.1."), ("classifier.3.", "backbone.extra.0.7.3."),
      ], input: .imageNet(height: 224, width: 224))
  }()
}
