import Foundation
import TestSupport
import Testing

/// Keys of `data` that act in several commands.
struct DataKeyTests {
  @Test func `A limit of pixels acts wherever images are read`() throws {
    let workspace = try Workspace()
    try workspace.train(stopAt: 1).succeeded()
    let limit = ["--set", "data.maximum_megapixels=0.01"]
    let picture = workspace.data + "/JPEGImages/000001.jpg"
    for command in [
      ["train", workspace.config, "--resume", "never"], ["doctor", workspace.config, "--headers-only"],
      ["preview", workspace.config, "--output", workspace.path + "/preview"],
      ["benchmark", "loader", workspace.config], ["evaluate", workspace.checkpoint(1)],
      ["detect", workspace.checkpoint(1), picture, "--output", workspace.path],
    ] {
      let outcome = try MultiboxProcess(command + limit).wait()
      #expect(outcome.exitCode == 65, "\(command): \(outcome.messages)")
      let text = outcome.messages + outcome.output
      #expect(
        text.contains("; allowed are 10000 in all, set by data.maximum_megapixels"), "\(command): \(text)")
    }
    let outcome = try MultiboxProcess.run("train", workspace.config, "--set", "data.maximum_megapixels=1074")
    #expect(outcome.exitCode == 64)
    #expect(
      outcome.messages.contains("data.maximum_megapixels: expected a number greater than 0.0 and at most 1073.67"))
  }

  @Test func `Without an evaluation split training does not evaluate, and the evaluation asks for one`() throws {
    let workspace = try Workspace()
    try FileManager.default.removeItem(atPath: workspace.data + "/ImageSets/Main/test.txt")
    let outcome = try workspace.train("data.evaluation_split=null", "evaluation.every=1", stopAt: 2)
    #expect(outcome.exitCode == 0, "\(outcome.messages)")
    let metrics = try NarrowExperiment.metrics(ofRun: workspace.run)
    #expect(metrics.count == 2 && !metrics.contains { $0.contains("mAP") }, "\(metrics)")

    let refused = try MultiboxProcess.run("evaluate", workspace.checkpoint(2))
    #expect(refused.exitCode == 64)
    #expect(
      refused.messages.contains(
        "data.evaluation_split: null: there is nothing to evaluate on; name a split by --split"), "\(refused.messages)")
    try MultiboxProcess.run("evaluate", workspace.checkpoint(2), "--split", "trainval", "--output", workspace.path)
      .succeeded()

    let examined = try MultiboxProcess.run(
      "doctor", workspace.config, "--set", "data.evaluation_split=null", "--headers-only")
    #expect(examined.exitCode == 0, "\(examined.output)")
    #expect(
      examined.output.contains(
        #/ok +evaluation data +none: data.evaluation_split is null, training does not evaluate/#), "\(examined.output)")
  }

  @Test func `Images without annotation end training with the key's name, or are background`() throws {
    let workspace = try Workspace()
    try FileManager.default.removeItem(atPath: workspace.data + "/Annotations/000001.xml")
    let refused = try workspace.train(stopAt: 1)
    #expect(refused.exitCode == 65)
    #expect(refused.messages.contains("000001 has no annotation "), "\(refused.messages)")
    #expect(refused.messages.contains("; data.unannotated_images: background takes"), "\(refused.messages)")
    let taken = try workspace.train("data.unannotated_images=background", stopAt: 1)
    #expect(taken.exitCode == 0, "\(taken.messages)")
    #expect(taken.messages.contains("1 of 10 images have no annotation, taken as background"), "\(taken.messages)")

    try workspace.write("[]", to: workspace.path + "/found.json")
    let score = [
      "score", "--ground-truth", workspace.data, "--split", "trainval", "--detections", workspace.path + "/found.json",
      "--metric", "voc07", "--classes", "circle", "square", "triangle", "star", "cross", "ring",
    ]
    let unscored = try MultiboxProcess(score).wait()
    #expect(unscored.exitCode == 65)
    #expect(unscored.messages.contains("; --unannotated-images background takes"), "\(unscored.messages)")
    try MultiboxProcess(score + ["--unannotated-images", "background"]).wait().succeeded()
  }

  @Test func `An unknown class comes with a line of classes to copy`() throws {
    let workspace = try Workspace()
    let outcome = try workspace.train("data.classes=[dog, ring]")
    #expect(outcome.exitCode == 65)
    #expect(
      outcome.messages.contains("for all that the data have, classes: [ring, circle, cross, square, star, triangle]"),
      "\(outcome.messages)")
  }
}
