import Foundation
import TestSupport
import Testing

struct MemoryTests {
  /// The largest resident set of a process so far.
  private func peakBytes(_ process: MultiboxProcess) throws -> Int {
    let status = try String(contentsOfFile: "/proc/\(process.identifier)/status", encoding: .utf8)
    let line = try #require(status.firstMatch(of: #/VmHWM:\s+(\d+) kB/#))
    return try #require(Int(line.1)) * 1024
  }

  @Test func `The budget is what training takes`() throws {
    let workspace = try Workspace()
    struct Description: Decodable { let peak_memory_bytes: Int }
    let size = ["model.width_multiplier=0.25", "training.micro_batch=4", "training.iterations=1000"]
    let options = size.flatMap { ["--set", $0] }
    let describe = try MultiboxProcess(["describe", workspace.config, "--json"] + options)
    let budget = try describe.wait().succeeded().decoded(Description.self).peak_memory_bytes

    let process = try MultiboxProcess(["train", workspace.config, "--set", "evaluation.every=1"] + options)
    defer { process.kill() }
    let deadline = ContinuousClock.now + .seconds(100)
    // The evaluation of the first iteration is over when the second one's line is there.
    while process.isRunning, ContinuousClock.now < deadline {
      if let lines = try? NarrowExperiment.metrics(ofRun: workspace.run), lines.count > 2 { break }
      Thread.sleep(forTimeInterval: 0.02)
    }
    #expect(try NarrowExperiment.metrics(ofRun: workspace.run).count > 2)
    let peak = try peakBytes(process)
    // The program itself and the buffers of its libraries come on top; memory that a small image leaves untouched goes off.
    let program = 48 << 20
    let ratio = Double(peak) / Double(budget + program)
    #expect((0.75...1.15).contains(ratio), "\(peak) bytes resident at the peak, \(budget) in the budget")
  }
}
