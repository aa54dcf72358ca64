import Foundation
import Models
import TestSupport
import Testing

/// Every network goes through every command.
struct ArchitectureTests {
  @Test(arguments: Architecture.all.map(\.name))
  func `It trains, resumes, evaluates, detects, describes and exports`(name: String) throws {
    let workspace = try Workspace()
    let overrides = ["model.name=\(name)", "evaluation.every=4", "training.iterations=4"]
    func train(stopAt: Int) throws {
      let arguments = ["train", workspace.config, "--stop-at", "\(stopAt)"] + overrides.flatMap { ["--set", $0] }
      try MultiboxProcess(arguments).wait().succeeded()
    }
    try train(stopAt: 2)
    try train(stopAt: 4)
    let losses = try NarrowExperiment.metrics(ofRun: workspace.run)
    #expect(losses.count == 5 && !losses.contains { $0.contains("\"loss\":null") }, "\(losses)")

    try MultiboxProcess.run("evaluate", workspace.checkpoint(4), "--output", workspace.path + "/scores").succeeded()
    let found = try MultiboxProcess.run(
      "detect", workspace.checkpoint(4), workspace.data + "/JPEGImages", "--json", "-", "--score-threshold", "0.01"
    ).succeeded()
    #expect(found.output.contains("\"detections\""))
    let described = try MultiboxProcess.run("describe", workspace.run).succeeded().output
    #expect(described.contains("conv") && described.contains("default boxes"))
    try MultiboxProcess.run("export", workspace.run, workspace.path + "/weights.safetensors").succeeded()
    try MultiboxProcess.run("doctor", workspace.config, "--set", "model.name=\(name)").succeeded()
    let speed = try MultiboxProcess.run(
      "benchmark", "step", "--model", name, "--width-multiplier", "0.0625", "--batch", "1", "--iterations", "1",
      "--json"
    ).succeeded()
    #expect(speed.output.contains("images_per_second"))
  }

  @Test(arguments: Architecture.all) func `Every preset of default boxes fits its maps`(architecture: Architecture) {
    #expect(Set(architecture.defaultBoxes.map(\.name)).count == architecture.defaultBoxes.count)
    for preset in architecture.defaultBoxes {
      let model = SSD(architecture, objectClassCount: 3, defaultBoxes: preset.layout, .init(widthMultiplier: 0.0625))
      #expect(model.heads.count == preset.layout.featureMaps.count)
    }
  }
}
