import Foundation
import Inference
import TestSupport
import Testing

/// Weights without momentum, for everything but going on with a run.
struct ExportTests {
  private let workspace: Workspace
  private var exported: String { workspace.path + "/weights.safetensors" }

  init() throws {
    workspace = try Workspace()
    try workspace.train(stopAt: 2).succeeded()
  }

  private func size(_ path: String) throws -> Int {
    try Data(contentsOf: URL(fileURLWithPath: path)).count
  }

  @Test func `A detector gives the same results with the exported weights, which are half as large`() throws {
    try MultiboxProcess.run("export", workspace.checkpoint(2), exported).succeeded()
    #expect(try 2 * size(exported) < size(workspace.checkpoint(2)) + 20_000)
    let (before, after) = (
      try Checkpoint(contentsOf: workspace.checkpoint(2)), try Checkpoint(contentsOf: exported)
    )
    #expect(after.metadata?.classNames == before.metadata?.classNames)
    #expect(after.metadata?.configurationYAML == before.metadata?.configurationYAML)
    #expect(!after.file.tensors.contains { $0.name.hasPrefix("optimizer.") })
    let results = try [workspace.checkpoint(2), exported].enumerated().map { index, path in
      let directory = "\(workspace.path)/scores-\(index)"
      try MultiboxProcess.run("evaluate", path, "--output", directory).succeeded()
      let images = workspace.data + "/JPEGImages"
      let found = try MultiboxProcess.run("detect", path, images, "--json", "-", "--score-threshold", "0.01")
        .succeeded()
      return try String(contentsOfFile: directory + "/detections.json", encoding: .utf8) + found.output
    }
    #expect(results[0] == results[1])
    // Nothing is left behind, and the same again gives the same file.
    let bytes = try Data(contentsOf: URL(fileURLWithPath: exported))
    try MultiboxProcess.run("export", workspace.run, exported).succeeded()
    #expect(try Data(contentsOf: URL(fileURLWithPath: exported)) == bytes)
    #expect(try !FileManager.default.contentsOfDirectory(atPath: workspace.path).contains { $0.hasSuffix(".partial") })
  }

  @Test func `Training starts from exported weights, but a run does not go on from them`() throws {
    try MultiboxProcess.run("export", workspace.checkpoint(2), exported).succeeded()
    let outcome = try workspace.train("model.weights=\(exported)", "output=\(workspace.path)/next", stopAt: 1)
      .succeeded()
    #expect(outcome.messages.contains("\(exported): 71 tensors taken"), "\(outcome.messages)")
    let resumed = try MultiboxProcess(["train", workspace.config, "--resume", exported]).wait().ended(with: 74)
    #expect(
      resumed.messages.contains(
        "\(exported): holds weights without momentum, as 'multibox export' writes them; a run cannot be continued from it"
      ))
  }

  @Test(arguments: ["pth", "pt"]) func `A PyTorch file has the same weights, and detects the same`(form: String) throws
  {
    let file = "\(workspace.path)/weights.\(form)"
    try MultiboxProcess.run("export", workspace.checkpoint(2), exported).succeeded()
    try MultiboxProcess.run("export", workspace.checkpoint(2), file).succeeded()
    let (ours, theirs) = (try Checkpoint(contentsOf: exported), try Checkpoint(contentsOf: file))
    #expect(theirs.metadata?.configurationYAML == ours.metadata?.configurationYAML)
    #expect(theirs.metadata?.parametersSHA256 == ours.metadata?.parametersSHA256)
    #expect(theirs.file.tensors == ours.file.tensors)
    let found = try [exported, file].map { path in
      try MultiboxProcess.run(
        "detect", path, workspace.data + "/JPEGImages", "--json", "-", "--score-threshold", "0.01"
      ).succeeded().output
    }
    #expect(found[0] == found[1])
    let started = try workspace.train("model.weights=\(file)", "output=\(workspace.path)/next", stopAt: 1).succeeded()
    #expect(started.messages.contains("\(file): 71 tensors taken"), "\(started.messages)")
  }

  @Test func `Weights without a run have nothing to leave out`() throws {
    let weights = ConvertTests.fixtures + "/zip.pth"
    let outcome = try MultiboxProcess.run("export", weights, exported).ended(with: 64)
    #expect(outcome.messages.contains("\(weights) holds weights only") && outcome.messages.contains("multibox convert"))
  }

  @Test func `What export cannot write is refused and changes nothing`() throws {
    let bytes = try Data(contentsOf: URL(fileURLWithPath: workspace.checkpoint(2)))
    let link = workspace.path + "/link.safetensors"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: workspace.checkpoint(2))
    for (target, code, text) in [
      (workspace.checkpoint(2), 64, "is the checkpoint itself"), (link, 64, "is the checkpoint itself"),
      (
        workspace.path + "/a.txt", 64,
        "the format goes by the name; expected FILE.safetensors, FILE.pth, FILE.pt or FILE.onnx"
      ),
      (workspace.path + "/none/a.safetensors", 74, "cannot create a file in \(workspace.path)/none"),
    ] {
      let outcome = try MultiboxProcess.run("export", workspace.checkpoint(2), target).ended(with: Int32(code))
      #expect(outcome.messages.contains(text), "\(outcome.messages)")
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: workspace.checkpoint(2))) == bytes)
    let full = try MultiboxProcess.run(
      "export", workspace.checkpoint(2), exported, shellPrefix: "ulimit -f 100"
    ).ended(with: 74)
    #expect(full.messages.contains("\(exported): cannot write "))
    #expect(!FileManager.default.fileExists(atPath: exported))
  }
}
