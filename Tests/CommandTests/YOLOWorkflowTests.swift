import Datasets
import Foundation
import Synthetic
import TestSupport
import Testing

/// Training, evaluation and the other commands on YOLO data, as users start them.
struct YOLOWorkflowTests {
  private let workspace: Workspace
  private let source: Dataset

  init() throws {
    workspace = try Workspace()
    source = try Dataset.pascalVOC(roots: [workspace.data], split: "trainval", classes: SyntheticDataset.classNames)
  }

  private func export(_ kind: DatasetExport.Kind) throws -> DatasetExport {
    try DatasetExport(source, as: kind, to: "\(workspace.path)/\(kind.rawValue)")
  }

  /// The configuration of the narrow experiment with an export as its data.
  private func configuration(_ export: DatasetExport, _ output: String) throws -> String {
    let classes = export.namesClasses ? "" : ", classes: [\(SyntheticDataset.classNames.joined(separator: ", "))]"
    let yaml = NarrowExperiment.yaml(data: workspace.data, output: output)
    let start = yaml.firstRange(of: "data:\n")!.upperBound
    let end = yaml.firstRange(of: "training:\n")!.lowerBound
    let path = output + ".yaml"
    try workspace.write(
      yaml.replacingCharacters(
        in: yaml.index(before: start)..<end, with: " {\(export.keys)\(classes), loader_threads: 1}\n"),
      to: path)
    return path
  }

  @Test func `The same drawings train to the same bits, whatever program has exported them`() throws {
    var hashes: [String: String] = [:]
    for kind in DatasetExport.Kind.allCases {
      let export = try export(kind)
      let run = "\(workspace.path)/run-\(kind.rawValue)"
      let outcome = try MultiboxProcess.run("train", configuration(export, run), "--stop-at", "3").succeeded()
      #expect(!outcome.messages.contains("background"), "\(outcome.messages)")
      struct Description: Decodable { let parameters_sha256: String }
      let described = try MultiboxProcess.run("describe", run, "--json").succeeded()
      let hash = try JSONDecoder().decode(Description.self, from: Data(described.output.utf8)).parameters_sha256
      hashes[kind.rawValue] = hash
    }
    #expect(hashes.count == DatasetExport.Kind.allCases.count && Set(hashes.values).count == 1, "\(hashes)")
  }

  @Test func `Evaluation, score, preview, doctor and several data sets take YOLO data`() throws {
    let yolo = try export(.roboflowYOLO)
    let config = try configuration(yolo, workspace.path + "/yolo")
    try MultiboxProcess.run("train", config, "--stop-at", "1").succeeded()
    let results = workspace.path + "/results"
    let evaluated = try MultiboxProcess.run(
      "evaluate", workspace.path + "/yolo", "--split", "train", "--metric", "coco", "--output", results
    ).succeeded()
    for truth in [yolo.root, yolo.root + "/data.yaml"] {
      let scored = try MultiboxProcess.run(
        "score", "--ground-truth", truth, "--split", "train", "--detections", results + "/detections.json", "--metric",
        "coco"
      ).succeeded()
      #expect(scored.output == evaluated.output)
    }
    try MultiboxProcess.run("preview", config, "--images", "2", "--output", workspace.path + "/preview").succeeded()
    let examined = try MultiboxProcess.run("doctor", config)
    let text = examined.output + examined.messages
    #expect(text.contains("train: \(source.images.count) images"), "\(text)")
    let second = try export(.ultralytics)
    let both = try MultiboxProcess.run(
      "train", config, "--set", "data.root=[\(yolo.root), \(second.root)]", "--output", workspace.path + "/both",
      "--stop-at", "1"
    ).succeeded()
    #expect(!both.messages.contains("taken once"), "\(both.messages)")
  }

  @Test func `Faults have the exit code of bad data, and the doctor lists them`() throws {
    let yolo = try export(.ultralytics)
    let config = try configuration(yolo, workspace.path + "/yolo")
    let label = "\(yolo.root)/labels/train/\(source.images[0].identifier).txt"
    try workspace.write("0 120 80 40 30\n9 0.5 0.5 0.2 0.2\n", to: label)
    let trained = try MultiboxProcess.run("train", config).ended(with: 65)
    #expect(trained.messages.contains("\(label):1: (120, 80, 40, 30) has numbers that look like pixels"))
    let doctor = try MultiboxProcess.run("doctor", config).ended(with: 65)
    let text = doctor.output + doctor.messages
    #expect(text.contains("\(label):1: (120") && text.contains("\(label):2: 9 is the number of no class"), "\(text)")
    let wrong = try MultiboxProcess.run("train", config, "--set", "data.format=voc").ended(with: 65)
    #expect(wrong.messages.contains("data.yaml describes YOLO labels: set data.format: yolo"), "\(wrong.messages)")
  }
}
