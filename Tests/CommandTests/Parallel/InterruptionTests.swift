import Foundation
import TestSupport
import Testing

/// Runs that are stopped or killed, and continued on another number of ranks.
@Suite(.serialized, .enabled(if: MultiboxProcess.hasMPIRun, "needs mpirun"))
struct InterruptionTests {
  private let runs: ParallelRuns
  private let iterations = 20

  init() throws {
    runs = try ParallelRuns()
  }

  private var overrides: [String] {
    ["training.iterations=\(iterations)", "checkpoint.every=3", "data.log_images=true"]
  }

  /// Rounds of the test below; `MULTIBOX_CHAOS_ROUNDS` asks for more.
  private static let rounds = ProcessInfo.processInfo.environment["MULTIBOX_CHAOS_ROUNDS"].flatMap { Int($0) } ?? 8

  @Test func `Signals at random instants, ranks and world sizes leave no trace in the result`() throws {
    let expected = try runs.train("whole", ranks: nil, overrides)
    var random = SeededGenerator.printing(for: "signals")
    var interruptions = 0
    for attempt in 0..<Self.rounds {
      let process = try MultiboxProcess(
        runs.arguments("run", overrides), ranks: [1, 2, 4, 8].randomElement(using: &random)!)
      let start = runs.reached("run")
      runs.wait(for: "run", iterations: min(start + .random(in: 1...5, using: &random), iterations), process)
      let ranks = try process.rankProcesses()
      let signal = [SIGKILL, SIGTERM, SIGUSR1][attempt % 3]
      guard let victim = ranks.values.randomElement(using: &random), kill(victim, signal) == 0 else { continue }
      let outcome = try process.wait()
      if outcome.exitCode == 0 {
        // Rounds are left: the next one starts a new run, which will have to end in the same state.
        #expect(try runs.newest("run").parametersSHA256 == expected.parametersSHA256)
        try FileManager.default.removeItem(atPath: runs.path("run"))
        continue
      }
      interruptions += 1
      #expect(
        MPILauncher.tells(signal == SIGKILL ? 137 : 75, by: outcome.exitCode), "signal \(signal): \(outcome.messages)")
    }
    #expect(interruptions >= Self.rounds / 3)
    let result = try runs.train("run", ranks: 2, overrides)
    #expect(result.iteration == iterations)
    #expect(result.parametersSHA256 == expected.parametersSHA256)
    #expect(
      try NarrowExperiment.metrics(ofRun: runs.path("run")).map(withoutWorldSize)
        == NarrowExperiment.metrics(ofRun: runs.path("whole")).map(withoutWorldSize))
  }

  /// Twenty iterations of eight images are sixteen epochs of ten.
  @Test func `Every image is used once in every epoch, by whatever ranks`() throws {
    try MultiboxProcess(runs.arguments("run", overrides) + ["--stop-at", "7"], ranks: 4).wait().succeeded()
    try runs.train("run", ranks: 2, overrides)
    struct Line: Decodable {
      let iteration: Int
      let images: [String]
    }
    let lines = try String(contentsOfFile: runs.path("run") + "/images.jsonl", encoding: .utf8).split(separator: "\n")
      .map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
    #expect(lines.map(\.iteration) == Array(1...iterations))
    let images = lines.flatMap(\.images)
    #expect(images.count == 160 && Set(images).count == 10)
    for epoch in stride(from: 0, to: images.count, by: 10) {
      #expect(Set(images[epoch..<epoch + 10]).count == 10, "epoch \(epoch / 10)")
    }
  }

  private func withoutWorldSize(_ line: String) -> String { line.replacing(#/"world_size":\d+/#, with: "") }

  @Test(arguments: [SIGUSR1, SIGTERM, SIGINT])
  func `One process that is asked to stop writes a checkpoint and says how to go on`(signal: Int32) throws {
    let process = try MultiboxProcess(runs.arguments("run", ["training.iterations=1000"]))
    runs.wait(for: "run", iterations: 2, process)
    kill(process.identifier, signal)
    let outcome = try process.wait()
    #expect(outcome.exitCode == 75)
    let state = try runs.newest("run")
    #expect(state.iteration == runs.reached("run") && state.iteration < 1000)
    #expect(outcome.messages.contains("stopped after iteration \(state.iteration)"))
  }

  @Test func `A run whose time is nearly up stops by itself`() throws {
    let outcome = try MultiboxProcess(
      runs.arguments("run", ["training.iterations=1000"]), ranks: 2,
      environment: ["MULTIBOX_DEADLINE": "\(Date(timeIntervalSinceNow: 18).timeIntervalSince1970)"]
    ).wait()
    #expect(outcome.exitCode == 75)
    #expect(try runs.newest("run").iteration == runs.reached("run"))
  }

  @Test func `Checkpoints are written by the clock too`() throws {
    let overrides = ["training.iterations=60", "checkpoint.every_seconds=0.5", "checkpoint.keep=100"]
    try runs.train("run", ranks: 2, overrides)
    let names = try FileManager.default.contentsOfDirectory(atPath: runs.path("run") + "/checkpoints")
    #expect(names.count { $0.hasSuffix(".safetensors") } >= 3, "\(names)")
  }
}
