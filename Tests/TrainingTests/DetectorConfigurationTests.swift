import Files
import Foundation
import Inference
import Kernels
import Layers
import ModelFiles
import Models
import Tensors
import TestSupport
import Testing

struct DetectorConfigurationTests {
  private let directory: TemporaryDirectory
  private let path: String

  init() throws {
    directory = try TemporaryDirectory()
    path = directory.path + "/a.safetensors"
  }

  private func torchvision(channels: Int, first: [Int] = [64, 3, 3, 3]) throws -> Checkpoint {
    try [
      TensorSource(name: "backbone.features.0.weight", shape: first) { $0.update(repeating: 0) },
      TensorSource(name: "head.classification_head.module_list.0.weight", shape: [channels, 1, 3, 3]) {
        $0.update(repeating: 0)
      },
    ].writeSafetensors(to: path)
    return try Checkpoint(contentsOf: path)
  }

  @Test func `Plain torchvision weights run as torchvision runs them`() throws {
    let configuration = try torchvision(channels: 4 * 91).detectorConfiguration(overrides: ["data.root=x"])
    #expect(configuration.model.defaultBoxes == .torchvision)
    #expect(configuration.model.matching == .argmax)
    #expect(configuration.evaluation.detections.clipping == .beforeNMS)
    #expect(configuration.data.roots == ["x"])
    let names = configuration.data.classNames
    #expect(names.count == 90)
    // Label n is COCO's category id n.
    #expect(names[0] == "person" && names[17] == "dog" && names[43] == "bottle" && names[89] == "toothbrush")
    #expect(
      names.filter { $0.hasPrefix("category_") } == [12, 26, 29, 30, 45, 66, 68, 69, 71, 83].map { "category_\($0)" })
    for (index, name) in names.enumerated() where name.hasPrefix("category_") {
      #expect(name == "category_\(index + 1)")
    }
  }

  @Test func `The number of classes decides the names`() throws {
    #expect(try torchvision(channels: 4 * 21).detectorConfiguration().data.classNames.last == "tvmonitor")
    #expect(try torchvision(channels: 4 * 3).detectorConfiguration().data.classNames == ["class_1", "class_2"])
  }

  @Test func `Weights that are no such detector are refused`() throws {
    let head = "head.classification_head.module_list.0.weight"
    #expect(
      throws: FileError(path, tensor: head, "has shape [6, 1, 3, 3]; expected 4 · classes output channels")
    ) { try torchvision(channels: 6).detectorConfiguration() }
    let narrow = #expect(throws: FileError.self) {
      try torchvision(channels: 12, first: [16, 3, 3, 3]).detectorConfiguration()
    }
    #expect(narrow?.tensor == "backbone.features.0.weight")
    try [TensorSource(name: "backbone.features.0.weight", shape: [64, 3, 3, 3]) { $0.update(repeating: 0) }]
      .writeSafetensors(to: path)
    #expect(
      throws: FileError(
        path, tensor: head,
        "missing; without metadata only a torchvision ssd300_vgg16 is recognised, others need --config")
    ) { try Checkpoint(contentsOf: path).detectorConfiguration() }
  }
}
