import Configuration
import Datasets
import Detection
import Foundation
import Inference
import TestSupport
import Testing
import Training

/// What a user meets when a configuration is right, and the message when it is not.
struct ConfigurationTests {
  @Test func `Defaults are the recipe of the paper`() throws {
    let configuration = try Configuration(yaml: "version: 1", name: "configs/paper.yaml")
    #expect(configuration.model.architecture == .ssd300VGG16)
    #expect(configuration.model.defaultBoxes == .caffeVOC)
    #expect(configuration.model.variances == BoxVariances(center: 0.1, size: 0.2))
    #expect(configuration.model.matching == .bipartite)
    #expect(configuration.model.weights == nil)
    #expect(configuration.data.classNames.count == 20)
    #expect(configuration.data.roots.isEmpty)
    #expect(configuration.training.globalBatch == 32)
    #expect(configuration.training.length == .iterations(120_000))
    #expect(configuration.training.momentum == 0.9)
    #expect(
      configuration.training.schedule.schedule(iterations: 120_000).decay
        == .steps(milestones: [80_000, 100_000], factor: 0.1))
    #expect(configuration.training.threads == nil)
    #expect(configuration.evaluation.detections == DetectionDecoder.Settings())
    #expect(configuration.output == "runs/paper")
    #expect(throws: ConfigurationError.self) { try configuration.requireRoots() }
  }

  @Test func `The documented example loads, its planned keys at their defaults`() throws {
    let configuration = try Configuration(yaml: Self.documentedExample, name: "example.yaml")
    #expect(configuration.data.roots == ["path/to/VOC2007"])
    #expect(configuration.output == "runs/ssd300-voc")
    #expect(configuration.evaluation.metric == .voc07)
  }

  @Test func `Resolved YAML reads back as the same configuration and names every key`() throws {
    let yaml = """
      version: 1
      model:
        default_boxes:
          minimum_sizes: [30, 60, 111, 162, 213, 264]
          maximum_sizes: [60, 111, 162, 213, 264, 315.5]
          aspect_ratios: [[2], [2, 3], [2, 3], [2, 3], [2], []]
          steps: [8, 16, 32, 64, 100, 300]
          clip: size
      data: {root: [a, 'b: c', "null"], classes: [yes, 'null', "12", größe]}
      training: {learning_rate: 1e-5, seed: 7, threads: 3}
      """
    let configuration = try Configuration(yaml: yaml, name: "a.yaml")
    #expect(configuration.data.classNames == ["yes", "null", "12", "größe"])
    #expect(configuration.data.roots == ["a", "b: c", "null"])
    #expect(configuration.model.defaultBoxes.clipping == .size)
    #expect(configuration.model.defaultBoxes.featureMaps[5].maximumSize == 315.5)
    #expect(configuration.training.schedule.base == 1e-5)
    let again = try Configuration(yaml: configuration.resolvedYAML, name: "a.yaml")
    #expect(again == configuration)
    for key in [
      "micro_batch: 4", "learning_rate: 1.0e-05", "weights: null", "matching: bipartite", "precision: float32",
    ] {
      #expect(configuration.resolvedYAML.contains(key), "\(configuration.resolvedYAML)")
    }
  }

  @Test func `Overrides win over the file and are read as YAML`() throws {
    let configuration = try Configuration(
      yaml: "version: 1\ntraining: {seed: 1, global_batch: 8}\noutput: here", name: "a.yaml",
      overrides: [
        "training.seed=9", "training.schedule.milestones=[10, 20]", "data.root=[x, y]", "training.seed=10",
        "model.variances={center: 0.2, size: 0.1}", "model.weights=a=b.safetensors", "training.threads=",
      ])
    #expect(configuration.training.seed == 10)
    #expect(configuration.training.globalBatch == 8)
    #expect(configuration.training.schedule.milestones == [.iteration(10), .iteration(20)])
    #expect(configuration.data.roots == ["x", "y"])
    #expect(configuration.model.variances == BoxVariances(center: 0.2, size: 0.1))
    #expect(configuration.model.weights == "a=b.safetensors")
    #expect(configuration.training.threads == nil)
  }

  @Test func `A split is one for all directories or one for each`() throws {
    func sources(_ data: String, _ split: KeyPath<Configuration.Data, SplitChoice?>) throws -> [String]? {
      let configuration = try Configuration(yaml: "version: 1\ndata: {\(data)}", name: "a.yaml")
      let again = try Configuration(yaml: configuration.resolvedYAML, name: "a.yaml")
      #expect(again == configuration)
      return try configuration.data[keyPath: split].map { try configuration.sources($0) }?.map {
        "\($0.root):\($0.split)"
      }
    }
    let lists = "root: [a, b], train_split: [trainval, train], evaluation_split: [test, null]"
    #expect(try sources(lists, \.trainSplit.optional) == ["a:trainval", "b:train"])
    #expect(try sources(lists, \.evaluationSplit) == ["a:test"])
    #expect(try sources("root: [a, b]", \.trainSplit.optional) == ["a:trainval", "b:trainval"])
    #expect(try sources("root: a, format: coco", \.evaluationSplit) == ["a:val2017"])
    #expect(try sources("root: a, evaluation_split: null", \.evaluationSplit) == nil)
    #expect(try sources("root: a, evaluation_split: ", \.evaluationSplit) == nil)
    let error = #expect(throws: ConfigurationError.self) {
      try sources("root: a, evaluation_split: [x, y]", \.evaluationSplit)
    }
    #expect(
      error?.description
        == "a.yaml: data.evaluation_split: a list of 2 splits for 1 directory under data.root; expected one for each, or null for one that has no part"
    )
  }

  @Test func `The directory of COCO's images is one for all directories or one for each`() throws {
    func directories(_ keys: String) throws -> [String?] {
      let yaml = "version: 1\ndata: {format: coco, \(keys)}"
      let configuration = try Configuration(yaml: yaml, name: "a.yaml")
      let again = try Configuration(yaml: configuration.resolvedYAML, name: "a.yaml")
      #expect(again.data == configuration.data)
      return try configuration.sources(configuration.data.trainSplit).map(\.imageDirectory)
    }
    #expect(try directories("root: [a, b]") == [nil, nil])
    #expect(try directories("root: [a, b], image_directory: x") == ["x", "x"])
    #expect(try directories("root: [a, b], image_directory: [x, null]") == ["x", nil])
    #expect(try directories("root: [a, b], train_split: [null, c], image_directory: [x, y]") == ["y"])
    #expect(try directories("root: a, image_directory: null") == [nil])
    #expect(
      Configuration.faults("version: 1\ndata: {format: coco, root: [a, b, c], image_directory: [x, y]}") == [
        "a.yaml:2: data.image_directory: a list of 2 for 3 directories under data.root; expected one for each, or null"
      ])
    #expect(
      Configuration.faults("version: 1\ndata: {root: a, image_directory: x}") == [
        "a.yaml:2: data.image_directory: is for format: coco; other formats name the directory of images themselves"
      ])
    #expect(Configuration.faults("version: 1\ndata: {format: coco, image_directory: []}").count == 1)
  }

  @Test func `Classes that are left to COCO data are those of its file, once and for all`() throws {
    let directory = try TemporaryDirectory()
    let (config, folder) = (directory.path + "/a.yaml", directory.path + "/annotations")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try
      #"{"categories": [{"id": 7, "name": "tea: \"hot\""}, {"id": 3, "name": "no"}], "images": [], "annotations": []}"#
      .write(toFile: folder + "/instances_train2017.json", atomically: true, encoding: .utf8)
    try "version: 1\ndata: {format: coco, root: \(directory.path)}".write(
      toFile: config, atomically: true, encoding: .utf8)
    let configuration = try Configuration(contentsOf: config)
    #expect(configuration.data.classNames == ["no", "tea: \"hot\""])
    #expect(Experiment(configuration).model.classCount == 3)
    // The resolved configuration, as in a checkpoint, needs the data no more.
    try FileManager.default.removeItem(atPath: folder)
    #expect(try Configuration(yaml: configuration.resolvedYAML, name: config) == configuration)
    #expect(throws: DatasetError.self) { try Configuration(contentsOf: config) }
    #expect(try Configuration(contentsOf: config, overrides: ["data.classes=[a]"]).data.classNames == ["a"])
    #expect(throws: ConfigurationError.self) { try Configuration(contentsOf: config, overrides: ["data.root=null"]) }
  }

  @Test func `A limit on prepared images shows in the memory of a run`() throws {
    func budget(_ megabytes: Int) throws -> Int {
      let configuration = try Configuration(
        yaml: "version: 1\ndata: {queue_megabytes: \(megabytes)}\ntraining: {global_batch: 32, micro_batch: 4}",
        name: "a")
      let budget = MemoryBudget(Experiment(configuration), threads: 1, evaluates: false)
      return budget.items.first { $0.name == "images read ahead" }!.bytes
    }
    let microBatch = 4 * 300 * 300 * 3 * 4
    #expect(try budget(512) == 16 * microBatch)
    #expect(try budget(50) == 11 * microBatch)
    #expect(try budget(1) == 9 * microBatch)
  }

  @Test func `Every configuration of the repository is valid`() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let configs = root.appendingPathComponent("configs").path
    let files = try FileManager.default.contentsOfDirectory(atPath: configs).filter { $0.hasSuffix(".yaml") }
    #expect(files.count >= 3)
    for file in files {
      let configuration = try Configuration(contentsOf: "\(configs)/\(file)")
      #expect(try !configuration.requireRoots().isEmpty)
    }
  }

  private static let documentedExample = """
    version: 1
    model:
      name: ssd300-vgg16
      width_multiplier: 1.0
      weights: null
      default_boxes: caffe-voc
      variances: {center: 0.1, size: 0.2}
      matching: bipartite
    data:
      format: voc
      root: path/to/VOC2007
      train_split: trainval
      evaluation_split: test
      classes: null
      augmentation: ssd
      difficult: train-only
    training:
      global_batch: 32
      micro_batch: 4
      iterations: 120000
      learning_rate: 0.001
      schedule: {milestones: [80000, 100000], factor: 0.1, warmup_iterations: 500, warmup_factor: 0.1}
      momentum: 0.9
      weight_decay: 0.0005
      bias_learning_rate_multiplier: 2
      seed: 0
      threads: null
      precision: float32
    evaluation: {every: 5000, metric: voc07, score_threshold: 0.01, nms_threshold: 0.45, top_k: 400, keep: 200}
    checkpoint: {every: 1000, every_seconds: null, keep: 3}
    communication: {reduction: reproducible, wire: float32, bucket_megabytes: null, stall_seconds: 300}
    output: runs/ssd300-voc
    """
}

extension SplitChoice {
  fileprivate var optional: SplitChoice? { self }
}
