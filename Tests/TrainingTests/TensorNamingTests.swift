import Configuration
import Files
import Foundation
import Inference
import ModelFiles
import Models
import Tensors
import TestSupport
import Testing
import Training

/// Weights under the names and in the order of other projects, and back.
struct TensorNamingTests {
  private let directory: TemporaryDirectory
  private var path: String { directory.path + "/a.safetensors" }

  init() throws { directory = try TemporaryDirectory() }

  private func model(_ name: String, variant: String? = nil, classes: Int = 3, width: Float = 1) throws -> SSD {
    let variants = try #require(Architecture.named(name)).variants
    return SSD(
      try #require(variant == nil ? variants.first : variants.first { $0.variant == variant }),
      objectClassCount: classes,
      NetworkBuilder.Options(widthMultiplier: width))
  }

  /// Names and shapes of a classifier's tensors as torchvision has them.
  private static func classifier(_ name: String) throws -> [String: [Int]] {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let data = try Data(contentsOf: tests.appendingPathComponent("Fixtures/classifier-names.json"))
    return try JSONDecoder().decode([String: [String: [Int]]].self, from: data)[name]!
  }

  @Test(arguments: [
    ("ssd300-mobilenet-v2-lite", "", "mobilenet_v2"), ("ssd320-mobilenet-v2-lite", "", "mobilenet_v2"),
    ("ssdlite320-mobilenet-v3-large", "full-tail", "mobilenet_v3_large"),
  ]) func `All of torchvision's classifier but its last layers has a place`(
    name: String, variant: String, classifier: String
  ) throws {
    let shapes = try Self.classifier(classifier).filter { !$0.key.hasSuffix("num_batches_tracked") }
    try shapes.map { name, shape in TensorSource(name: name, shape: shape) { $0.update(repeating: 1) } }
      .writeSafetensors(to: path)
    let model = try model(name, variant: variant)
    #expect(model.isPretrainedBase(names: Array(shapes.keys)))
    let loading = try WeightLoading(
      from: SafetensorsFile(path), into: VariableArena(model.layout), naming: model.tensorNaming)
    #expect(loading.unexpected.allSatisfy { $0.hasPrefix("classifier.") })
    #expect(loading.taken.count == shapes.count - loading.unexpected.count)
    let firstNew = try #require(
      model.layout.variables.firstIndex { $0.name == model.architecture.base?.firstNewTensor })
    #expect(loading.taken == model.layout.variables[..<firstNew].map(\.name))
  }

  /// tonylins/pytorch-mobilenet-v2, whose blocks are flat lists; its last convolution has either name.
  @Test(arguments: ["ssd300-mobilenet-v2-lite", "ssd320-mobilenet-v2-lite"], ["features.18", "conv"])
  func `A MobileNetV2 of flat blocks is taken`(name: String, last: String) throws {
    let shapes = try Self.classifier("mobilenet_v2").filter { !$0.key.hasSuffix("num_batches_tracked") }
    let flat = Dictionary(
      uniqueKeysWithValues: shapes.map { name, shape -> (String, [Int]) in
        // features.N.conv.I.J, where projections have no J.
        let parts = name.split(separator: ".").map(String.init)
        guard parts.count >= 5, parts[2] == "conv", let index = Int(parts[3]) else {
          return (name.replacing("features.18", with: last), shape)
        }
        let blocks = parts[1] == "1" ? 1 : 2
        let place =
          parts.count == 6 ? 3 * index + Int(parts[4])! : index == blocks ? 3 * blocks : 3 * blocks + 1
        return ("features.\(parts[1]).conv.\(place).\(parts[parts.count - 1])", shape)
      })
    try flat.map { name, shape in TensorSource(name: name, shape: shape) { $0.update(repeating: 1) } }
      .writeSafetensors(to: path)
    let model = try model(name)
    #expect(model.isPretrainedBase(names: Array(flat.keys)))
    let loading = try WeightLoading(
      from: SafetensorsFile(path), into: VariableArena(model.layout), naming: model.tensorNaming)
    #expect(loading.unexpected.allSatisfy { $0.hasPrefix("classifier.") }, "\(loading.unexpected)")
    #expect(loading.taken.count == shapes.count - 2 && loading.origin == "tonylins mobilenet_v2")
  }

  /// qfgaohao's files of a base network alone.
  @Test(arguments: ["ssd300-mobilenet-v1", "ssd300-mobilenet-v2-lite"])
  func `A base without the detector's prefix is taken`(name: String) throws {
    let model = try model(name)
    let written = VariableArena(model.layout)
    let base = model.layout.variables.filter { $0.name.hasPrefix("base_net.") }
    for variable in base {
      for index in written[variable].indices { written[variable][index] = Float(variable.range.lowerBound + index) }
    }
    try written.tensorSources().filter { $0.name.hasPrefix("base_net.") }.map { tensor in
      let variable = base.first { $0.name == tensor.name }!
      return TensorSource(name: String(tensor.name.dropFirst("base_net.".count)), shape: tensor.shape) {
        variable.copyToFileOrder(from: UnsafeBufferPointer(written[variable]), to: $0)
      }
    }.writeSafetensors(to: path)
    let weights = VariableArena(model.layout)
    let loading = try WeightLoading(from: SafetensorsFile(path), into: weights, naming: model.tensorNaming)
    #expect(loading.taken == base.map(\.name) && loading.unexpected.isEmpty)
    #expect(base.allSatisfy { weights[$0].elementsEqual(written[$0]) })
  }

  /// Names of detectors on VGG-16 by ours: what stands for a convolution of each part, and the scale of conv4_3.
  @Test(arguments: [
    (
      "ssd300-vgg16",
      [
        "vgg.0", "vgg.21", "vgg.24", "vgg.31", "vgg.33", "extras.0", "extras.7", "conf.5", "loc.0", "L2Norm",
      ]
    ),
    (
      "ssd512-vgg16",
      [
        "backbone.vgg.0", "backbone.vgg.21", "backbone.vgg.24", "backbone.vgg.31", "backbone.vgg.33",
        "backbone.extras.0", "backbone.extras.7", "box_head.predictor.cls_headers.5",
        "box_head.predictor.reg_headers.0",
        "backbone.l2_norm",
      ]
    ),
    (
      "ssd512-vgg16",
      [
        "conv1_1", "conv4_3", "conv5_1", "fc6", "fc7", "conv6_1", "conv9_2", "conv9_2_mbox_conf",
        "conv4_3_norm_mbox_loc", "conv4_3_norm",
      ]
    ),
  ]) func `Detectors of others on VGG-16 are taken`(name: String, theirs: [String]) throws {
    let ours = [
      "backbone.features.0", "backbone.features.21", "backbone.extra.0.1", "backbone.extra.0.7.1",
      "backbone.extra.0.7.3", "backbone.extra.1.0", "backbone.extra.4.2", "head.classification_head.module_list.5",
      "head.regression_head.module_list.0",
    ]
    let model = try model(name, width: 0.25)
    let written = VariableArena(model.layout)
    for (index, variable) in model.layout.variables.enumerated() {
      written[variable].update(repeating: Float(index + 1))
    }
    let names = Dictionary(
      uniqueKeysWithValues: zip(ours, theirs).flatMap { our, their in
        ["weight", "bias"].map { ("\(our).\($0)", "\(their).\($0)") }
      } + [("backbone.scale_weight", theirs[9] + ".weight")])
    let chosen = model.layout.variables.filter { names[$0.name] != nil }
    #expect(chosen.count == 19)
    try chosen.map { variable in
      TensorSource(name: names[variable.name]!, shape: variable.fileShape) {
        variable.copyToFileOrder(from: UnsafeBufferPointer(written[variable]), to: $0)
      }
    }.writeSafetensors(to: path)
    let weights = VariableArena(model.layout)
    let loading = try WeightLoading(from: SafetensorsFile(path), into: weights, naming: model.tensorNaming)
    #expect(loading.taken == chosen.map(\.name) && loading.unexpected.isEmpty, "\(loading)")
    #expect(chosen.allSatisfy { weights[$0].elementsEqual(written[$0]) })
  }

  @Test func `The error names the variant that a file is of`() throws {
    let shapes = try Self.classifier("mobilenet_v3_large").filter { !$0.key.hasSuffix("num_batches_tracked") }
    try shapes.map { name, shape in TensorSource(name: name, shape: shape) { $0.update(repeating: 1) } }
      .writeSafetensors(to: path)
    let model = try model("ssdlite320-mobilenet-v3-large", variant: "reduced-tail")
    let error = #expect(throws: FileError.self) {
      try WeightLoading(
        from: SafetensorsFile(path), into: VariableArena(model.layout), naming: model.tensorNaming)
    }
    #expect(error?.reason.hasSuffix("; the file is of model.variant: full-tail") == true, "\(error?.reason ?? "")")
  }

  /// mmdetection's heads have the channel of background behind those of the classes.
  @Test(arguments: [nil, ["a", "b", "c"]]) func `Background that is last comes first`(names: [String]?) throws {
    let model = try model("ssd320-mobilenet-v2-lite", width: 0.25)
    let naming = model.tensorNaming
    let bias = try #require(
      model.layout.variables.first { naming.isClassPredictor($0.name) && $0.name.hasSuffix(".bias") })
    try model.layout.variables.map { variable in
      TensorSource(name: variable.name, shape: variable.fileShape) { values in
        for index in values.indices { values[index] = Float(index) }
      }
    }.writeSafetensors(to: path)
    let weights = VariableArena(model.layout)
    let checkpoint = try Checkpoint(contentsOf: path)
    if let names {
      try checkpoint.fill(weights, classNames: names, naming: naming)
    } else {
      let loading = try WeightLoading(
        from: checkpoint.file, into: weights, classNames: ["x", "y", "z"], naming: naming)
      #expect(loading.takenByClass.count == 12 && loading.missing.isEmpty && loading.mismatched.isEmpty)
    }
    #expect(weights[bias].prefix(8).elementsEqual([3, 0, 1, 2, 7, 4, 5, 6]))
  }

  @Test(arguments: MobileNetFixture.names) func `An export has every tensor that PyTorch asks for`(name: String) throws
  {
    let setting = try MobileNetFixture(name).setting
    let configuration = try Configuration(
      yaml: """
        version: 1
        model: {name: \(setting.network), width_multiplier: 0.25}
        data: {classes: [a, b]}
        """, name: "test")
    let model = Experiment(configuration).model
    let checkpoint = directory.path + "/checkpoint.safetensors"
    let state = TrainingState(model.layout)
    try Checkpoint.write(to: checkpoint, iteration: 7, configuration: configuration, state: state)
    try Checkpoint(contentsOf: checkpoint).export(to: path)
    let exported = try SafetensorsFile(path)
    let counts = setting.statistics.filter { $0.hasSuffix(".running_var") }.map {
      $0.replacing(".running_var", with: ".num_batches_tracked")
    }
    #expect(Set(exported.tensors.map(\.name)) == Set(setting.parameters + setting.statistics + counts))
    for name in counts {
      let tensor = try #require(exported.tensor(named: name))
      #expect(tensor.type == .signed64 && tensor.shape == [])
    }
    // The first elements behind the header are the counts.
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    let header = (0..<8).reduce(0) { $0 + Int(bytes[$1]) << (8 * $1) }
    #expect((0..<8).map { bytes[8 + header + $0] } == [7, 0, 0, 0, 0, 0, 0, 0])
    // It loads again, and what is loaded is verified.
    let weights = VariableArena(model.layout)
    try Checkpoint(contentsOf: path).fill(weights, classNames: ["a", "b"], naming: model.tensorNaming)
  }
}
