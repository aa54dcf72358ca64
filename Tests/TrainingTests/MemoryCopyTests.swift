import Foundation
import MessagePassing
import Testing
import Training

/// Runs that are lost and go on from what is in the memory of the hosts that are left.
struct MemoryCopyTests {
  private let hosts: HostMemories
  private var runs: NarrowRuns { hosts.runs }

  init() throws { hosts = try HostMemories() }

  /// The run that nothing happens to.
  private func expected(_ overrides: [String] = []) throws -> NarrowRuns.State {
    try runs.train("alone" + overrides.joined(), ["training.global_batch=6", "training.micro_batch=1"] + overrides)
      .ofAnyRanks
  }

  @Test(arguments: [["a"], ["c"], ["b", "a"], ["d", "c"], ["e", "f", "b"], ["a", "b", "c", "d", "e", "f"]])
  func `A lost run goes on from the memory of any host that is left, to the same bits`(left: [String]) throws {
    try hosts.train("run", on: ["a", "b", "c"], lostAfter: 5)
    #expect(try ["a", "b", "c"].allSatisfy { try (1...2).contains(hosts.copies($0).count) })
    #expect(try runs.checkpoints("run") == ["history"], "nothing on the disk")
    try hosts.train("run", on: left)
    let source = try #require(left.first { ["a", "b", "c"].contains($0) })
    let continued = try #require(hosts.continued.first)
    #expect(hosts.continued.count == 1 && continued.hasSuffix("the memory of \(source)"), "\(continued)")
    let iteration = continued.firstMatch(of: #/iteration (\d+):/#).flatMap { Int($0.output.1) }
    #expect(iteration.map((1...4).contains) == true)
    #expect(try runs.state("run").ofAnyRanks == expected())
    for host in left { #expect(try hosts.copies(host).isEmpty, "a run that is over leaves nothing in memory") }
  }

  /// Lost again and again, with the average of weights and evaluations between.
  @Test func `Losses in a row leave no trace in weights, average and metrics`() throws {
    let overrides = ["training.ema_decay=0.9", "evaluation.every=3", "training.gradient_clip_norm=1"]
    try hosts.train("run", on: ["a", "b"], overrides, lostAfter: 2)
    try hosts.train("run", on: ["b", "c", "d"], overrides, lostAfter: 4)
    try hosts.train("run", on: ["d"], overrides, lostAfter: 5)
    try hosts.train("run", on: ["d", "a"], overrides, lostAfter: 6)
    try hosts.train("run", on: ["a"], overrides)
    #expect(try runs.state("run").ofAnyRanks == expected(overrides))
    #expect(!runs.messages.recorded.contains { $0.contains("warning") }, "\(runs.messages.recorded)")
  }

  @Test func `What is newer on the disk is taken`() throws {
    try hosts.train("run", on: ["a", "b"], ["checkpoint.every=5"], lostAfter: 6)
    // The copies of iteration 5 may be there, those of the next are not.
    try hosts.train("run", on: ["b", "a"], ["checkpoint.every=5"])
    #expect(hosts.continued.isEmpty)
    #expect(
      runs.messages.recorded.contains {
        $0.hasPrefix("info: continuing from iteration 5: ") && $0.hasSuffix("iteration-0000005.safetensors")
      })
    #expect(try runs.state("run").ofAnyRanks == expected())
  }

  @Test func `A run that begins anew neither takes nor leaves what was in memory`() throws {
    try hosts.train("run", on: ["a", "b"], lostAfter: 5)
    let stale = try hosts.copies("b")
    #expect(!stale.isEmpty)
    try hosts.train("run", on: ["a"], resume: .never, lostAfter: 1)
    #expect(try hosts.copies("b") == stale && hosts.copies("a").isEmpty)
    // What is in the memory of b is of the history that was left.
    try hosts.train("run", on: ["b", "a"], until: 3)
    #expect(hosts.continued.isEmpty)
    #expect(try hosts.copies("b").isEmpty)
    try hosts.train("run", on: ["a"])
    #expect(try runs.state("run").ofAnyRanks == expected())
  }

  @Test func `A run that begins from a given checkpoint neither takes nor leaves what was in memory`() throws {
    try runs.train("other", HostMemories.copying + ["training.seed=5"], until: 2)
    let start = ResumePolicy.path(runs.path("other") + "/checkpoints/iteration-0000002.safetensors")
    try hosts.train("run", on: ["a", "b"], lostAfter: 5)
    try hosts.train("run", on: ["a"], resume: start, until: 3)
    let reached = try runs.state("run")
    try hosts.train("run", on: ["a", "b"], until: 3)
    #expect(hosts.continued.isEmpty)
    #expect(try runs.state("run") == reached)
    #expect(try hosts.copies("a").isEmpty && hosts.copies("b").isEmpty)
  }

  @Test(arguments: ["training.learning_rate=0.002", "training.seed=1", "training.micro_batch=2"])
  func `A copy of another configuration is not taken`(override: String) throws {
    try hosts.train("run", on: ["a", "b"], lostAfter: 5)
    try hosts.train("run", on: ["b"], [override])
    #expect(hosts.continued.isEmpty)
    #expect(try runs.state("run").ofAnyRanks == expected([override]))
    // What a still has was of a history that is no more, even for the first configuration.
    #expect(!(try hosts.copies("a").isEmpty))
    try FileManager.default.removeItem(atPath: runs.path("run") + "/metrics.jsonl")
    try FileManager.default.removeItem(atPath: runs.path("run") + "/checkpoints/iteration-0000007.safetensors")
    try hosts.train("run", on: ["a"])
    #expect(hosts.continued.isEmpty)
    #expect(try runs.state("run").ofAnyRanks == expected())
  }

  @Test func `Keys that change no iteration may change between copy and start`() throws {
    try hosts.train("run", on: ["a", "b"], lostAfter: 5)
    try hosts.train("run", on: ["b"], ["checkpoint.memory_every_seconds=null", "checkpoint.every=2"])
    #expect(hosts.continued.count == 1)
    #expect(try runs.state("run").ofAnyRanks == expected())
    #expect(try hosts.copies("b").isEmpty)
  }

  @Test func `Another run directory has copies of its own`() throws {
    try hosts.train("run", on: ["a"], lostAfter: 5)
    let copies = try hosts.copies("a")
    try hosts.train("other", on: ["a"])
    #expect(hosts.continued.isEmpty)
    #expect(try hosts.copies("a") == copies)
    // Nor does a copy of the directory take those of the first.
    try FileManager.default.copyItem(atPath: runs.path("run"), toPath: runs.path("copied"))
    try hosts.train("copied", on: ["a"])
    #expect(hosts.continued.isEmpty)
    #expect(try hosts.copies("a") == copies)
  }

  @Test func `A damaged copy is named, and the one before or that of another host is taken`() throws {
    try hosts.train("run", on: ["a", "b"], lostAfter: 6)
    let copies = try hosts.copies("a")
    try #require(copies.count == 2)
    try hosts.damage(copies[1])
    try hosts.train("run", on: ["a"], lostAfter: 7)
    let warning = try #require(runs.messages.recorded.first { $0.contains("a bad copy in the memory of this host") })
    #expect(warning.contains(copies[1]) && warning.contains("the tensors have SHA-256"), "\(warning)")
    let older = try #require(copies[0].firstMatch(of: #/iteration-0*(\d+)\.safetensors/#)).output.1
    #expect(hosts.continued.last == "iteration \(older): the copy in the memory of a")
    for file in try hosts.copies("a") { try hosts.damage(file) }
    try hosts.train("run", on: ["a", "b"])
    #expect(hosts.continued.count == 2 && hosts.continued[1].hasSuffix("memory of b"), "\(hosts.continued)")
    #expect(try runs.state("run").ofAnyRanks == expected())
  }

  @Test func `Where no copy can be kept there is one warning, and the run goes on`() throws {
    try "a file".write(toFile: hosts.memory("a"), atomically: true, encoding: .utf8)
    try hosts.train("run", on: ["a", "b"])
    let warnings = runs.messages.recorded.filter { $0.hasPrefix("warning") }
    #expect(warnings.count == 1, "\(warnings)")
    #expect(warnings.first?.contains("in the memory of this host: \(hosts.memory("a"))") == true, "\(warnings)")
    #expect(try runs.state("run").ofAnyRanks == expected())
  }

  /// A file server may lose what a host that fails had written last.
  @Test func `Metrics that were lost are missed, and the weights are the same`() throws {
    try hosts.train("run", on: ["a", "b"], lostAfter: 5)
    let file = runs.path("run") + "/metrics.jsonl"
    let first = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")[0]
    try (first + "\n").write(toFile: file, atomically: true, encoding: .utf8)
    try hosts.train("run", on: ["b"])
    let expected = try expected()
    #expect(try runs.state("run").parametersSHA256 == expected.parametersSHA256)
    let continued = try #require(hosts.continued.first?.firstMatch(of: #/iteration (\d+):/#)).output.1
    #expect(
      continued == "1"
        || runs.messages.recorded.contains(
          "warning: \(file) ends at iteration 1, the run continues from \(continued): the lines between were lost")
    )
  }

  @Test func `Of many hosts four keep copies, far from each other`() {
    func keepers(_ hosts: [String]) -> [Int] {
      RankPlacement(rank: 0, places: hosts.map { .init(host: $0, processors: [0]) }).firstRanks(ofHosts: 4)
    }
    #expect(keepers(["a"]) == [0])
    #expect(keepers(["a", "a", "b", "a", "c"]) == [0, 2, 4])
    #expect(keepers((0..<8).map { "host\($0 / 2)" }) == [0, 2, 4, 6])
    #expect(keepers((0..<100).map { "host\($0)" }) == [0, 25, 50, 75])
    #expect(keepers((0..<10).map { "host\($0 % 5)" }) == [0, 1, 2, 3])
  }
}
