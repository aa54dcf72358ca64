import Foundation
import Kernels
import TestSupport
import Testing

/// The promise: the same bits on any number of ranks, threads and bucket sizes.
@Suite(.serialized, .enabled(if: MultiboxProcess.hasMPIRun, "needs mpirun"))
struct WorldSizeTests {
  private let runs: ParallelRuns

  init() throws {
    runs = try ParallelRuns()
  }

  @Test func `One process and 1, 2, 4 and 8 ranks give the same bits, whatever threads and buckets`() throws {
    let expected = try runs.train("plain", ranks: nil)
    #expect(expected.iteration == 6)
    for (ranks, threads, megabytes) in [
      (1, 2, 64.0), (2, 1, 0.1), (2, 2, 1), (4, 1, 8), (4, 2, 0.01), (8, 1, 0.1), (8, 2, 64),
    ] {
      let name = "ranks\(ranks)-threads\(threads)"
      let result = try runs.train(
        name, ranks: ranks, ["training.threads=\(threads)", "communication.bucket_megabytes=\(megabytes)"])
      #expect(result.parametersSHA256 == expected.parametersSHA256, "\(name), \(megabytes) MB")
      #expect(try runs.losses(name) == runs.losses("plain"), "\(name)")
    }
  }

  @Test func `Groups of any sizes give the same bits, and those that are none are refused`() throws {
    let batch = ["training.global_batch=24", "training.iterations=3"]
    let expected = try runs.train("plain", ranks: nil, batch)
    for (ranks, groups) in [(12, "4x3"), (12, "2x2x3"), (24, "8x3")] {
      let result = try runs.train("groups-\(groups)", ranks: ranks, batch, environment: ["MULTIBOX_GROUPS": groups])
      #expect(result.parametersSHA256 == expected.parametersSHA256, "\(groups)")
    }
    let eight = try runs.train("plain-8", ranks: nil)
    for groups in ["2x2x2", "8", "2x4"] {
      let result = try runs.train("groups-\(groups)", ranks: 8, environment: ["MULTIBOX_GROUPS": groups])
      #expect(result.parametersSHA256 == eight.parametersSHA256, "\(groups)")
    }
    // Each of eight ranks has several pieces of a tree of 24 micro-batches.
    for (ranks, groups, reason) in [
      (4, "2x3", "MULTIBOX_GROUPS=2x3: expected"), (8, "2x2x2", "do not make the tree of 24 micro-batches"),
    ] {
      let outcome = try MultiboxProcess(
        runs.arguments("refused", batch), ranks: ranks, environment: ["MULTIBOX_GROUPS": groups]
      ).wait()
      #expect(MPILauncher.tells(71, by: outcome.exitCode) && outcome.messages.contains(reason), "\(outcome.messages)")
    }
  }

  @Test func `Clipping, average, freezing and cosine give the same bits on any number of ranks, and after a kill`()
    throws
  {
    let additions = [
      "training.gradient_clip_norm=0.5", "training.ema_decay=0.9", "training.freeze=conv2_2",
      "training.schedule={kind: cosine, warmup_iterations: 2}", "model.initialization=he", "evaluation.every=4",
      "checkpoint.every=2",
    ]
    let expected = try runs.train("plain", ranks: nil, additions)
    for ranks in [2, 4] {
      let name = "ranks\(ranks)"
      #expect(try runs.train(name, ranks: ranks, additions).parametersSHA256 == expected.parametersSHA256, "\(name)")
      #expect(
        try NarrowExperiment.metrics(ofRun: runs.path(name)).map { $0.replacing("\"world_size\":\(ranks)", with: "") }
          == NarrowExperiment.metrics(ofRun: runs.path("plain")).map { $0.replacing("\"world_size\":1", with: "") })
    }
    let killed = try MultiboxProcess(runs.arguments("killed", additions), ranks: 2)
    runs.wait(for: "killed", iterations: 3, killed)
    // The ranks and not mpirun, which they would outlive for a while, with the run directory in their hands.
    for rank in try killed.rankProcesses().values { kill(rank, SIGKILL) }
    _ = try killed.wait()
    #expect(try runs.train("killed", ranks: 4, additions).parametersSHA256 == expected.parametersSHA256)
  }

  @Test func `Numbers of ranks that are no power of two give the same bits too`() throws {
    let batch = ["training.global_batch=12"]
    let expected = try runs.train("plain", ranks: nil, batch)
    for ranks in [2, 3, 4, 6] {
      let result = try runs.train("ranks\(ranks)", ranks: ranks, batch)
      #expect(result.parametersSHA256 == expected.parametersSHA256, "\(ranks) ranks")
      #expect(try runs.losses("ranks\(ranks)") == runs.losses("plain"), "\(ranks) ranks")
    }
  }

  @Test(.enabled(if: Kernels.multiplyBFloat16, "this processor has no AVX512-BF16"))
  func `Products in bfloat16 give the same bits on any number of ranks and threads`() throws {
    let bfloat16 = ["training.precision=bfloat16"]
    let expected = try runs.train("plain", ranks: nil, bfloat16)
    for (ranks, threads) in [(2, 1), (2, 2), (4, 1)] {
      let name = "ranks\(ranks)-threads\(threads)"
      let result = try runs.train(name, ranks: ranks, bfloat16 + ["training.threads=\(threads)"])
      #expect(result.parametersSHA256 == expected.parametersSHA256, "\(name)")
      #expect(try runs.losses(name) == runs.losses("plain"), "\(name)")
    }
    let float32 = try runs.train("float32", ranks: nil)
    #expect(float32.parametersSHA256 != expected.parametersSHA256, "the precision must be in use")
  }

  @Test func `Images in the place of damaged ones are the same on any number of ranks, and counted over all`() throws {
    for image in ["000002", "000007"] {
      try runs.workspace.cut("\(runs.workspace.data)/JPEGImages/\(image).jpg", to: 0.5)
    }
    struct Line: Decodable { let damaged_images: Int }
    func counts(_ name: String) throws -> [Int] {
      try NarrowExperiment.metrics(ofRun: runs.path(name)).map {
        try JSONDecoder().decode(Line.self, from: Data($0.utf8)).damaged_images
      }
    }
    let replace = ["data.damaged_images=replace"]
    let expected = try runs.train("plain", ranks: nil, replace)
    #expect(try counts("plain").reduce(0, +) >= 8, "48 samples are four epochs of ten images and more")
    for ranks in [2, 4] {
      let name = "ranks\(ranks)"
      #expect(try runs.train(name, ranks: ranks, replace).parametersSHA256 == expected.parametersSHA256, "\(name)")
      #expect(try runs.losses(name) == runs.losses("plain") && counts(name) == counts("plain"), "\(name)")
    }
  }

  /// Over a few iterations: at the start of training hard negatives are nearly tied, and which are taken soon differs.
  @Test func `MPI's own sum and rounded gradients train to nearly the same losses`() throws {
    let few = "training.iterations=3"
    let expected = try runs.train("plain", ranks: nil, [few])
    // Two terms have one sum, whoever adds them.
    let native = ["communication.reduction=native"]
    #expect(
      try runs.train("native2", ranks: 2, native).parametersSHA256 == runs.train("whole", ranks: nil).parametersSHA256)
    try runs.train("native4", ranks: 4, native + [few])
    let wire = [few, "communication.wire=bfloat16"]
    let narrow = try runs.train("bfloat16", ranks: nil, wire)
    for ranks in [2, 4, 8] {
      #expect(try runs.train("bfloat16-\(ranks)", ranks: ranks, wire).parametersSHA256 == narrow.parametersSHA256)
    }
    #expect(narrow.parametersSHA256 != expected.parametersSHA256, "eight bits less should show")
    for (name, tolerance) in [("native4", 1e-4), ("bfloat16", 1e-2)] {
      for (loss, reference) in zip(try runs.losses(name), try runs.losses("plain")) {
        #expect(abs(loss - reference) <= tolerance * reference, "\(name)")
      }
    }
  }

  @Test func `A number of ranks that cannot share the work is refused with those that can`() throws {
    let outcome = try MultiboxProcess(runs.arguments("run"), ranks: 3).wait()
    #expect(MPILauncher.tells(64, by: outcome.exitCode))
    #expect(
      outcome.messages.contains(
        "8 images in micro-batches of 1 are 8 units of work, which 3 ranks cannot share evenly; start one of 1, 2, 4, 8 ranks"
      ), "\(outcome.messages)")
    #expect(!FileManager.default.fileExists(atPath: runs.path("run")))
  }

  @Test func `The evaluation of a split of any size is the same on any number of ranks`() throws {
    let metadata = try runs.train("run", ranks: nil)
    let checkpoint = "\(runs.path("run"))/checkpoints/iteration-000000\(metadata.iteration).safetensors"
    // Eleven images: a prime, and no multiple of the micro-batch.
    let lists = try ["trainval", "test"].map {
      try String(contentsOfFile: runs.workspace.data + "/ImageSets/Main/\($0).txt", encoding: .utf8)
    }
    let names = lists.joined(separator: "\n").split(separator: "\n").map(String.init).dropLast()
    #expect(names.count == 11)
    try runs.workspace.write(
      names.joined(separator: "\n") + "\n", to: runs.workspace.data + "/ImageSets/Main/eleven.txt")
    func files(_ ranks: Int?) throws -> [Data] {
      let output = runs.path("evaluation-\(ranks ?? 0)")
      try MultiboxProcess(
        [
          "evaluate", checkpoint, "--split", "eleven", "--output", output, "--set", "training.micro_batch=2", "--set",
          "evaluation.score_threshold=0.001",
        ], ranks: ranks
      ).wait().succeeded()
      let summary = try JSONSerialization.jsonObject(
        with: Data(contentsOf: URL(fileURLWithPath: output + "/evaluation.json")))
      var object = try #require(summary as? [String: Any])
      object["seconds"] = nil
      return [
        try JSONSerialization.data(withJSONObject: object, options: .sortedKeys),
        try Data(contentsOf: URL(fileURLWithPath: output + "/detections.json")),
      ]
    }
    let expected = try files(nil)
    #expect(expected[1].count > 1000, "some detections")
    for ranks in [1, 2, 3, 5] { #expect(try files(ranks) == expected, "\(ranks) ranks") }
  }
}
