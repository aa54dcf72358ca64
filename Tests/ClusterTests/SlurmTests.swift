import Foundation
import TestSupport
import Testing

extension ClusterTests {
  /// `launch/slurm.sbatch` under a Slurm of two nodes.
  @Suite(.enabled(if: Requirement.forSlurm.isEmpty, "missing: \(Requirement.forSlurm)"))
  struct SlurmTests {
    private let experiment: Experiment
    private let hosts: Hosts

    init() throws {
      experiment = try Experiment()
      hosts = try Hosts(experiment, withSlurm: true)
    }

    private func submit(
      _ name: String, iterations: Int, set keys: [String] = [], _ options: String...
    ) throws -> String {
      let script = "\(ChildProcess.repository)/launch/slurm.sbatch"
      let command = ["sbatch", "--parsable", "--nodes=2", "--output=\(experiment.path(name)).log"] + options + [script]
      let arguments = experiment.arguments(name, iterations: iterations) + keys.flatMap { ["--set", $0] }
      return try hosts.start(command + arguments).wait(timeout: 60).succeeded()
        .output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// What Slurm says of a job under a key.
    private func job(_ identifier: String, _ key: String) throws -> String {
      let text = try hosts.run("scontrol", "--oneliner", "show", "job", identifier)
      return text.split(separator: " ").first { $0.hasPrefix("\(key)=") }.map { String($0.dropFirst(key.count + 1)) }
        ?? ""
    }

    private func log(_ name: String) -> String {
      (try? String(contentsOfFile: experiment.path(name) + ".log", encoding: .utf8)) ?? ""
    }

    private func waitForEnd(_ identifier: String, _ name: String, seconds: Double) throws {
      var state = ""
      _ = try waits(seconds) {
        state = try job(identifier, "JobState")
        return ["COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY"].contains(state)
      }
      #expect(state == "COMPLETED", "\(log(name))\n\(controllerLog())")
    }

    /// What Slurm has noted of its jobs.
    private func controllerLog() -> String {
      ((try? String(contentsOfFile: experiment.path("slurmctld.log"), encoding: .utf8)) ?? "").split(separator: "\n")
        .suffix(20).joined(separator: "\n")
    }

    private func expectReference(_ name: String, iterations: Int) throws {
      #expect(experiment.lines(name).map(\.world_size) == Array(repeating: 2, count: iterations))
      #expect(log(name).contains("continuing from iteration"))
      let state = try experiment.parameters(name, iteration: iterations)
      #expect(try state == experiment.reference(iterations: iterations))
      // Nothing is left of the count of starts.
      let files = try FileManager.default.contentsOfDirectory(atPath: experiment.path)
      #expect(!files.contains { $0.hasSuffix(".starts") })
    }

    @Test(.timeLimit(.minutes(4)))
    func `Preempted within an epoch, a job comes back and ends as if nothing had been`() throws {
      // On a fast machine the first job may be over before the urgent one is scheduled; then it is to be longer.
      for iterations in [60, 240, 960] {
        let name = "run-\(iterations)"
        let identifier = try submit(name, iterations: iterations)
        #expect(waits { experiment.lines(name).count >= 3 }, "\(log(name))")
        try hosts.run(
          "sbatch", "--partition=urgent", "--nodes=2", "--exclusive", "--output=urgent.log", "--wrap=sleep 1")
        try waitForEnd(identifier, name, seconds: 180)
        if try job(identifier, "Restarts") == "0" { continue }
        #expect(log(name).contains("ended with 75; requeueing"))
        try expectReference(name, iterations: iterations)
        return
      }
      Issue.record("no job was preempted")
    }

    @Test(.timeLimit(.minutes(20)))
    func `A job whose time is too short comes back until it is done`() throws {
      var iterations = try experiment.iterations(lasting: 65, atLeast: 1)
      // The machine may be faster now than it was a moment ago; were it slower, the job would come back more often.
      for attempt in 1...3 {
        let name = "run-\(attempt)"
        let identifier = try submit(name, iterations: iterations, "--time=1", "--signal=B:USR1@1")
        try waitForEnd(identifier, name, seconds: 600)
        if try job(identifier, "Restarts") == "0" {
          iterations *= 2
          continue
        }
        #expect(!log(name).contains("DUE TO TIME LIMIT"))
        try expectReference(name, iterations: iterations)
        return
      }
      Issue.record("no job reached its time limit")
    }

    /// The number of an array's last job is that of the array.
    @Test(.timeLimit(.minutes(4)))
    func `Every job of an array comes back by itself`() throws {
      let script = "\(ChildProcess.repository)/launch/slurm.sbatch"
      let command = ["sbatch", "--parsable", "--nodes=1", "--array=0-1", "--output=\(experiment.path("array"))-%a.log"]
      let options = ["--set", "training.seed={task}", "--output", experiment.path("array-{seed}")]
      let array = try hosts.start(
        command + [script, experiment.config] + options + ["--set", "training.iterations=2000"]
      ).wait(timeout: 60).succeeded().output.trimmingCharacters(in: .whitespacesAndNewlines)
      let names = ["array-0", "array-1"]
      #expect(waits { names.allSatisfy { experiment.lines($0).count >= 3 } }, "\(names.map(log))")
      for task in 0...1 { try hosts.run("scancel", "--batch", "--signal=USR1", "\(array)_\(task)") }
      #expect(waits(90) { names.allSatisfy { log($0).contains("continuing from iteration") } }, "\(names.map(log))")
      for name in names { #expect(log(name).contains("ended with 75; requeueing"), "\(log(name))") }
      try hosts.run("scancel", array)
      #expect(try waits(30) { try hosts.processes().isEmpty })
    }

    @Test(.timeLimit(.minutes(2)))
    func `A job that is cancelled, or in vain, does not come back`() throws {
      let identifier = try submit("cancelled", iterations: 100_000)
      #expect(waits { experiment.lines("cancelled").count >= 3 }, "\(log("cancelled"))")
      try hosts.run("scancel", identifier)
      #expect(try waits(30) { try job(identifier, "JobState") == "CANCELLED" && hosts.processes().isEmpty })
      #expect(try job(identifier, "Restarts") == "0")
      #expect(log("cancelled").contains("stopped after iteration"))

      try experiment.write("", to: "data/Annotations/000001.xml")
      let bad = try submit("bad", iterations: 3)
      #expect(try waits(30) { try job(bad, "JobState") == "FAILED" })
      #expect(try job(bad, "ExitCode") == "65:0" && job(bad, "Restarts") == "0")
    }

    @Test(.timeLimit(.minutes(4)))
    func `After a process is lost the job starts it again, and after a node is lost it goes on with the other`() throws
    {
      let iterations = try experiment.iterations(lasting: 20, atLeast: 120)
      let identifier = try submit(
        "run", iterations: iterations,
        set: ["communication.stall_seconds=5", "checkpoint.memory_every_seconds=1"])
      #expect(waits { experiment.lines("run").count >= 10 }, "\(log("run"))")
      // Only in memory is there something to go on from, a second after the first iteration.
      Thread.sleep(forTimeInterval: 2)
      let rank = try #require(try hosts.processes("^multibox$").keys.first { try hosts.host(of: $0) == "host2" })
      try hosts.run("kill", "-KILL", "\(rank)")
      #expect(waits { log("run").contains("continuing from iteration") }, "\(log("run"))")
      #expect(log("run").contains("ended with 137; starting again"))
      let reached = experiment.lines("run").count
      #expect(waits { experiment.lines("run").count >= reached + 10 }, "\(log("run"))")
      #expect(experiment.lines("run").allSatisfy { $0.world_size == 2 })

      try hosts.network(false)
      #expect(waits(90) { experiment.lines("run").last?.world_size == 1 }, "\(log("run"))")
      #expect(waits(90) { experiment.lines("run").count == iterations }, "\(log("run"))")
      // It may take Slurm minutes to hear of the other node that nothing of the job is left there; the job itself is over.
      let ended = try waits { ["COMPLETED", "COMPLETING"].contains(try job(identifier, "JobState")) }
      #expect(ended, "\(log("run"))\n\(controllerLog())")
      #expect(try job(identifier, "ExitCode") == "0:0")
      try hosts.network(true)
      #expect(try job(identifier, "Restarts") == "0")
      #expect(log("run").contains("host2 does not answer") && log("run").contains("the copy in the memory of host1"))
      let state = try experiment.parameters("run", iteration: iterations)
      #expect(try state == experiment.reference(iterations: iterations))
      #expect(experiment.lines("run").map(\.iteration) == Array(1...iterations))
    }
  }
}
