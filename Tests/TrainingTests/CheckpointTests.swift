import Files
import Foundation
import Inference
import Kernels
import Layers
import MessagePassing
import ModelFiles
import Models
import Tensors
import TestSupport
import Testing

struct CheckpointTests {
  private let directory: TemporaryDirectory
  private let path: String

  init() throws {
    directory = try TemporaryDirectory()
    path = directory.path + "/a.safetensors"
  }

  @Test func `Weights, momentum, iteration and configuration come back as they were`() throws {
    let written = try CheckpointFixture()
    try written.write(to: path, iteration: 12)
    let checkpoint = try Checkpoint(contentsOf: path)
    #expect(checkpoint.metadata?.iteration == 12)
    #expect(checkpoint.metadata?.classNames == ["kind1", "kind2"])
    #expect(checkpoint.metadata?.configurationYAML == written.configuration.resolvedYAML)
    #expect(try checkpoint.detectorConfiguration().resolvedYAML == written.configuration.resolvedYAML)
    let read = try CheckpointFixture(seed: 100)
    try checkpoint.restore(read.state)
    #expect(read.weights.bits == written.weights.bits)
    #expect(read.momentum.bits == written.momentum.bits)
    let tensors = read.weights.tensorSources() + read.momentum.tensorSources(prefix: "optimizer.momentum.")
    #expect(tensors.parametersSHA256() == checkpoint.metadata?.parametersSHA256)
  }

  @Test func `A run keeps the tree of its gradients, and one of an older version has the older tree`() throws {
    let written = try CheckpointFixture()
    for form in [SummationOrder.Form.twosBelow, .halves] {
      written.state.summation = form
      try written.write(to: path, iteration: 12)
      let metadata = try Checkpoint(contentsOf: path).requireState()
      #expect(metadata.summation == form)
      var entries = metadata.entries
      entries["summation_order"] = nil
      try [TensorSource(name: "a", shape: [1]) { $0[0] = 1 }].writeSafetensors(
        to: path, metadata: entries, hashKey: Checkpoint.Metadata.hashKey)
      #expect(try Checkpoint(contentsOf: path).metadata?.summation == .halves)
      entries["summation_order"] = "3"
      try [TensorSource(name: "a", shape: [1]) { $0[0] = 1 }].writeSafetensors(
        to: path, metadata: entries, hashKey: Checkpoint.Metadata.hashKey)
      let error = #expect(throws: FileError.self) { try Checkpoint(contentsOf: path) }
      #expect(error?.reason.contains("summation_order is '3'") == true)
    }
  }

  @Test func `The build is in the metadata, and decides nothing`() throws {
    let written = try CheckpointFixture()
    try written.write(to: path, iteration: 12)
    let unnamed = try Checkpoint(contentsOf: path).requireState()
    try written.write(to: path, iteration: 12, build: "multibox 0.1.0 (39b347b)")
    let named = try Checkpoint(resuming: path).requireState()
    #expect(unnamed.build == nil && named.build == "multibox 0.1.0 (39b347b)")
    #expect(named.parametersSHA256 == unnamed.parametersSHA256)
  }

  @Test func `The average and the scales of inputs come back, and the average is what a detector gets`() throws {
    let written = try CheckpointFixture(keepsAverage: true)
    written.state.inputScales = InputScales(["backbone.weight": 64])
    try written.write(to: path, iteration: 12)
    let checkpoint = try Checkpoint(contentsOf: path)
    let read = try CheckpointFixture(seed: 100, keepsAverage: true)
    try checkpoint.restore(read.state)
    #expect(read.weights.bits == written.weights.bits && read.momentum.bits == written.momentum.bits)
    #expect(read.state.average?.bits == written.state.average?.bits)
    #expect(read.state.inputScales == InputScales(["backbone.weight": 64]))
    let detector = try CheckpointFixture(seed: 7)
    try checkpoint.fill(detector.weights, classNames: detector.configuration.data.classNames)
    #expect(detector.weights.bits == written.state.average?.bits)
  }

  @Test func `An exported file has the average in place of the weights, and what else a detector reads`() throws {
    let written = try CheckpointFixture(keepsAverage: true)
    try written.write(to: path, iteration: 12)
    try Checkpoint(contentsOf: path).export(to: path + ".export")
    let exported = try Checkpoint(contentsOf: path + ".export")
    #expect(exported.file.tensors.count == written.weights.layout.variables.count)
    let detector = try CheckpointFixture(seed: 7)
    try exported.fill(detector.weights, classNames: detector.configuration.data.classNames)
    #expect(detector.weights.bits == written.state.average?.bits)
  }

  @Test func `An average may begin or end where a run continues`() throws {
    try CheckpointFixture().write(to: path, iteration: 1)
    let begins = try CheckpointFixture(seed: 3, keepsAverage: true)
    try Checkpoint(contentsOf: path).restore(begins.state)
    #expect(try begins.state.average?.bits == CheckpointFixture().weights.bits)
    let kept = try CheckpointFixture(keepsAverage: true)
    try kept.write(to: path, iteration: 1)
    let ends = try CheckpointFixture(seed: 3)
    try Checkpoint(contentsOf: path).restore(ends.state)
    #expect(ends.weights.bits == kept.weights.bits && ends.state.inputScales == InputScales())
  }

  @Test func `Kernels are [output, input, height, width] in the file`() throws {
    let fixture = try CheckpointFixture()
    try fixture.write(to: path, iteration: 1)
    let file = try SafetensorsFile(path)
    let kernel = try #require(file.tensor(named: "backbone.weight"))
    #expect(kernel.shape == [5, 4, 2, 3])
    let parameter = fixture.weights.layout.variables[0]
    let (output, input, row, column) = (3, 2, 1, 2)
    #expect(
      try file.floats(of: kernel)[((output * 4 + input) * 2 + row) * 3 + column]
        == fixture.weights[parameter][((row * 3 + column) * 4 + input) * 5 + output])
  }

  @Test func `Equal states give equal files`() throws {
    try CheckpointFixture().write(to: path, iteration: 3)
    try CheckpointFixture().write(to: path + "2", iteration: 3)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(contentsOf: URL(fileURLWithPath: path + "2")))
  }

  @Test func `A flipped bit of the data is found`() throws {
    try CheckpointFixture().write(to: path, iteration: 1)
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    bytes[bytes.count - 5] ^= 1
    try bytes.write(to: URL(fileURLWithPath: path))
    let error = #expect(throws: FileError.self) { try Checkpoint(contentsOf: path) }
    #expect(error?.reason.hasPrefix("the tensors have SHA-256 ") == true)
  }

  @Test(arguments: [
    (["multibox_version": "7"], "checkpoint version 7 is not supported; expected 1"),
    (["multibox_version": "1"], "the metadata has no iteration"),
    (["multibox_version": "1", "iteration": "-1"], "the metadata's iteration is '-1'"),
    (["multibox_version": "1", "iteration": "1"], "the metadata has no class_names"),
    (
      ["multibox_version": "1", "iteration": "1", "class_names": "a"],
      "the metadata's class_names are no list of texts: a"
    ),
    (["multibox_version": "1", "iteration": "1", "class_names": "[]"], "the metadata has no configuration"),
  ])
  func `Incomplete metadata is named`(metadata: [String: String], reason: String) throws {
    try [TensorSource(name: "a", shape: [1]) { $0[0] = 1 }].writeSafetensors(to: path, metadata: metadata)
    #expect(throws: FileError(path, reason)) { try Checkpoint(contentsOf: path) }
  }

  @Test func `A checkpoint of another model does not restore and changes nothing`() throws {
    try CheckpointFixture().write(to: path, iteration: 1)
    let checkpoint = try Checkpoint(contentsOf: path)
    let origin = "; the checkpoint is of ssd300-vgg16, width 0.25, 2 classes"
    func expect(_ fixture: CheckpointFixture, _ tensor: String, _ reason: String, in checkpoint: Checkpoint) {
      let before = fixture.weights.bits
      #expect(throws: FileError(path, tensor: tensor, reason + origin)) {
        try checkpoint.restore(fixture.state)
      }
      #expect(fixture.weights.bits == before)
    }
    try expect(
      CheckpointFixture(classes: 3), "head.classification_head.weight",
      "has shape [12, 5, 1, 1], the model needs [16, 5, 1, 1]", in: checkpoint)
    try expect(CheckpointFixture(extra: true), "extra.scale", "missing", in: checkpoint)
    try CheckpointFixture(extra: true).write(to: path, iteration: 1)
    try expect(CheckpointFixture(), "extra.scale", "has no place in the model", in: Checkpoint(contentsOf: path))
  }

  @Test func `Plain weights do not continue a run`() throws {
    let fixture = try CheckpointFixture()
    try fixture.weights.tensorSources().writeSafetensors(to: path)
    let checkpoint = try Checkpoint(contentsOf: path)
    #expect(checkpoint.metadata == nil)
    #expect(
      throws: FileError(
        path,
        "holds weights only; a run cannot be continued from it: start one from them by --set model.weights=\(path)")
    ) {
      try checkpoint.restore(fixture.state)
    }
  }
}
