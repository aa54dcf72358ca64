import Foundation
import Synchronization
import TestSupport
import Testing

/// A ``NarrowExperiment`` with two micro-batches, for one or two ranks, and runs of it.
struct Experiment {
  let directory: TemporaryDirectory
  var path: String { directory.path }
  var config: String { path + "/narrow.yaml" }

  init() throws {
    directory = try TemporaryDirectory()
    let data = path + "/data"
    try ChildProcess(
      ChildProcess.multibox, ["synthesize", data, "--images", "\(NarrowExperiment.images)", "--seed", "1"]
    ).wait().succeeded()
    try write(NarrowExperiment.yaml(data: data, output: path + "/unnamed"), to: "narrow.yaml")
  }

  /// Writes a text file and returns its path.
  @discardableResult
  func write(_ text: String, to name: String) throws -> String {
    try text.write(toFile: path(name), atomically: true, encoding: .utf8)
    return path(name)
  }

  func path(_ name: String) -> String { "\(path)/\(name)" }

  /// Configuration and options of a run into `name`.
  func arguments(_ name: String, iterations: Int, _ overrides: String...) -> [String] {
    [config, "--output", path(name)]
      + (["training.iterations=\(iterations)"] + overrides).flatMap { ["--set", $0] }
  }

  /// Starts a script of `launch` with the program of these tests.
  func launch(
    _ script: String, _ arguments: [String], environment: [String: String] = [:]
  ) throws -> ChildProcess {
    try ChildProcess(
      URL(fileURLWithPath: "\(ChildProcess.repository)/launch/\(script)"), arguments,
      environment: Self.environment.merging(environment) { $1 }, directory: path)
  }

  static let environment = ["MULTIBOX_PROGRAM": ChildProcess.multibox.path]

  /// The state in which a single, undisturbed process ends.
  func reference(iterations: Int) throws -> String {
    // As many threads as the tests have ranks, which takes as long; threads never change a bit.
    let arguments = arguments("reference-\(iterations)", iterations: iterations, "training.threads=2")
    try ChildProcess(ChildProcess.multibox, ["train"] + arguments).wait(timeout: 600).succeeded()
    return try parameters("reference-\(iterations)", iteration: iterations)
  }

  /// The SHA-256 of weights and momentum in a checkpoint.
  func parameters(_ name: String, iteration: Int) throws -> String {
    struct Description: Decodable { let parameters_sha256: String }
    let checkpoint = "\(path(name))/checkpoints/iteration-\(String(format: "%07d", iteration)).safetensors"
    return try ChildProcess(ChildProcess.multibox, ["describe", checkpoint, "--json"]).wait().succeeded()
      .decoded(Description.self).parameters_sha256
  }

  /// How many iterations two ranks do in so many seconds, as fast as the machine was when this was first asked.
  func iterations(lasting seconds: Double, atLeast fewest: Int) throws -> Int {
    let rate = try Self.iterationsPerSecond.withLock { known in
      let rate = try known ?? measuredRate()
      known = rate
      return rate
    }
    return max(fewest, Int(rate * seconds))
  }

  private static let iterationsPerSecond = Mutex<Double?>(nil)

  private func measuredRate() throws -> Double {
    let name = "speed"
    defer { try? FileManager.default.removeItem(atPath: path(name)) }
    let process = try launch("local", ["2"] + arguments(name, iterations: 100_000))
    wait(for: name, iterations: 5, process)
    let (began, done) = (ContinuousClock.now, lines(name).count)
    Thread.sleep(forTimeInterval: 3)
    let rate = Double(lines(name).count - done) / ((ContinuousClock.now - began) / .seconds(1))
    process.signal(SIGUSR1)
    try process.wait(timeout: 60).ended(with: 75)
    return rate
  }

  /// A line of `metrics.jsonl`.
  struct Line: Decodable {
    let iteration: Int
    let world_size: Int
  }

  /// What a run has logged so far.
  func lines(_ name: String) -> [Line] {
    let text = (try? String(contentsOfFile: path(name) + "/metrics.jsonl", encoding: .utf8)) ?? ""
    return text.split(separator: "\n").compactMap { try? JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
  }

  /// Returns when a run has done `iterations`, or its process has ended.
  func wait(for name: String, iterations: Int, _ process: ChildProcess) {
    #expect(waits { lines(name).count >= iterations || !process.isRunning }, "no \(iterations) iterations in a minute")
  }
}
