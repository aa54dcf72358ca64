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

struct WeightLoadingTests {
  private let directory: TemporaryDirectory
  private let path: String

  init() throws {
    directory = try TemporaryDirectory()
    path = directory.path + "/a.safetensors"
  }

  @Test func `A checkpoint for other classes fills all but the classification head`() throws {
    let written = try CheckpointFixture(classes: 4, seed: 50)
    try written.write(to: path, iteration: 9)
    let model = try CheckpointFixture(classes: 2, seed: 1, extra: true)
    let before = model.weights.bits
    let loading = try WeightLoading(from: SafetensorsFile(path), into: model.weights)
    #expect(loading.taken == ["backbone.weight", "backbone.bias"])
    #expect(loading.missing == ["extra.scale"])
    #expect(
      loading.mismatched == [
        .init(name: "head.classification_head.weight", found: [20, 5, 1, 1], expected: [12, 5, 1, 1])
      ])
    #expect(loading.unexpected == [])
    #expect(
      loading.summary(path: "a") == [
        "a: 2 tensors taken", "not in the file, initialised: extra.scale",
        "other number of classes, initialised: head.classification_head.weight ([20, 5, 1, 1], not [12, 5, 1, 1])",
      ])
    #expect(throws: FileError.self) { try loading.requireComplete(path: "a") }
    for parameter in model.weights.layout.variables {
      let values = model.weights[parameter].map(\.bitPattern)
      if loading.taken.contains(parameter.name) {
        #expect(values == written.weights[parameter].map(\.bitPattern))
      } else {
        #expect(values == Array(before[parameter.range]))
      }
    }
  }

  @Test func `A detector needs every parameter`() throws {
    let model = try CheckpointFixture(extra: true)
    try CheckpointFixture().write(to: path, iteration: 9)
    let incomplete = try WeightLoading(from: SafetensorsFile(path), into: model.weights)
    #expect(
      throws: FileError(path, tensor: "extra.scale", "missing; a detector needs all 4 tensors")
    ) { try incomplete.requireComplete(path: path) }
    let otherClasses = try WeightLoading(from: SafetensorsFile(path), into: CheckpointFixture(classes: 5).weights)
    let error = #expect(throws: FileError.self) { try otherClasses.requireComplete(path: path) }
    #expect(error?.tensor == "head.classification_head.weight")
    try model.write(to: path, iteration: 9)
    try WeightLoading(from: SafetensorsFile(path), into: model.weights).requireComplete(path: path)
  }

  @Test func `Plain weights of a larger model are taken and the rest is listed`() throws {
    let written = try CheckpointFixture(seed: 50, extra: true)
    try written.weights.tensorSources().writeSafetensors(to: path)
    let loading = try WeightLoading(from: SafetensorsFile(path), into: CheckpointFixture().weights)
    #expect(loading.taken.count == 3 && loading.missing.isEmpty && loading.mismatched.isEmpty)
    #expect(loading.unexpected == ["extra.scale"])
  }

  @Test func `Many names are counted by their part of the model`() throws {
    let tensors = ["backbone.features.0.bias", "new"] + (1...7).map { "other.thing.\($0)" }
    try tensors.map { TensorSource(name: $0, shape: [64]) { $0.update(repeating: 0) } }.writeSafetensors(to: path)
    let model = SSD(.ssd300VGG16, objectClassCount: 2)
    let loading = try WeightLoading(from: SafetensorsFile(path), into: VariableArena(model.layout))
    #expect(loading.missing.count == 70)
    #expect(
      loading.summary(path: "a") == [
        "a: 1 tensor taken",
        // Of torchvision's names, those of conv5_1 and all behind it begin with backbone.extra.
        "not in the file, initialised: backbone.features (19 tensors), backbone.scale_weight, "
          + "backbone.extra (26 tensors), head.regression_head (12 tensors), head.classification_head (12 tensors)",
        "not in the model, skipped: new, other.thing (7 tensors)",
      ])
  }

  @Test func `Another shape is an error and changes nothing`() throws {
    let model = try CheckpointFixture()
    let before = model.weights.bits
    try [
      TensorSource(name: "backbone.weight", shape: [5, 4, 2, 3]) { $0.update(repeating: 0) },
      TensorSource(name: "backbone.bias", shape: [6]) { $0.update(repeating: 0) },
    ].writeSafetensors(to: path)
    #expect(throws: FileError(path, tensor: "backbone.bias", "has shape [6], the model needs [5]")) {
      try WeightLoading(from: SafetensorsFile(path), into: model.weights)
    }
    #expect(model.weights.bits == before)
  }

  @Test func `A file of foreign names is refused`() throws {
    try [TensorSource(name: "conv1", shape: [1]) { $0[0] = 0 }].writeSafetensors(to: path)
    let reason = "no tensor fits: the model's are like backbone.weight, the file's are like conv1"
    #expect(throws: FileError(path, reason)) {
      try WeightLoading(from: SafetensorsFile(path), into: CheckpointFixture().weights)
    }
  }
}
