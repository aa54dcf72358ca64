import Configuration
import Foundation
import Kernels
import ModelFiles
import TestSupport
import Testing

/// What a run computes, whatever it is computed with and however often it is interrupted.
struct TrainerTests {
  private let runs: NarrowRuns

  init() throws {
    runs = try NarrowRuns()
  }

  @Test func `Threads do not show in the result`() throws {
    let expected = try runs.train("one", until: 4)
    #expect(expected.iteration == 4 && expected.metrics.count == 4)
    for overrides in [["training.threads=2"], ["training.threads=3", "data.loader_threads=3"]] {
      #expect(try runs.train(overrides.joined(), overrides, until: 4) == expected)
    }
    #expect(try runs.train("seed", ["training.seed=1"], until: 4).parametersSHA256 != expected.parametersSHA256)
  }

  @Test func `A run that was stopped inside an epoch continues to the state of the uninterrupted one`() throws {
    let whole = try runs.train("whole")
    #expect(whole.iteration == 7)
    // Three iterations are twelve images, one epoch and a fifth; the learning rate drops in the second part.
    #expect(try runs.train("parts", until: 3).iteration == 3)
    #expect(try runs.train("parts", ["training.threads=2", "data.loader_threads=2"]) == whole)
    #expect(runs.messages.recorded.contains { $0.hasPrefix("info: continuing from iteration 3: ") })
    #expect(!runs.messages.recorded.contains { $0.hasPrefix("warning") })
  }

  @Test func `A run that is complete is left as it is`() throws {
    let state = try runs.train("run", ["training.iterations=2"])
    #expect(try runs.train("run", ["training.iterations=2"]) == state)
    #expect(runs.messages.recorded.last == "info: iteration 2 is reached already: nothing to train")
  }

  /// As when it was killed after the last checkpoint had its name.
  @Test func `A complete run whose latest names an older checkpoint has it mended`() throws {
    try runs.train("run")
    let (latest, newest) = (runs.path("run") + "/checkpoints/latest", try runs.state("run"))
    let right = try String(contentsOfFile: latest, encoding: .utf8)
    for wrong in ["iteration-0000002.safetensors\n", ""] {
      try Data(wrong.utf8).write(to: URL(fileURLWithPath: latest))
      #expect(try runs.train("run") == newest)
      #expect(try String(contentsOfFile: latest, encoding: .utf8) == right)
    }
    try FileManager.default.removeItem(atPath: latest)
    #expect(try runs.train("run") == newest)
    #expect(try String(contentsOfFile: latest, encoding: .utf8) == right)
  }

  @Test func `Training continues from a given checkpoint, in its own run and in another`() throws {
    let overrides = ["training.iterations=5", "checkpoint.every=2", "checkpoint.keep=5"]
    let whole = try runs.train("whole", overrides)
    let second = runs.path("whole") + "/checkpoints/iteration-0000002.safetensors"
    let branch = try runs.train("branch", overrides, resume: .path(second))
    #expect(branch.parametersSHA256 == whole.parametersSHA256)
    #expect(branch.metrics == Array(whole.metrics[2...]))
    #expect(try runs.train("whole", overrides, resume: .path(second)) == whole)
  }

  @Test func `Never begins anew and sets the earlier history aside`() throws {
    let first = try runs.train("fresh", until: 1)
    try runs.train("run", until: 2)
    #expect(try runs.train("run", resume: .never, until: 1) == first)
    #expect(
      try runs.checkpoints("run") == [
        "iteration-0000001.safetensors", "iteration-0000002.safetensors.superseded", "latest",
      ])
  }

  @Test func `As many checkpoints are kept as asked for`() throws {
    try runs.train("run", ["training.iterations=4", "checkpoint.every=1", "checkpoint.keep=2"])
    #expect(
      try runs.checkpoints("run") == ["iteration-0000003.safetensors", "iteration-0000004.safetensors", "latest"])
  }

  @Test func `A configuration that has changed since the checkpoint is named key by key`() throws {
    try runs.train("run", until: 1)
    let changed = [
      "training.learning_rate=0.002", "training.schedule.milestones=[6]", "training.threads=2", "checkpoint.keep=9",
      "evaluation.every=500",
    ]
    try runs.train("run", changed, until: 2)
    let checkpoint = runs.path("run") + "/checkpoints/iteration-0000001.safetensors"
    #expect(
      runs.messages.recorded.filter { $0.hasPrefix("warning") } == [
        "warning: \(checkpoint): the run was configured otherwise: training.learning_rate was 0.001, is 0.002",
        "warning: \(checkpoint): the run was configured otherwise: training.schedule.milestones was [5], is [6]",
      ])
    let resolved = try String(contentsOfFile: runs.path("run") + "/config.yaml", encoding: .utf8)
    #expect(try resolved == runs.configuration("run", changed).resolvedYAML)
  }

  @Test(.enabled(if: Kernels.multiplyBFloat16, "this processor has no AVX512-BF16"))
  func `A run may continue in another precision, and says so`() throws {
    try runs.train("run", until: 1)
    #expect(try runs.train("run", ["training.precision=bfloat16"], until: 2).iteration == 2)
    #expect(
      runs.messages.recorded.contains {
        $0.hasPrefix("warning") && $0.hasSuffix("training.precision was float32, is bfloat16")
      })
    #expect(runs.messages.recorded.contains { $0.hasSuffix("kernels, bfloat16") })
  }

  /// What acts on the whole gradient or on a part of the network, all at once.
  static let additions = [
    "training.gradient_clip_norm=0.5", "training.ema_decay=0.9", "training.freeze=conv2_2",
    "training.schedule={kind: cosine, warmup_iterations: 2}",
  ]

  @Test func `Clipping, average, freezing and cosine continue exactly, on any threads`() throws {
    let whole = try runs.train("whole", Self.additions)
    #expect(try runs.train("parts", Self.additions, until: 3).iteration == 3)
    #expect(try runs.train("parts", Self.additions + ["training.threads=2"]) == whole)
    #expect(!runs.messages.recorded.contains { $0.hasPrefix("warning") })
    struct Line: Decodable { let gradient_norm: Double }
    let norms = try whole.metrics.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)).gradient_norm }
    #expect(norms.contains { $0 > 0.5 }, "\(norms): nothing was clipped")
    // Each of them shows in the result.
    for index in Self.additions.indices {
      var others = Self.additions
      others.remove(at: index)
      #expect(try runs.train("without\(index)", others).parametersSHA256 != whole.parametersSHA256)
    }
  }

  @Test func `Frozen layers keep their weights and have no momentum, the others move`() throws {
    try runs.train("run", ["training.freeze=conv2_2"], until: 2)
    try runs.train("start", ["training.learning_rate=1e-30", "training.weight_decay=0"], until: 1)
    func file(_ run: String, _ iteration: Int) throws -> SafetensorsFile {
      try SafetensorsFile(runs.path(run) + "/checkpoints/iteration-000000\(iteration).safetensors")
    }
    let (trained, start) = (try file("run", 2), try file("start", 1))
    func differs(_ name: String) throws -> Bool {
      let (one, other) = (try #require(trained.tensor(named: name)), try #require(start.tensor(named: name)))
      return try zip(trained.floats(of: one), start.floats(of: other)).contains { abs($0 - $1) > 1e-20 }
    }
    func hasMomentum(_ name: String) throws -> Bool {
      try trained.floats(of: #require(trained.tensor(named: "optimizer.momentum." + name))).contains { $0 != 0 }
    }
    for layer in ["0", "2", "5", "7"] {
      for name in ["backbone.features.\(layer).weight", "backbone.features.\(layer).bias"] {
        #expect(try !differs(name) && !hasMomentum(name), "\(name)")
      }
    }
    for name in [
      "backbone.features.10.weight", "backbone.features.10.bias", "head.regression_head.module_list.0.weight",
    ] {
      #expect(try differs(name) && hasMomentum(name), "\(name)")
    }
  }

  @Test func `The base network alone learns at a share of the rate`() throws {
    let key = "training.base_learning_rate_multiplier="
    for (run, overrides) in [
      ("start", ["training.learning_rate=1e-30", "training.weight_decay=0"]), ("whole", []), ("half", [key + "0.5"]),
      ("none", [key + "0"]),
    ] { try runs.train(run, overrides, until: 1) }
    func values(_ run: String, _ name: String) throws -> [Float] {
      let file = try SafetensorsFile(runs.path(run) + "/checkpoints/iteration-0000001.safetensors")
      return try file.floats(of: #require(file.tensor(named: name)))
    }
    for name in ["backbone.features.0.weight", "backbone.features.0.bias", "backbone.extra.0.5.weight"] {
      let (start, whole, half) = (try values("start", name), try values("whole", name), try values("half", name))
      #expect(start != whole)
      #expect(try zip(values("none", name), start).allSatisfy { abs($0 - $1) < 1e-20 })
      for index in start.indices {
        #expect(
          abs((half[index] - start[index]) - (whole[index] - start[index]) / 2) < 1e-6 * max(1, abs(start[index])))
      }
    }
    for name in [
      "backbone.scale_weight", "backbone.extra.0.7.1.weight", "backbone.extra.1.0.bias",
      "head.classification_head.module_list.0.weight",
    ] {
      let whole = try values("whole", name)
      #expect(try values("start", name) != whole && values("half", name) == whole && values("none", name) == whole)
    }
  }

  @Test(arguments: [
    (
      "conv5_4",
      "there is no layer 'conv5_4'; did you mean 'conv5_1'?; `multibox describe` lists them, conv1_1 to conv11_2"
    ),
    ("location_1", "'location_1' is a predictor; the last layer that can be frozen is conv11_2"),
  ])
  func `A layer that cannot be frozen is named`(layer: String, reason: String) throws {
    let error = #expect(throws: ConfigurationError.self) { try runs.trainer("run", ["training.freeze=\(layer)"]) }
    #expect(error?.description == "narrow.yaml: training.freeze: \(reason)")
  }

  @Test func `An evaluation writes its line and leaves training as it is`() throws {
    let plain = try runs.train("plain", until: 4)
    let evaluated = try runs.train("evaluated", ["evaluation.every=2", "evaluation.score_threshold=0.05"], until: 4)
    #expect(evaluated.parametersSHA256 == plain.parametersSHA256)
    #expect([0, 1, 3, 4].map { evaluated.metrics[$0] } == plain.metrics)
    struct Line: Decodable {
      let iteration: Int
      let metric: String
      let mAP: Double
      let AP: [String: Double?]
      let images: Int
    }
    for (line, iteration) in [(2, 2), (5, 4)] {
      let record = try JSONDecoder().decode(Line.self, from: Data(evaluated.metrics[line].utf8))
      #expect(record.iteration == iteration && record.metric == "voc07" && record.images == 2)
      #expect(Set(record.AP.keys) == ["circle", "square", "triangle", "star", "cross", "ring"])
      #expect((0...1).contains(record.mAP))
    }
  }

  @Test func `Training starts from the weights of a file and says what it took`() throws {
    try runs.train("source", until: 2)
    let source = runs.path("source") + "/checkpoints/iteration-0000002.safetensors"
    try runs.train("target", ["model.weights=\(source)"], until: 1)
    #expect(runs.messages.recorded.contains("info: \(source): 71 tensors taken"))
    // The same images as the source's first iteration, with other weights.
    #expect(try runs.losses("target")[0] != runs.losses("source")[0])
    #expect(try runs.train("scratch", until: 1).metrics[0] == runs.state("source").metrics[0])
  }
}
