import Configuration
import Files
import Foundation
import Inference
import ModelFiles
import Models
import Tensors
import TestSupport
import Testing

/// SSD from the files of a whole VGG-16, which has fully connected layers where SSD has convolutions.
struct VGGClassifierTests {
  private let directory: TemporaryDirectory
  private var path: String { directory.path + "/vgg16.safetensors" }
  private let experiment: Experiment
  private var model: SSD { experiment.model }

  init() throws {
    directory = try TemporaryDirectory()
    experiment = Experiment(
      try Configuration(
        yaml: """
          version: 1
          model: {name: ssd300-vgg16, width_multiplier: 0.125, weights: \(directory.path)/vgg16.safetensors}
          data: {classes: [a, b]}
          """, name: "test"))
  }

  /// Our names of the convolutions by torchvision's.
  private static let features = [
    (0, "features.0"), (2, "features.2"), (5, "features.5"), (7, "features.7"), (10, "features.10"),
    (12, "features.12"), (14, "features.14"), (17, "features.17"), (19, "features.19"), (21, "features.21"),
    (24, "extra.0.1"), (26, "extra.0.3"), (28, "extra.0.5"),
  ]
  private static let caffe = [
    "conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2", "conv3_3", "conv4_1", "conv4_2", "conv4_3",
    "conv5_1", "conv5_2", "conv5_3",
  ]

  /// A value that tells where a tensor has it, exact in float32.
  private static func value(_ index: Int) -> Float { Float(index % 1009) / 1024 - 0.5 }

  /// Convolutions by their names in the file, with the shapes of the model; fc6 of 7×7×64 inputs and 512 outputs, and fc7.
  private func write(
    _ convolutions: [String], fullyConnected: [String], flat: Bool = true,
    classifier: @escaping (Int) -> Float = Self.value
  ) throws {
    let variables = Dictionary(uniqueKeysWithValues: model.layout.variables.map { ($0.name, $0) })
    var shapes: [(String, [Int])] = []
    for (theirs, (_, ours)) in zip(convolutions, Self.features) {
      for kind in ["weight", "bias"] {
        shapes.append(("\(theirs).\(kind)", variables["backbone.\(ours).\(kind)"]!.fileShape))
      }
    }
    let count = shapes.count
    shapes += [
      (fullyConnected[0] + ".weight", flat ? [512, 64 * 49] : [1, 1, 512, 64 * 49]),
      (fullyConnected[0] + ".bias", [512]),
      (fullyConnected[1] + ".weight", flat ? [512, 512] : [1, 1, 512, 512]), (fullyConnected[1] + ".bias", [512]),
      (fullyConnected[2] + ".weight", [1000, 512]), (fullyConnected[2] + ".bias", [1000]),
    ]
    try shapes.enumerated().map { place, entry in
      TensorSource(name: entry.0, shape: entry.1) { values in
        for index in values.indices { values[index] = place < count ? Self.value(index) : classifier(index) }
      }
    }.writeSafetensors(to: path)
  }

  private func load() throws -> (VariableArena, WeightLoading) {
    let weights = VariableArena(model.layout)
    return (weights, try WeightLoading(from: SafetensorsFile(path), into: weights, naming: model.tensorNaming))
  }

  /// In file order.
  private func values(_ name: String, _ weights: VariableArena) throws -> [Float] {
    let variable = try #require(model.layout.variables.first { $0.name == name })
    var values = [Float](repeating: 0, count: variable.range.count)
    values.withUnsafeMutableBufferPointer {
      variable.copyToFileOrder(from: UnsafeBufferPointer(weights[variable]), to: $0)
    }
    return values
  }

  @Test(arguments: [true, false]) func `conv6 and conv7 are parts of fc6 and fc7`(isCaffe: Bool) throws {
    try write(
      isCaffe ? Self.caffe : Self.features.map { "features.\($0.0)" },
      fullyConnected: isCaffe ? ["fc6", "fc7", "fc8"] : ["classifier.0", "classifier.3", "classifier.6"], flat: !isCaffe
    )
    let (weights, loading) = try load()
    #expect(loading.taken.count == 30 && loading.taken.last == "backbone.extra.0.7.3.bias", "\(loading)")
    #expect(loading.unexpected.count == 2 && (loading.input == nil) == isCaffe)
    #expect(
      loading.subsampled.map(\.part) == [
        "every 4th output, rows and columns 0, 3, 6", "every 4th", "every 4th output, every 4th input", "every 4th",
      ])
    let conv6 = try values("backbone.extra.0.7.1.weight", weights)
    let conv7 = try values("backbone.extra.0.7.3.weight", weights)
    for (output, input, row, column) in [(0, 0, 0, 0), (1, 0, 0, 0), (5, 7, 1, 2), (127, 63, 2, 1)] {
      #expect(
        conv6[((output * 64 + input) * 3 + row) * 3 + column]
          == Self.value(((4 * output * 64 + input) * 7 + 3 * row) * 7 + 3 * column))
      #expect(conv7[output * 128 + input] == Self.value(4 * output * 512 + 4 * input))
    }
    #expect(try values("backbone.extra.0.7.1.bias", weights)[3] == Self.value(12))
  }

  /// torchvision's `VGG16_Weights.IMAGENET1K_FEATURES`.
  @Test func `A classifier without numbers is none`() throws {
    try write(
      Self.features.map { "features.\($0.0)" }, fullyConnected: ["classifier.0", "classifier.3", "classifier.6"],
      classifier: { _ in .nan })
    let (_, loading) = try load()
    #expect(loading.taken.count == 26 && loading.input == nil && loading.subsampled.isEmpty)
    #expect(loading.missing.first == "backbone.scale_weight" && loading.unexpected.count == 6)
    // conv6 is then the first new layer, and reads large values.
    let scales = try experiment.fillInitialWeights(VariableArena(model.layout))
    #expect(scales.byName == ["backbone.extra.0.7.1.weight": 64])
  }

  /// torchvision's `VGG16_Weights.IMAGENET1K_V1` reads (RGB / 255 − mean) / deviation.
  @Test func `The first layer is converted to the images of SSD`() throws {
    try write(
      Self.features.map { "features.\($0.0)" }, fullyConnected: ["classifier.0", "classifier.3", "classifier.6"])
    let weights = VariableArena(model.layout)
    let scales = try experiment.fillInitialWeights(weights)
    #expect(scales.byName == ["backbone.features.0.weight": 64])
    let kernel = try values("backbone.features.0.weight", weights)
    let biases = try values("backbone.features.0.bias", weights)
    let mean = [0.485, 0.456, 0.406]
    let deviation = [0.229, 0.224, 0.225]
    let ownMean = [122.99925, 116.9991, 103.9992]
    for output in biases.indices {
      var (theirs, ours) = (Double(Self.value(output)), Double(biases[output]))
      for place in 0..<27 {
        let (color, pixel) = (place / 9, Double(place * 37 % 256))
        theirs += Double(Self.value(output * 27 + place)) * (pixel / 255 - mean[color]) / deviation[color]
        ours += Double(kernel[output * 27 + place]) * (pixel - ownMean[color])
      }
      #expect(abs(ours - theirs) < 1e-5 * max(1, abs(theirs)), "\(output): \(ours), \(theirs)")
    }
  }
}
