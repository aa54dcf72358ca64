import Foundation
import Models
import TestSupport
import Testing

/// Detectors as files of ONNX.
struct ONNXTests {
  private let workspace: Workspace
  private var file: String { workspace.path + "/detector.onnx" }

  init() throws {
    workspace = try Workspace()
  }

  private func export(_ arguments: String...) throws -> WireFields {
    try MultiboxProcess(["export", workspace.checkpoint(2), file] + arguments).wait().succeeded()
    return try #require(WireFields(Data(contentsOf: URL(fileURLWithPath: file))))
  }

  private func ports(_ graph: WireFields, _ field: Int) throws -> [String: [String]] {
    let ports = try #require(graph.messages(field))
    return try Dictionary(
      uniqueKeysWithValues: ports.map { port in
        let tensor = try #require(port.messages(2)?.first?.messages(1)?.first)
        let extents = try #require(tensor.messages(2)?.first?.messages(1))
        return (
          port.texts(1)[0],
          ["type \(tensor.numbers(1)[0])"] + extents.map { $0.numbers(1).first.map(String.init) ?? $0.texts(2)[0] }
        )
      })
  }

  @Test func `A file has the inputs, outputs and facts that its options ask for`() throws {
    try workspace.train(stopAt: 2).succeeded()
    let model = try export()
    #expect(model.numbers(1) == [8] && model.texts(2) == ["multibox"])
    #expect(model.messages(8)?.first?.numbers(2) == [17])
    let graph = try #require(model.messages(7)?.first)
    #expect(try ports(graph, 11) == ["images": ["type 1", "batch", "3", "300", "300"]])
    #expect(
      try ports(graph, 12) == [
        "boxes": ["type 1", "batch", "200", "4"], "labels": ["type 7", "batch", "200"],
        "scores": ["type 1", "batch", "200"], "num_detections": ["type 7", "batch"],
      ])
    let facts = try #require(model.messages(14)).reduce(into: [:]) { $0[$1.texts(1)[0]] = $1.texts(2)[0] }
    #expect(facts["model"] == "ssd300-vgg16" && facts["classes"]?.hasPrefix("[\"circle\",") == true, "\(facts)")
    #expect(facts["names"]?.hasPrefix("{0: 'background', 1: 'circle', ") == true, "\(facts)")
    #expect(facts["score_threshold"] == "0.01" && facts["parameters_sha256"]?.count == 64)
    #expect(facts["version"]?.hasPrefix("multibox ") == true)
    // Every value is written once, and before it is read.
    var known = Set(try ports(graph, 11).keys).union(try #require(graph.messages(5)).flatMap { $0.texts(8) })
    for node in try #require(graph.messages(1)) {
      #expect(node.texts(1).allSatisfy { $0.isEmpty || known.contains($0) }, "\(node.texts(3))")
      for output in node.texts(2) { #expect(known.insert(output).inserted, "\(output)") }
    }
    let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
    _ = try export()
    #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == bytes)

    let other = try export(
      "--opset", "13", "--pixels", "uint8", "--resize", "--raw", "--set", "evaluation.score_threshold=0.5")
    #expect(other.numbers(1) == [7] && other.messages(8)?.first?.numbers(2) == [13])
    let raw = try #require(other.messages(7)?.first)
    #expect(try ports(raw, 11) == ["images": ["type 2", "batch", "3", "height", "width"]])
    #expect(
      try ports(raw, 12) == ["boxes": ["type 1", "batch", "8732", "4"], "scores": ["type 1", "batch", "8732", "7"]])
    #expect(try #require(raw.messages(1)).allSatisfy { $0.texts(4) != ["NonMaxSuppression"] })

    try MultiboxProcess.run("export", workspace.checkpoint(2), workspace.path + "/a.pth").succeeded()
    let outcome = try MultiboxProcess.run("convert", workspace.path + "/a.pth", file).succeeded()
    #expect(outcome.messages.contains("\(file): ssd300-vgg16 of \(workspace.path)/a.pth"), "\(outcome.messages)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == bytes)
  }

  @Test func `A file says how good the checkpoint was found`() throws {
    try workspace.train("evaluation.every=2", stopAt: 2).succeeded()
    let metrics = try String(contentsOfFile: workspace.run + "/metrics.jsonl", encoding: .utf8)
    struct Evaluation: Decodable { let mAP: Double }
    let line = try #require(metrics.split(separator: "\n").last { $0.contains("mAP") })
    let mAP = try JSONDecoder().decode(Evaluation.self, from: Data(line.utf8)).mAP
    let facts = try #require(export().messages(14)).reduce(into: [:]) { $0[$1.texts(1)[0]] = $1.texts(2)[0] }
    #expect(facts["mAP"] == "\(mAP)" && facts["mAP_metric"] == "voc07" && facts["iteration"] == "2", "\(facts)")
    #expect(facts["mAP_split"] == "test", "\(facts)")
  }

  @Test func `What does not fit a format is refused, and no file is left`() throws {
    try workspace.train(stopAt: 2).succeeded()
    for (arguments, code, text) in [
      ([file, "--opset", "12"], 64, "--opset must be 13 to 17, not 12"),
      ([file, "--pixels", "int8"], 64, "'int8' is invalid for '--pixels <pixels>'"),
      (
        [workspace.path + "/a.pth", "--resize"], 64,
        "--resize is for FILE.onnx; \(workspace.path)/a.pth has the weights alone"
      ),
      ([workspace.path + "/a.pth", "--set", "seed=1"], 64, "--set is for FILE.onnx"),
      ([file, "--set", "evaluation.nms=1"], 64, "nms_threshold"),
      ([workspace.path + "/none/a.onnx"], 74, "cannot create a file in \(workspace.path)/none"),
    ] as [([String], Int32, String)] {
      let outcome = try MultiboxProcess(["export", workspace.checkpoint(2)] + arguments).wait().ended(with: code)
      #expect(outcome.messages.contains(text), "\(outcome.messages)")
    }
    let directory = try MultiboxProcess.run("convert", workspace.run, file).ended(with: 64)
    #expect(directory.messages.contains("`multibox export \(workspace.run) \(file)`"), "\(directory.messages)")
    #expect(try !FileManager.default.contentsOfDirectory(atPath: workspace.path).contains { $0.contains(".onnx") })
  }

  /// Whether Python has what the comparison needs.
  private static let hasRuntime: Bool = {
    let process = try? ChildProcess(
      URL(fileURLWithPath: "/usr/bin/env"), ["python3", "-c", "import onnx, onnxruntime, PIL"])
    return (try? process?.wait(timeout: 60))?.exitCode == 0
  }()

  @Test(
    .enabled(if: hasRuntime, "python3 has no onnx, onnxruntime or pillow"), arguments: Architecture.variants)
  func `onnxruntime finds what detect finds`(architecture: Architecture) throws {
    let settings =
      ["--set", "model.name=\(architecture.name)"]
      + (architecture.variant.isEmpty ? [] : ["--set", "model.variant=\(architecture.variant)"])
    try MultiboxProcess(["train", workspace.config, "--stop-at", "2"] + settings).wait().succeeded()
    let images = try FileManager.default.contentsOfDirectory(atPath: workspace.data + "/JPEGImages").sorted().prefix(5)
    let script = ChildProcess.repository + "/Tests/Exchange/onnx_against_detect.py"
    let outcome = try ChildProcess(
      URL(fileURLWithPath: "/usr/bin/env"),
      ["python3", script, ChildProcess.multibox.path, workspace.checkpoint(2)]
        + images.map { workspace.data + "/JPEGImages/" + $0 }
        + ["--batch", "1", "4", "--opset", "13", "17", "--score-threshold", "0.02"]
    ).wait(timeout: 300)
    #expect(outcome.exitCode == 0, "\(outcome.output)\(outcome.messages)")
  }
}
