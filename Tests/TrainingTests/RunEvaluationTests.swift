import Files
import Foundation
import Inference
import ModelFiles
import TestSupport
import Testing

/// Evaluations of a run: when, what they leave, and what a fault in one costs.
struct RunEvaluationTests {
  private let runs: NarrowRuns

  init() throws {
    runs = try NarrowRuns()
  }

  private struct Line: Decodable {
    let iteration: Int
    let mAP: Double?
    let metric: String?
  }

  private func evaluations(_ run: String) throws -> [Line] {
    try NarrowExperiment.metrics(ofRun: runs.path(run)).map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
      .filter { $0.metric != nil }
  }

  @Test func `The last iteration is evaluated always, unless there are to be no evaluations`() throws {
    try runs.train("rarely", ["evaluation.every=1000", "training.iterations=3"])
    #expect(try evaluations("rarely").map(\.iteration) == [3])
    try runs.train("stopped", ["evaluation.every=1000", "training.iterations=3"], until: 2)
    #expect(try evaluations("stopped").isEmpty)
    try runs.train("never", ["evaluation.every=null", "training.iterations=3"])
    #expect(try evaluations("never").isEmpty)
  }

  /// On training images, so that some evaluations are better than others.
  @Test func `The checkpoint of the best evaluation stays under a name of its own`() throws {
    let overrides = [
      "training.iterations=5", "evaluation.every=1", "data.evaluation_split=trainval", "checkpoint.keep=1",
      "evaluation.score_threshold=0",
    ]
    try runs.train("run", overrides)
    let all = try evaluations("run")
    #expect(all.map(\.iteration) == [1, 2, 3, 4, 5])
    let top = try #require(all.compactMap(\.mAP).max())
    let best = try #require(all.first { $0.mAP == top })
    let path = runs.path("run") + "/checkpoints/best.safetensors"
    #expect(try Checkpoint(contentsOf: path).metadata?.iteration == best.iteration)
    try runs.train("same", overrides + ["checkpoint.keep=9", "checkpoint.keep_best=false"])
    // But for the keys above, which it holds, it is the same file.
    #expect(
      try Checkpoint(contentsOf: runs.path("same") + "/checkpoints/iteration-000000\(best.iteration).safetensors")
        .metadata?
        .parametersSHA256 == Checkpoint(contentsOf: path).metadata?.parametersSHA256)
    #expect(try !runs.checkpoints("same").contains("best.safetensors"))
    // A run in two parts keeps the same one.
    try runs.train("parts", overrides, until: 3)
    try runs.train("parts", overrides)
    #expect(
      try Checkpoint(contentsOf: runs.path("parts") + "/checkpoints/best.safetensors").metadata?.iteration
        == best.iteration)
    #expect(
      try NarrowExperiment.metrics(ofRun: runs.path("parts")) == NarrowExperiment.metrics(ofRun: runs.path("run")))
  }

  /// As `best.safetensors` always is, a checkpoint after which an evaluation is due.
  @Test func `A run that continues the best checkpoint of another has it as its own first`() throws {
    let overrides = ["training.iterations=4", "evaluation.every=2"]
    let whole = try runs.train("run", overrides)
    let best = runs.path("run") + "/checkpoints/iteration-0000002.safetensors"
    try runs.train("other", overrides, resume: .path(best), until: 2)
    #expect(try runs.checkpoints("other").contains("iteration-0000002.safetensors"))
    let state = try runs.train("other", overrides)
    #expect(state.iteration == 4 && state.parametersSHA256 == whole.parametersSHA256)
    #expect(try evaluations("other").map(\.iteration) == [2, 4])
    // Without numbered checkpoints a run goes on from the best one.
    for name in try runs.checkpoints("run") where name.hasPrefix("iteration-") {
      try FileManager.default.removeItem(atPath: "\(runs.path("run"))/checkpoints/\(name)")
    }
    #expect(try runs.train("run", overrides).parametersSHA256 == whole.parametersSHA256)
  }

  @Test func `A run does not begin with weights that know no iteration`() throws {
    try runs.train("run", ["training.iterations=1"])
    let weights = runs.path("weights.safetensors")
    try Checkpoint(contentsOf: runs.path("run") + "/checkpoints/iteration-0000001.safetensors").export(to: weights)
    for _ in 1...2 {
      let error = try #require(throws: FileError.self) { try runs.train("other", resume: .path(weights)) }
      #expect(error.description.hasSuffix("start one from them by --set model.weights=\(weights)"), "\(error)")
      // Plain weights, as of another program.
      try [TensorSource(name: "a", shape: [1]) { $0[0] = 1 }].writeSafetensors(to: weights)
    }
  }

  @Test func `Scores of another metric or of other images are not compared`() throws {
    let overrides = [
      "training.iterations=5", "evaluation.every=1", "evaluation.patience=2", "evaluation.score_threshold=0",
      "training.learning_rate=1e-30", "training.weight_decay=0",
    ]
    let path = runs.path("run") + "/checkpoints/best.safetensors"
    func best() throws -> Int? { try Checkpoint(contentsOf: path).metadata?.iteration }
    try runs.train("run", overrides + ["data.evaluation_split=trainval"], until: 2)
    #expect(try best() == 1)
    try runs.train("run", overrides, until: 3)
    #expect(try best() == 3)
    #expect(FileManager.default.fileExists(atPath: path + ".superseded"))
    try runs.train("run", overrides + ["evaluation.metric=coco"])
    #expect(try best() == 4 && evaluations("run").map(\.iteration) == [1, 2, 3, 4, 5])
  }

  @Test func `A run that starts anew sets the best checkpoint before it aside`() throws {
    let overrides = ["training.iterations=2", "evaluation.every=1", "data.evaluation_split=trainval"]
    try runs.train("run", overrides)
    let path = runs.path("run") + "/checkpoints/best.safetensors"
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    try runs.train("run", overrides + ["training.seed=3"], resume: .never)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path + ".superseded")) == before)
    #expect(runs.messages.recorded.contains { $0.hasSuffix(" is now \(path).superseded") })
  }

  /// A learning rate of next to nothing: no evaluation is better than the first.
  @Test func `Training ends after as many evaluations without a better one as asked for, and stays ended`() throws {
    let overrides = [
      "training.iterations=7", "evaluation.every=1", "evaluation.patience=2", "training.learning_rate=1e-30",
      "training.weight_decay=0",
    ]
    let state = try runs.train("run", overrides)
    #expect(state.iteration == 3)
    #expect(
      runs.messages.recorded.contains(
        "info: training ends: 2 evaluations in a row were no better than that after iteration 1"))
    #expect(try runs.train("run", overrides) == state)
    #expect(try runs.train("run", overrides + ["evaluation.patience=4"]).iteration == 5)
  }

  /// The image is damaged where only decoding notices.
  @Test func `A checkpoint comes before the evaluation, which is made up when the run continues`() throws {
    let overrides = ["training.iterations=5", "evaluation.every=3"]
    let whole = try runs.train("whole", overrides)
    let dataset = try runs.configuration("run").dataset(split: .same("test"))
    let image = dataset.images[1].imagePath
    let bytes = try Data(contentsOf: URL(fileURLWithPath: image))
    try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: image))
    for _ in 1...2 {
      #expect(throws: (any Error).self) { try runs.train("run", overrides) }
      #expect(try runs.state("run").iteration == 3, "the training before the evaluation is lost")
      #expect(try evaluations("run").isEmpty)
    }
    try bytes.write(to: URL(fileURLWithPath: image))
    #expect(try runs.train("run", overrides) == whole)
    #expect(try evaluations("run").map(\.iteration) == [3, 5])
  }

  /// The average moves more slowly than the weights, so its detections are others.
  @Test func `The average of the weights is what is evaluated, while training and from the checkpoint`() throws {
    let overrides = [
      "training.iterations=4", "data.evaluation_split=trainval", "evaluation.every=1000",
      "evaluation.score_threshold=0",
      "training.ema_decay=0.9999", "training.learning_rate=0.01", "model.initialization=he",
    ]
    try runs.train("run", overrides)
    let checkpoint = try Checkpoint(contentsOf: runs.path("run") + "/checkpoints/iteration-0000004.safetensors")
    let names = checkpoint.file.tensors.map(\.name)
    #expect(names.count { $0.hasPrefix("optimizer.average.") } == names.count { !$0.hasPrefix("optimizer.") })
    let weight = "head.classification_head.module_list.0.weight"
    let (plain, average) = (
      checkpoint.file.tensor(named: weight), checkpoint.file.tensor(named: "optimizer.average." + weight)
    )
    #expect(try checkpoint.file.floats(of: #require(plain)) != checkpoint.file.floats(of: #require(average)))
    try runs.train("without", overrides + ["training.ema_decay=null"])
    #expect(try evaluations("run").count == 1 && evaluations("without").count == 1)
  }
}
