import Foundation
import Images
import TestSupport
import Testing

/// Files in the wrong place are named for what they are, by every command alike.
struct WrongFileTests {
  private let workspace: Workspace

  init() throws {
    workspace = try Workspace()
  }

  private func file(_ name: String, _ bytes: [UInt8]) throws -> String {
    let path = "\(workspace.path)/\(name)"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
  }

  private static let legacyPyTorch: [UInt8] = [
    0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
  ]

  @Test(
    arguments: [
      ("a.pth", legacyPyTorch, ["the pickle of the protocol, byte 0: ends too early"]),
      ("k.pth", [0x50, 0x4B, 3, 4] + Array("\u{14}archive/data.pkl".utf8), ["without its end: the file is cut off"]),
      (
        "b.pt", [0x80, 4, 0x95, 0, 0],
        ["a Python pickle", "python3 -c \"import pickle, numpy;", "pickle.load(open('", "/b.safetensors')\""]
      ),
      (
        "c.caffemodel", [0x0A, 3, 0x56, 0x47, 0x47, 0xA2, 0x06, 0],
        ["a Caffe model without weights: no layer has a blob"]
      ),
      ("d.onnx", [0x08, 7, 0x12, 1, 0x61, 0], ["an ONNX model", "import onnx"]),
      ("e.h5", [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A], ["a Keras or HDF5 file"]),
      ("f.safetensors", Array("<!doctype html><html>".utf8), ["an HTML page", "download it again"]),
      (
        "g.safetensors", Array("version https://git-lfs.github.com/spec/v1\n".utf8),
        ["git-lfs pointer", "git lfs pull"]
      ),
      ("h.safetensors", [0x1F, 0x8B, 8, 0], ["a gzip archive", "unpack it"]),
      ("i.yaml", Array("version: 1\n".utf8), ["a text file where a file of weights is expected"]),
      ("j.jpg", [0xFF, 0xD8, 0xFF, 0xE0, 0, 0], ["a JPEG image where a file of weights is expected"]),
    ] as [(String, [UInt8], [String])])
  func `What is no file of weights is named where one is expected`(
    name: String, bytes: [UInt8], texts: [String]
  ) throws {
    let path = try file(name, bytes)
    var commands = [
      ["evaluate", path], ["detect", path, "x.jpg"], ["export", path, workspace.path + "/out.safetensors"],
      ["convert", path, workspace.path + "/out.safetensors"],
      ["train", workspace.config, "--set", "model.weights=\(path)"], ["train", workspace.config, "--resume", path],
    ]
    // What may be a configuration is one to describe.
    if !name.hasSuffix(".yaml"), !name.hasSuffix(".jpg") { commands.append(["describe", path]) }
    for command in commands {
      let outcome = try MultiboxProcess(command).wait().ended(with: 74)
      for text in [path] + texts { #expect(outcome.messages.contains(text), "\(command): \(outcome.messages)") }
    }
  }

  @Test func `What is no configuration is named where one is expected`() throws {
    try workspace.train(stopAt: 1).succeeded()
    let page = try file("page.yaml", Array("<html>404</html>".utf8))
    let image = try file("a.jpg", Image(width: 9, height: 9, pixels: Array(repeating: 0, count: 243)).jpeg(quality: 80))
    for (path, text) in [
      (workspace.checkpoint(1), "found a safetensors file: a checkpoint has its configuration inside"),
      (image, "found a JPEG image"), (page, "found an HTML page"),
      (workspace.run, "found a directory; that of this run is \(workspace.run)/config.yaml"),
      (workspace.data, "found a directory"),
    ] {
      for command in [["train", path], ["preview", path, "--output", "x"], ["benchmark", "loader", path]] {
        let outcome = try MultiboxProcess(command).wait().ended(with: 64)
        #expect(outcome.messages.contains("\(path): expected a configuration (YAML), \(text)"), "\(outcome.messages)")
      }
    }
    let outcome = try MultiboxProcess.run("describe", image).ended(with: 64)
    #expect(outcome.messages.contains("found a JPEG image"))
  }

  @Test func `What is no annotation file is named by every command that reads one`() throws {
    let pointer = try file("lfs.json", Array("version https://git-lfs.github.com/spec/v1\noid sha256:0\n".utf8))
    let truth = try file("truth.json", Array(#"{"images": [], "categories": [], "annotations": []}"#.utf8))
    let coco = ["--set", "data.format=coco", "--set", "data.train_split=\(pointer)"]
    for command in [
      ["train", workspace.config] + coco, ["doctor", workspace.config, "--headers-only"] + coco, ["split", pointer],
      ["train", workspace.config, "--set", "data.classes=null"] + coco,
      ["score", "--ground-truth", pointer, "--detections", truth, "--metric", "coco"],
      ["score", "--ground-truth", truth, "--detections", pointer, "--metric", "coco"],
    ] {
      let outcome = try MultiboxProcess(command).wait().ended(with: 65)
      let text = outcome.messages + outcome.output
      #expect(text.contains("\(pointer): expected a JSON file of COCO, found a git-lfs pointer"), "\(command): \(text)")
      #expect(text.contains("'git lfs pull' in its repository fetches the file"))
    }
  }

  @Test func `The directory of a run stands for its newest checkpoint, but a file is needed to start from`() throws {
    try workspace.train("checkpoint.every=1", stopAt: 2).succeeded()
    for directory in [workspace.run, workspace.run + "/checkpoints", workspace.run + "/"] {
      let outcome = try MultiboxProcess.run("evaluate", directory, "--output", workspace.path + "/scores").succeeded()
      #expect(outcome.messages.contains("the newest checkpoint is \(workspace.run)"), "\(outcome.messages)")
      #expect(outcome.messages.contains("checkpoints/iteration-0000002.safetensors"), "\(outcome.messages)")
    }
    try MultiboxProcess.run("describe", workspace.run).succeeded()
    // Of an evaluation without --output the results lie beside the checkpoint.
    try MultiboxProcess.run("evaluate", workspace.run).succeeded()
    #expect(FileManager.default.fileExists(atPath: workspace.run + "/checkpoints/evaluation.json"))
    for option in [["--resume", workspace.run], ["--set", "model.weights=\(workspace.run)", "--resume", "never"]] {
      let outcome = try MultiboxProcess(["train", workspace.config] + option).wait().ended(with: 74)
      #expect(
        outcome.messages.contains(
          "a directory, not a file of weights; its newest checkpoint is \(workspace.checkpoint(2))"))
    }
    let other = try MultiboxProcess.run("evaluate", workspace.data).ended(with: 74)
    #expect(other.messages.contains("\(workspace.data): a directory, not a file of weights, and no run"))
  }
}
