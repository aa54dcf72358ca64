import Datasets
import Foundation
import Testing

struct ScoreTests {
  private struct VOCScore: Decodable {
    let metric: String
    let mAP: Double
    let AP: [String: Double?]
  }

  private let workspace: Workspace
  private let classes = ["circle", "square", "triangle", "star", "cross", "ring"]

  init() throws {
    workspace = try Workspace()
  }

  /// Writes the annotations of the split as if a detector had found them.
  private func writeAnnotationsAsDetections(to path: String) throws {
    let dataset = try Dataset.pascalVOC(roots: [workspace.data], split: "test", classes: classes)
    var records: [String] = []
    for image in dataset.images {
      for object in image.objects {
        let box = object.pixelBox
        let numbers = [box.xMin, box.yMin, box.xMax - box.xMin, box.yMax - box.yMin]
        records.append(
          """
          {"image_id": "\(image.identifier)", "category_id": \(object.groundTruth.label), "bbox": \(numbers), \
          "score": 0.\(9 - records.count % 5)}
          """)
      }
    }
    try workspace.write("[\(records.joined(separator: ",\n"))]", to: path)
  }

  private func score(_ metric: String, _ options: String...) throws -> MultiboxProcess.Outcome {
    let detections = workspace.path + "/found.json"
    try writeAnnotationsAsDetections(to: detections)
    return try MultiboxProcess(
      ["score", "--ground-truth", workspace.data, "--split", "test", "--detections", detections, "--metric", metric]
        + options + ["--classes"] + classes
    ).wait().succeeded()
  }

  @Test(arguments: ["voc07", "voc12"])
  func `Annotations are perfect detections`(metric: String) throws {
    let json = workspace.path + "/score.json"
    let table = try score(metric, "--json", json).output
    #expect(table.contains("circle") && table.contains("ring"))
    #expect(table.hasSuffix("mAP (\(metric)) 1.0000 on 2 images\n"), "\(table)")
    let score = try JSONDecoder().decode(VOCScore.self, from: Data(contentsOf: URL(fileURLWithPath: json)))
    #expect(score.metric == metric && abs(score.mAP - 1) < 1e-12)
    #expect(Set(score.AP.keys) == Set(classes) && score.AP.values.contains(1))
  }

  @Test func `JSON on standard output is alone there`() throws {
    let scores = try score("coco", "--json", "-").decoded([String: Double].self)
    let names = ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"]
    #expect(Set(scores.keys) == Set(names))
    #expect(abs(scores["AP"]! - 1) < 1e-12 && scores["AR100"] == 1)
  }
}
