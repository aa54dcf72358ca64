import Foundation
import TestSupport
import Testing

/// Two programs in one run directory, and processes that do not know each other.
struct RunLockCommandTests {
  @Test func `Of several runs that start in one directory one trains and the others are refused`() throws {
    let workspace = try Workspace()
    let runs = try (0..<4).map { _ in try MultiboxProcess(["train", workspace.config]) }
    let outcomes = try runs.map { try $0.wait(timeout: 300) }
    // One that starts when another has finished finds nothing to train, and that is right too.
    #expect(outcomes.contains { $0.exitCode == 0 })
    let refused = outcomes.filter { $0.exitCode != 0 }
    #expect(!refused.isEmpty)
    for outcome in refused {
      outcome.ended(with: 74)
      #expect(outcome.messages.contains("\(workspace.run): in use by process "), "\(outcome.messages)")
    }
    #expect(try NarrowExperiment.metrics(ofRun: workspace.run).count == 7)
    #expect(!FileManager.default.fileExists(atPath: workspace.run + "/run.lock"))
  }

  @Test func `A killed run is continued at once`() throws {
    let workspace = try Workspace()
    let process = try MultiboxProcess(["train", workspace.config, "--set", "training.iterations=100000"])
    let deadline = ContinuousClock.now + .seconds(120)
    while !FileManager.default.fileExists(atPath: workspace.run + "/metrics.jsonl"), ContinuousClock.now < deadline {
      Thread.sleep(forTimeInterval: 0.01)
    }
    process.kill()
    _ = try process.wait()
    #expect(FileManager.default.fileExists(atPath: workspace.run + "/run.lock"))
    let outcome = try workspace.train(stopAt: 1)
    outcome.succeeded()
    #expect(outcome.messages.contains("taken over from process \(process.identifier) on "), "\(outcome.messages)")
    #expect(!FileManager.default.fileExists(atPath: workspace.run + "/run.lock"))
  }

  @Test func `A run that fails gives its directory back`() throws {
    let workspace = try Workspace()
    try workspace.train("training.learning_rate=1e6", "training.iterations=30").ended(with: 76)
    #expect(!FileManager.default.fileExists(atPath: workspace.run + "/run.lock"))
  }

  @Test(arguments: [
    ("PMI_SIZE", "2"), ("PMI_RANK", "1"), ("MV2_COMM_WORLD_SIZE", "4"), ("MPI_LOCALNRANKS", "2"), ("SLURM_PROCID", "1"),
    ("SLURM_NTASKS", "2"),
  ])
  func `A process that its launcher left alone does not train, and leaves nothing`(name: String, value: String) throws {
    let workspace = try Workspace()
    let outcome = try workspace.train(environment: [name: value]).ended(with: 71)
    #expect(outcome.messages.contains("\(name) is \(value), but this process is alone"), "\(outcome.messages)")
    #expect(!FileManager.default.fileExists(atPath: workspace.run))
  }

  @Test(arguments: [["evaluate", "none.safetensors"], ["benchmark", "allreduce"], ["doctor"]])
  func `The same holds for other commands of several ranks`(arguments: [String]) throws {
    let outcome = try MultiboxProcess(arguments, environment: ["PMI_SIZE": "2"]).wait().ended(with: 71)
    #expect((outcome.messages + outcome.output).contains("PMI_SIZE is 2, but this process is alone"))
  }

  @Test(arguments: [
    ["detect", "none.safetensors", "none.jpg"], ["preview", "none.yaml", "--output", "none"],
    ["synthesize", "none", "--images", "5"], ["export", "none.safetensors", "out.safetensors"],
  ])
  func `A command of one process is refused to several`(arguments: [String]) throws {
    for name in ["PMI_SIZE", "OMPI_COMM_WORLD_SIZE"] {
      let outcome = try MultiboxProcess(arguments, environment: [name: "2"]).wait().ended(with: 71)
      #expect(outcome.messages.contains("\(name) is 2, but '\(arguments[0])' works in one process"))
    }
  }
}
