import Foundation
import TestSupport
import Testing

extension ClusterTests {
  /// `launch/cluster` on two hosts.
  @Suite(.enabled(if: Requirement.forHosts.isEmpty, "missing: \(Requirement.forHosts)"))
  struct SeveralHostsTests {
    private static let stallSeconds = 5.0
    private let experiment: Experiment
    private let hosts: Hosts
    private let iterations: Int

    init() throws {
      experiment = try Experiment()
      iterations = try experiment.iterations(lasting: 5, atLeast: 40)
      hosts = try Hosts(experiment)
    }

    private var arguments: [String] {
      experiment.arguments("run", iterations: iterations, "communication.stall_seconds=\(Self.stallSeconds)")
    }

    private func expectReference(sourceLocation: SourceLocation = #_sourceLocation) throws {
      let state = try experiment.parameters("run", iteration: iterations)
      #expect(try state == experiment.reference(iterations: iterations), sourceLocation: sourceLocation)
    }

    @Test(.timeLimit(.minutes(2)))
    func `Two hosts train as one process does, and stop when asked`() throws {
      let hostfile = try experiment.write("host1 slots=1 # the first\n\n# and\nhost2\n", to: "hosts")
      let process = try hosts.cluster(hostfile, arguments)
      experiment.wait(for: "run", iterations: 3, process)
      let ranks = try hosts.processes("^multibox$")
      #expect(try Set(ranks.keys.map(hosts.host)) == ["host1", "host2"])
      try hosts.run("pkill", "-TERM", "-f", "^bash .*/launch/cluster")
      try process.wait(timeout: 30).ended(with: 75)
      #expect(experiment.lines("run").count < iterations)

      try hosts.cluster(hostfile, arguments).wait().succeeded()
      #expect(experiment.lines("run").map(\.world_size) == Array(repeating: 2, count: iterations))
      try expectReference()
    }

    /// As with `srun --distribution=cyclic`.
    @Test(.timeLimit(.minutes(2)))
    func `Ranks that are dealt out to hosts in turns add inside a host first`() throws {
      let outcome = try hosts.mpirunInTurns(
        ranks: 4, ["benchmark", "allreduce", "--bytes", "65536", "--iterations", "1", "--json"]
      ).wait(timeout: 60).succeeded()
      struct Line: Decodable { let groups: [Int] }
      let line = try #require(outcome.output.split(separator: "\n").last)
      #expect(try JSONDecoder().decode(Line.self, from: Data(line.utf8)).groups == [2, 2])
    }

    @Test(.timeLimit(.minutes(2)))
    func `Hosts that do not answer and slots too many are left out`() throws {
      let three = try experiment.write("host3 slots=4\nhost1 slots=2\nhost2 slots=1\n", to: "three")
      let outcome = try hosts.cluster(three, arguments).wait().succeeded()
      #expect(outcome.messages.contains("host3 does not answer"))
      #expect(outcome.messages.contains("3 slots: starting 2 ranks instead"))
      #expect(experiment.lines("run").allSatisfy { $0.world_size == 2 })
      try expectReference()

      let none = try experiment.write("host3\n", to: "none")
      let nowhere = try hosts.cluster(none, arguments, restarts: 0).wait().ended(with: 71)
      #expect(nowhere.messages.contains("no host answers"))
    }

    @Test(.timeLimit(.minutes(2)))
    func `A failure that may go away is followed by a restart, another is not`() throws {
      let hostfile = try experiment.write("host1\nhost2\n", to: "hosts")
      let process = try hosts.cluster(hostfile, arguments + ["--set", "checkpoint.every=2"])
      experiment.wait(for: "run", iterations: 5, process)
      let other = try #require(try hosts.processes("^multibox$").keys.first { try hosts.host(of: $0) == "host2" })
      try hosts.run("kill", "-KILL", "\(other)")
      let outcome = try process.wait().succeeded()
      #expect(outcome.messages.contains("on host2: ended by SIGKILL"))
      #expect(outcome.messages.contains("ended with 137; starting again"))
      #expect(outcome.messages.contains("continuing from iteration"))
      try expectReference()

      try experiment.write("", to: "data/Annotations/000001.xml")
      let bad = try hosts.cluster(hostfile, experiment.arguments("bad", iterations: 2)).wait().ended(with: 65)
      #expect(!bad.messages.contains("starting again"))
    }

    @Test(.timeLimit(.minutes(2)))
    func `Restarts without progress come to an end`() throws {
      let hostfile = try experiment.write("host1\n", to: "hosts")
      // A process that is lost before the first iteration.
      let program = experiment.path("program")
      try ChildProcess.write(script: "kill -KILL $$", to: program)
      let process = try hosts.start(
        ["\(ChildProcess.repository)/launch/cluster", hostfile, experiment.config],
        environment: ["MULTIBOX_PROGRAM": program, "MULTIBOX_RESTARTS": "1"])
      let outcome = try process.wait().ended(with: 137)
      #expect(outcome.messages.matches(of: #/ended with 137; starting again/#).count == 1)
    }

    /// mpirun ends the others, and its own code may be theirs. A variable that is not passed on would leave the scripts without the code.
    @Test(.timeLimit(.minutes(2)), arguments: [("exit 65", 65 as Int32), ("kill -KILL $$", 137)])
    func `The exit code is that of the rank that failed, wherever it was`(end: String, code: Int32) throws {
      let hostfile = try experiment.write("host1\nhost2\n", to: "hosts")
      let program = experiment.path("program")
      try ChildProcess.write(
        script: "if [ $\(MPILauncher.rankVariable) = 1 ]; then \(end); fi\nexec sleep 60", to: program)
      let outcome = try hosts.start(
        ["\(ChildProcess.repository)/launch/cluster", hostfile, experiment.config],
        environment: [
          "MULTIBOX_PROGRAM": program, "MULTIBOX_RESTARTS": "0", "MULTIBOX_MPI": MPILauncher.library,
          "MULTIBOX_REMOTE_SHELL": hosts.remoteShell, "MULTIBOX_NETWORK": "10.77.0.0/24",
        ]
      ).wait(timeout: 60).ended(with: code)
      #expect(!outcome.messages.contains("ended with 65"), "\(outcome.messages)")
    }

    @Test(.timeLimit(.minutes(3)))
    func `When the network fails everything ends, and training goes on where it can`() throws {
      let hostfile = try experiment.write("host1\nhost2\n", to: "hosts")
      let process = try hosts.cluster(hostfile, arguments + ["--set", "checkpoint.every=2"], restarts: 0)
      experiment.wait(for: "run", iterations: 5, process)
      try hosts.network(false)
      let began = ContinuousClock.now
      // Then mpirun and its daemon still wait for each other, and are ended five seconds later.
      #expect(try waits(2 * Self.stallSeconds + 10) { try hosts.processes("^multibox$").isEmpty })
      let outcome = try process.wait(timeout: 60).ended(with: 77)
      #expect(waits(10) { (try? hosts.processes().isEmpty) == true })
      let seconds = (ContinuousClock.now - began) / .seconds(1)
      #expect(seconds < 2 * Self.stallSeconds + 30, "\(seconds) s: \(outcome.messages)")

      let alone = try hosts.cluster(hostfile, arguments).wait().succeeded()
      #expect(alone.messages.contains("host2 does not answer"))
      #expect(experiment.lines("run").last?.world_size == 1)
      try expectReference()
    }

    /// Nothing is written to the disk for an hour. The host that is lost has rank 0 or not; what the other has in memory goes on.
    @Test(.timeLimit(.minutes(3)), arguments: ["host1\nhost2\n", "host2\nhost1\n"])
    func `When a host is lost training goes on from the memory of the other`(names: String) throws {
      let hostfile = try experiment.write(names, to: "hosts")
      let memory = ["--set", "checkpoint.memory_every_seconds=1", "--set", "checkpoint.every_seconds=3600"]
      let iterations = try experiment.iterations(lasting: 15, atLeast: 80)
      let arguments =
        experiment.arguments("run", iterations: iterations, "communication.stall_seconds=\(Self.stallSeconds)") + memory
      let process = try hosts.cluster(hostfile, arguments)
      experiment.wait(for: "run", iterations: 5, process)
      let (began, first) = (ContinuousClock.now, experiment.lines("run").count)
      experiment.wait(for: "run", iterations: 25, process)
      Thread.sleep(forTimeInterval: 2)
      let rate = Double(experiment.lines("run").count - first) / ((ContinuousClock.now - began) / .seconds(1))
      try hosts.network(false)
      for rank in try hosts.processes("^multibox$").keys where try hosts.host(of: rank) == "host2" {
        try hosts.run("kill", "-KILL", "\(rank)")
      }
      let lost = ContinuousClock.now
      let reached = try #require(experiment.lines("run").last).iteration
      #expect(waits(90) { experiment.lines("run").last?.world_size == 1 || !process.isRunning })
      let seconds = (ContinuousClock.now - lost) / .seconds(1)
      #expect(seconds < 60 + Self.stallSeconds, "training again after \(seconds) s")

      let outcome = try process.wait(timeout: 120).succeeded()
      #expect(outcome.messages.contains("host2 does not answer"))
      let continued = try #require(
        outcome.messages.firstMatch(of: #/continuing from iteration (\d+): the copy in the memory of host1/#),
        "\(outcome.messages)")
      let repeated = reached - Int(continued.output.1)!
      print(
        "lost \(names.prefix(5)) first: training again after \(seconds) s, \(repeated) of \(reached) iterations repeated"
      )
      // A second's worth of iterations, one more second for what the machine does beside, and no more.
      #expect(repeated <= max(3, Int(2 * rate)), "\(repeated) of \(reached) iterations repeated, \(rate) in a second")
      let state = try experiment.parameters("run", iteration: iterations)
      #expect(try state == experiment.reference(iterations: iterations))
      #expect(experiment.lines("run").map(\.iteration) == Array(1...iterations))
      // The disk had nothing before the end.
      let checkpoints = try FileManager.default.contentsOfDirectory(atPath: experiment.path("run") + "/checkpoints")
      #expect(checkpoints.count { $0.hasPrefix("iteration") } == 1)
      #expect(try hosts.run("find", "/dev/shm", "-name", "*.safetensors").isEmpty)
    }
  }
}
