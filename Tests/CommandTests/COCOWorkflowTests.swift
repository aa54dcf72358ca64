import Datasets
import Foundation
import Inference
import Synthetic
import TestSupport
import Testing

/// Training and evaluation on data in COCO's layout, as users start them.
struct COCOWorkflowTests {
  private let workspace: Workspace
  private var root: String { workspace.path + "/coco" }
  private let classes = SyntheticDataset.classNames

  /// The synthetic data set in the other layout: `annotations/instances_SPLIT.json` and `images`.
  init() throws {
    workspace = try Workspace()
    try FileManager.default.createDirectory(atPath: root + "/annotations", withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      atPath: root + "/images", withDestinationPath: workspace.data + "/JPEGImages")
    for split in ["trainval", "test"] { try writeSplit(split) }
  }

  private func category(_ label: Int) -> Int { 3 * label + 1 }

  private func writeSplit(_ split: String) throws {
    let dataset = try Dataset.pascalVOC(roots: [workspace.data], split: split, classes: classes)
    var annotations: [[String: Any]] = []
    for (index, image) in dataset.images.enumerated() {
      for object in image.objects {
        let box = object.pixelBox
        annotations.append([
          "id": annotations.count, "image_id": 100 + index, "category_id": category(object.groundTruth.label),
          "iscrowd": 0, "difficult": object.groundTruth.isDifficult ? 1 : 0, "area": box.area,
          "bbox": [box.xMin, box.yMin, box.xMax - box.xMin, box.yMax - box.yMin],
        ])
      }
    }
    let content: [String: Any] = [
      "images": dataset.images.enumerated().map { index, image in
        [
          "id": 100 + index, "file_name": image.identifier + ".jpg", "width": image.width, "height": image.height,
        ] as [String: Any]
      },
      "annotations": annotations,
      "categories": classes.enumerated().map { ["id": category($0 + 1), "name": $1] as [String: Any] },
    ]
    try JSONSerialization.data(withJSONObject: content).write(
      to: URL(fileURLWithPath: "\(root)/annotations/instances_\(split).json"))
  }

  @Test func `The layout of the annotations does not change a bit, and results have COCO's numbers`() throws {
    try workspace.train(stopAt: 3).succeeded()
    let run = workspace.path + "/coco-run"
    let config = workspace.path + "/coco.yaml"
    let yaml = NarrowExperiment.yaml(data: root, output: run).replacing(
      "classes: [circle, square, triangle, star, cross, ring]", with: "format: coco")
    try workspace.write(yaml, to: config)
    try MultiboxProcess.run("train", config, "--stop-at", "3").succeeded()
    #expect(try NarrowExperiment.metrics(ofRun: run) == NarrowExperiment.metrics(ofRun: workspace.run))
    let checkpoint = run + "/checkpoints/iteration-0000003.safetensors"
    #expect(try Checkpoint(contentsOf: checkpoint).metadata?.classNames == classes)

    let results = workspace.path + "/results"
    try MultiboxProcess.run("evaluate", checkpoint, "--metric", "voc12", "--output", results).succeeded()
    struct Result: Decodable {
      let image_id: Int
      let category_id: Int
      let bbox: [Double]
    }
    let detections = try JSONDecoder().decode(
      [Result].self, from: Data(contentsOf: URL(fileURLWithPath: results + "/detections.json")))
    #expect(Set(detections.map(\.image_id)) == [100, 101])
    #expect(detections.allSatisfy { (1...6).map(category).contains($0.category_id) && $0.bbox.count == 4 })
    // The file is needed for the annotations only, not to know the classes.
    try FileManager.default.removeItem(atPath: root + "/annotations/instances_trainval.json")
    let evaluated = try MultiboxProcess.run(
      "evaluate", checkpoint, "--metric", "coco", "--set", "data.difficult=always", "--output", results
    ).succeeded()
    // The annotation 0 is as pycocotools takes it, in both commands.
    let truth = "\(root)/annotations/instances_test.json"
    let scored = try MultiboxProcess.run(
      "score", "--ground-truth", truth, "--detections", results + "/detections.json", "--metric", "coco"
    ).succeeded()
    for messages in [evaluated.messages, scored.messages] {
      #expect(messages.contains("\(truth): the annotation with the id 0 counts as not found"), "\(messages)")
    }
    #expect(evaluated.output == scored.output)
    try MultiboxProcess.run("describe", checkpoint).succeeded()
  }

  @Test func `Faults of a COCO file have the exit code of bad data`() throws {
    let path = "\(root)/annotations/instances_trainval.json"
    let overrides = ["data.format=coco", "data.root=\(root)", "data.classes=null"].flatMap { ["--set", $0] }
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try workspace.write(text.replacing("\"bbox\"", with: "\"box\"", maxReplacements: 1), to: path)
    let broken = try MultiboxProcess(["train", workspace.config] + overrides).wait().ended(with: 65)
    #expect(broken.messages.contains("\(path):1: annotations[0] (id 0): bbox is missing"), "\(broken.messages)")
    try workspace.write(text.replacing(#/"bbox":\[[^\]]+/#, with: "\"bbox\":[0.25,0.5,0.25,0.125"), to: path)
    for command in ["train", "doctor"] {
      let outcome = try MultiboxProcess([command, workspace.config] + overrides).wait().ended(with: 65)
      let said = outcome.messages + outcome.output
      #expect(said.contains("they look like fractions of the image"), "\(said)")
    }
    try workspace.write(text, to: path)
    let classes = ["--set", "data.classes=[Circle, Square]"]
    let unknown = try MultiboxProcess(["train", workspace.config] + overrides + classes).wait().ended(with: 65)
    #expect(
      unknown.messages.contains("for all that the data have, classes: [circle, square, triangle, star, cross, ring]"),
      "\(unknown.messages)")
    let directory = ["--set", "data.image_directory=none"]
    let missing = try MultiboxProcess(["train", workspace.config] + overrides + directory).wait().ended(with: 65)
    #expect(missing.messages.contains("\(root)/none: no such directory of images"), "\(missing.messages)")
    try workspace.write(String(text.prefix(text.count / 2)), to: path)
    let torn = try MultiboxProcess(["train", workspace.config] + overrides).wait().ended(with: 65)
    #expect(torn.messages.contains("\(path):1: not valid JSON"), "\(torn.messages)")
    try MultiboxProcess(["doctor", workspace.config] + overrides).wait().ended(with: 65)
  }

  @Test(arguments: [true, false])
  func `A damaged image is left out of COCO's metric, if that is wanted`(hasHeader: Bool) throws {
    try workspace.train(stopAt: 1).succeeded()
    let bad = try #require(try Dataset.pascalVOC(roots: [workspace.data], split: "test", classes: classes).images.first)
    if hasHeader {
      try workspace.cut(bad.imagePath, to: 0.5)
    } else {
      try workspace.write("", to: bad.imagePath)
    }
    func evaluate(_ overrides: String...) throws -> MultiboxProcess.Outcome {
      let own = ["data.format=coco", "data.root=\(root)", "data.evaluation_split=test"]
      return try MultiboxProcess(
        ["evaluate", workspace.checkpoint(1), "--metric", "coco", "--output", workspace.path + "/results"]
          + (own + overrides).flatMap { ["--set", $0] }
      ).wait()
    }
    let name = "/images/\(bad.identifier).jpg: "
    #expect(try evaluate().ended(with: 65).messages.contains(name))
    #expect(try evaluate("evaluation.damaged_images=skip").succeeded().messages.contains(name))
    struct Counts: Decodable { let images, damaged_images: Int }
    let counts = try JSONDecoder().decode(
      Counts.self, from: Data(contentsOf: URL(fileURLWithPath: workspace.path + "/results/evaluation.json")))
    #expect(counts.images == 1 && counts.damaged_images == 1)
  }
}
