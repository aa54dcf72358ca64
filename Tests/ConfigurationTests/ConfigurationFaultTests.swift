import Configuration
import Foundation
import TestSupport
import Testing

/// The message when a configuration is not right.
struct ConfigurationFaultTests {
  @Test(arguments: [
    ("", "a.yaml: the configuration is empty"),
    ("# nothing\n", "a.yaml: the configuration is empty"),
    ("- 1\n- 2", "a.yaml:1: expected a mapping of keys to values, found a list"),
    (
      "version: 1\ndata: {root: [a",
      "a.yaml:3: not valid YAML: while parsing a flow sequence, did not find expected ',' or ']'"
    ),
    ("version: 1\nversion: 1", "a.yaml:1: 'version' is given more than once in one mapping"),
    ("version: 1\n[a]: 1", "a.yaml:2: expected a name before ':', found a list or a mapping"),
    ("data: {}", "a.yaml:1: version: missing; expected 1"),
    ("version: 2", "a.yaml:1: version: expected 1, the only version there is, found '2'"),
    (
      "version: 1\nmodel:\n  name: resnet",
      "a.yaml:3: model.name: expected one of ssd300-vgg16, ssd512-vgg16, ssd300-mobilenet-v1, ssd300-mobilenet-v2-lite, "
        + "ssd320-mobilenet-v2-lite, ssdlite320-mobilenet-v3-large, found 'resnet'"
    ),
    (
      "version: 1\nmodel:\n  name: ssd300-vgg16\n  variant: tensorflow",
      "a.yaml:4: model.variant: ssd300-vgg16 has no variants"
    ),
    (
      "version: 1\nmodel: {name: ssd300-mobilenet-v1, variant: caffe}",
      "a.yaml:2: model.variant: expected one of pytorch, tensorflow, found 'caffe'"
    ),
    (
      "version: 1\nmodel: {batch_normalization: frozen}",
      "a.yaml:2: model.batch_normalization: is for networks with batch normalisation"
    ),
    (
      "version: 1\nmodel: 3",
      "a.yaml:2: model: expected a mapping, found '3'"
    ),
    (
      "version: 1\nmodel: {matching: hungarian}",
      "a.yaml:2: model.matching: expected one of bipartite, argmax, found 'hungarian'"
    ),
    (
      "version: 1\nmodel: {default_boxes: {minimum_sizes: [1, 2]}}",
      "a.yaml:2: model.default_boxes.minimum_sizes: expected a list of 6 numbers greater than 0.0, found a list"
    ),
    (
      "version: 1\ntraining:\n  global_batch: many",
      "a.yaml:3: training.global_batch: expected an integer of at least 1, found 'many'"
    ),
    (
      "version: 1\ntraining:\n  global_batch: '8'",
      "a.yaml:3: training.global_batch: expected an integer of at least 1, found '8'"
    ),
    (
      "version: 1\ntraining:\n  global_batch: 0",
      "a.yaml:3: training.global_batch: expected an integer of at least 1, found '0'"
    ),
    (
      "version: 1\ntraining:\n  global_batch: 10",
      "a.yaml:3: training.global_batch: 10 is not divisible by micro_batch 4"
    ),
    (
      "version: 1\ntraining:\n  momentum: 1",
      "a.yaml:3: training.momentum: expected a number from 0.0 to below 1.0, found '1'"
    ),
    (
      "version: 1\ntraining:\n  learning_rate: .inf",
      "a.yaml:3: training.learning_rate: expected a number greater than 0.0, found '.inf'"
    ),
    (
      "version: 1\ntraining:\n  learning_rate: [0.1]",
      "a.yaml:3: training.learning_rate: expected a number greater than 0.0, found a list"
    ),
    (
      "version: 1\ntraining:\n  schedule:\n    milestones: [10, 10]",
      "a.yaml:4: training.schedule.milestones: expected a list of strictly increasing integers of at least 1, or of fractions of the run above 0 and below 1, found a list"
    ),
    (
      "version: 1\ntraining:\n  threads: 0",
      "a.yaml:3: training.threads: expected an integer from 1 to 1024 or null, found '0'"
    ),
    (
      "version: 1\ntraining:\n  precision: float16",
      "a.yaml:3: training.precision: expected one of float32, bfloat16, found 'float16'"
    ),
    (
      "version: 1\ntraining: {convolution: columns, precision: bfloat16}",
      "a.yaml:2: training.precision: bfloat16 needs another convolution than columns, which OpenBLAS multiplies in float32"
    ),
    (
      "version: 1\ndata:\n  format: xml",
      "a.yaml:3: data.format: expected one of voc, coco, yolo, found 'xml'"
    ),
    (
      "version: 1\ndata:\n  classes: [a, b, a]",
      "a.yaml:3: data.classes: expected a list of distinct names or null, found a list"
    ),
    (
      "version: 1\ndata:\n  root: {a: b}",
      "a.yaml:3: data.root: expected text or a list of texts, found a mapping"
    ),
    (
      "version: 1\ndata:\n  train_split:",
      "a.yaml:3: data.train_split: expected text, or a list with a text or null for each directory, found null"
    ),
    (
      "version: 1\ndata: {evaluation_split: null}\nevaluation: {patience: 2}",
      "a.yaml:3: evaluation.patience: needs evaluations; data.evaluation_split is null"
    ),
    (
      "version: 1\ndata:\n  evaluation_split: [null]",
      "a.yaml:3: data.evaluation_split: expected null, text, or a list with a text or null for each directory, found a list"
    ),
    (
      "version: 1\nevaluation:\n  metric: map",
      "a.yaml:3: evaluation.metric: expected one of voc07, voc12, coco, found 'map'"
    ),
    (
      "version: 1\ncheckpoint:\n  every_seconds: 0",
      "a.yaml:3: checkpoint.every_seconds: expected a number greater than 0.0, auto or null, found '0'"
    ),
    (
      "version: 1\ncommunication:\n  reduction: native\n  wire: bfloat16",
      "a.yaml:4: communication.wire: bfloat16 needs reduction: reproducible; MPI has no such numbers to add"
    ),
    (
      "version: 1\ntraining:\n  learning_rte: 0.1",
      "a.yaml:3: training.learning_rte: unknown key; did you mean 'training.learning_rate'?"
    ),
    (
      "version: 1\nlearning_rte: 0.1",
      "a.yaml:2: learning_rte: unknown key; did you mean 'training.learning_rate'?"
    ),
    (
      "version: 1\ntrainin: {seed: 1}",
      "a.yaml:2: trainin: unknown key; did you mean 'training'?"
    ),
    (
      "version: 1\nzzzzzzzzzz: 1",
      "a.yaml:2: zzzzzzzzzz: unknown key"
    ),
  ])
  func `A fault names file, line, key, what was expected and what was found`(yaml: String, message: String) {
    #expect(Configuration.faults(yaml).first == message)
  }

  @Test func `All faults are reported, in the order of the file`() {
    let yaml = "version: 1\ntraining:\n  sed: 1\n  momentum: 3\noutput: [a]"
    #expect(
      Configuration.faults(yaml, ["evaluation.keep=none"]) == [
        "a.yaml:3: training.sed: unknown key; did you mean 'training.seed'?",
        "a.yaml:4: training.momentum: expected a number from 0.0 to below 1.0, found '3'",
        "a.yaml:5: output: expected text, found a list",
        "--set evaluation.keep=none: evaluation.keep: expected an integer of at least 1, found 'none'",
      ])
  }

  @Test(arguments: [
    ("training.seed", "--set training.seed: expected KEY=VALUE"),
    ("=3", "--set =3: expected a key such as training.seed before '='"),
    ("training..seed=3", "--set training..seed=3: expected a key such as training.seed before '='"),
    (
      "data.root=[a",
      "--set data.root=[a: not valid YAML: while parsing a flow sequence, did not find expected ',' or ']'"
    ),
    ("trainng.seed=3", "--set trainng.seed=3: trainng: unknown key; did you mean 'training'?"),
    ("output.x=3", "--set output.x=3: output: expected text, found a mapping"),
    (
      "training.micro_batch=5",
      "--set training.micro_batch=5: training.global_batch: 32 is not divisible by micro_batch 5"
    ),
  ])
  func `A fault of an override names the argument`(argument: String, message: String) {
    #expect(Configuration.faults("version: 1", [argument]).first == message)
  }

  @Test func `A file that cannot be read is named`() throws {
    let directory = try TemporaryDirectory()
    let binary = directory.path + "/binary.yaml"
    try Data([0xFF, 0xFE, 0x00, 0xD8]).write(to: URL(fileURLWithPath: binary))
    for (path, reason) in [
      (directory.path + "/missing.yaml", "cannot be read: No such file or directory (errno 2)"),
      (directory.path, "expected a configuration (YAML), found a directory"),
      (binary, "is not UTF-8 text"),
    ] {
      #expect(throws: ConfigurationError(.file(path, line: nil), reason)) { try Configuration(contentsOf: path) }
    }
  }
}

extension Configuration {
  /// The first line of every fault that reading `yaml` finds.
  static func faults(_ yaml: String, _ overrides: [String] = []) -> [String] {
    do {
      _ = try Configuration(yaml: yaml, name: "a.yaml", overrides: overrides)
      return []
    } catch {
      return error.problems.map(\.description)
    }
  }
}
