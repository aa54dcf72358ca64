import Foundation
import TestSupport
import Testing

struct PredictTests {
  private struct Forecast: Decodable {
    struct Point: Decodable {
      let ranks: Int
      let hosts: Int
      let iteration_seconds: Double
      let images_per_second: Double
      let efficiency: Double
    }
    let points: [Point]
  }

  private struct Exchange: Decodable {
    let world_size: Int
    let buckets: Int
    let micro_batches: Int
    let seconds: [Double]
    let iteration_seconds: Double
    let images_per_second: Double
  }

  private let workspace: Workspace
  private let step: String
  /// Sixteen micro-batches.
  private let batch = ["--set", "training.global_batch=32", "--set", "training.micro_batch=2"]

  init() throws {
    workspace = try Workspace()
    step = workspace.path + "/step.json"
    let classes = try Self.classes(workspace)
    let output = try MultiboxProcess.run(
      "benchmark", "step", "--width-multiplier", "0.0625", "--classes", "\(classes)", "--batch", "4", "--micro-batch",
      "2", "--threads", "1", "--iterations", "3", "--json"
    ).succeeded().output
    try workspace.write(output, to: step)
  }

  /// Background included.
  private static func classes(_ workspace: Workspace) throws -> Int {
    let text = try String(contentsOfFile: workspace.config, encoding: .utf8)
    let list = try #require(text.firstMatch(of: #/classes: \[(.*?)\]/#)).output.1
    return list.split(separator: ",").count + 1
  }

  private func predict(_ words: String...) throws -> ChildProcess.Outcome {
    try MultiboxProcess(["predict", workspace.config] + batch + words).wait()
  }

  @Test func `A table, JSON and a chart come from a measured step and a stated network`() throws {
    let (json, plot) = (workspace.path + "/forecast.json", workspace.path + "/forecast.png")
    let outcome = try predict(
      "--measurements", step, "--ranks", "1,4,16", "--ranks-per-host", "2", "--bandwidth", "10", "--latency", "30",
      "--epochs", "10", "--images", "320", "--json", json, "--plot", plot
    ).succeeded()
    for text in ["ranks", "efficiency", "node-hours", "advice", "communication.bucket_megabytes", "assumed", "stated"] {
      #expect(outcome.output.contains(text), "\(text)")
    }
    let forecast = try JSONDecoder().decode(Forecast.self, from: Data(contentsOf: URL(fileURLWithPath: json)))
    #expect(forecast.points.map(\.ranks) == [1, 4, 16] && forecast.points.map(\.hosts) == [1, 2, 8])
    // What a busy machine has measured may favour many ranks, but one is as fast as one.
    #expect(forecast.points.allSatisfy { $0.iteration_seconds > 0 && $0.efficiency > 0 })
    #expect(abs(forecast.points[0].efficiency - 1) < 0.001)
    #expect(try Data(contentsOf: URL(fileURLWithPath: plot)).prefix(4) == Data([0x89, 0x50, 0x4E, 0x47]))
    // The same question has the same answer, and with '-' nothing else is printed.
    let again = try predict(
      "--measurements", step, "--hosts", "2", "--ranks-per-host", "2", "--bandwidth", "10", "--latency", "30",
      "--json", "-"
    ).succeeded().decoded(Forecast.self)
    #expect(again.points[0].iteration_seconds == forecast.points[1].iteration_seconds)
  }

  @Test func `Faults end with the codes of usage and files`() throws {
    func message(_ code: Int32, _ words: String...) throws -> String {
      try MultiboxProcess(["predict", workspace.config] + batch + words).wait().ended(with: code).messages
    }
    #expect(try message(64, "--measurements", step, "--ranks", "3").contains("take 1, 2, 4, 8, 16, or another batch"))
    #expect(try message(64, "--measurements", step, "--ranks", "2").contains("--bandwidth GBIT/S"))
    #expect(try message(64, "--measurements", workspace.config).contains("no JSON object"))
    #expect(try message(74, "--measurements", workspace.path + "/none.json").contains("none.json"))
    #expect(try message(64, "--measurements", step, "--ranks", "1", "--hosts", "1").contains("not both"))
    #expect(try message(64, "--measurements", step, "--ranks", "1,x").contains("--ranks"))
    #expect(try message(64, "--measurements", step, "--ranks", "99999").contains("16384"))
    #expect(try message(64, "--measurements", step, "--latency", "3").contains("--bandwidth"))
    #expect(
      try message(64, "--measurements", step, "--ranks", "1", "--set", "training.micro_batch=4").contains(
        "micro-batch 2, not 4; multibox benchmark step"))
    #expect(
      try message(64, "--measurements", step, "--ranks", "1", "--set", "communication.reduction=native").contains(
        "--set communication.reduction=reproducible"))
    #expect(try message(74, "--measurements", step, "--ranks", "1", "--plot", "/nowhere/a.png").contains("/nowhere"))
  }

  /// The command of the message measures what was missing.
  @Test func `The advice works`() throws {
    let messages = try predict("--measurements", step, "--ranks", "1", "--set", "data.classes=[a]").ended(with: 64)
      .messages
    let command = try #require(messages.firstMatch(of: #/multibox (benchmark step .*) --iterations 30 --json/#)).output
      .1
    let words = command.split(separator: " ").map(String.init)
    let output = try MultiboxProcess(words + ["--iterations", "1", "--json"]).wait().succeeded().output
    try workspace.write(output, to: step)
    try predict("--measurements", step, "--ranks", "1", "--set", "data.classes=[a]").succeeded()
  }

  private func exchange(ranks: Int?, _ words: String...) throws -> ChildProcess.Outcome {
    try MultiboxProcess(
      ["benchmark", "exchange", workspace.config, "--pretend", step, "--iterations", "3"] + batch + words, ranks: ranks
    ).wait(timeout: 120)
  }

  @Test func `A process alone pauses for as long as it would compute`() throws {
    let report = try exchange(ranks: nil, "--json").succeeded().decoded(Exchange.self)
    #expect(report.world_size == 1 && report.micro_batches == 16 && report.seconds.count == 3)
    let forecast = try predict("--measurements", step, "--ranks", "1", "--json", "-").succeeded().decoded(Forecast.self)
    let predicted = forecast.points[0].iteration_seconds
    // Pauses end late where other programs are busy, never early.
    #expect(report.iteration_seconds > predicted * 0.98 && report.iteration_seconds < predicted * 5 + 1)
  }

  @Test(.enabled(if: MultiboxProcess.hasMPIRun, "needs mpirun (openmpi-bin)"), arguments: ["float32", "bfloat16"])
  func `Ranks pause and exchange, and a forecast compares itself with them`(wire: String) throws {
    let settings = "communication.wire=\(wire)"
    let outcome = try exchange(ranks: 4, "--set", settings, "--set", "communication.bucket_megabytes=0.1", "--json")
      .succeeded()
    let report = try outcome.decoded(Exchange.self)
    #expect(report.world_size == 4 && report.micro_batches == 4 && report.buckets > 2)
    let run = workspace.path + "/run.json"
    try workspace.write(outcome.output, to: run)
    let text = try predict("--measurements", step, run, "--ranks", "4", "--ranks-per-host", "4", "--set", settings)
      .succeeded().output
    #expect(text.contains(#/measured runs\n  4 ranks: .* images/s \(.*run.json\), predicted [+-]/#))
  }
}
