import Foundation
import TestSupport
import Testing

extension ClusterTests {
  /// `launch/local`.
  @Suite(.enabled(if: Requirement.forMPI.isEmpty, "missing: \(Requirement.forMPI)"))
  struct LocalTests {
    private let experiment: Experiment

    init() throws {
      experiment = try Experiment()
    }

    private func start(_ ranks: Int, _ overrides: String..., iterations: Int) throws -> ChildProcess {
      let arguments = experiment.arguments("run", iterations: iterations) + overrides.flatMap { ["--set", $0] }
      return try experiment.launch("local", ["\(ranks)"] + arguments)
    }

    @Test(.timeLimit(.minutes(2)))
    func `The exit code is that of the program`() throws {
      try start(2, iterations: 3).wait().succeeded()
      #expect(experiment.lines("run").map(\.world_size) == [2, 2, 2])
      let checkpoint = experiment.path("run/checkpoints/iteration-0000003.safetensors")
      let table = try experiment.launch("local", ["2", "evaluate", checkpoint]).wait().succeeded().output
      #expect(table.contains("mAP (voc07)"))

      let refused = try start(3, iterations: 3).wait().ended(with: 64)
      #expect(refused.messages.contains("start one of 1, 2 ranks"))
      // mpirun's own words on exit codes are left out.
      #expect(!refused.messages.contains("MPI_ABORT") && !refused.messages.contains("-----"))
      try experiment.launch("local", ["2", "nothing.yaml"]).wait().ended(with: 64)
      try experiment.launch("local", ["0", experiment.config]).wait().ended(with: 64)
      try start(2, "training.learning_rate=1e9", "training.schedule.warmup_iterations=0", iterations: 100).wait()
        .ended(with: 76)
      try experiment.write("", to: "data/Annotations/000001.xml")
      try start(2, iterations: 4).wait().ended(with: 65)
    }

    @Test(.timeLimit(.minutes(2)), arguments: [SIGUSR1, SIGTERM, SIGINT])
    func `Asked to stop it ends with 75, and the same command continues`(signal: Int32) throws {
      let iterations = try experiment.iterations(lasting: 4, atLeast: 16)
      let process = try start(2, iterations: iterations)
      experiment.wait(for: "run", iterations: 3, process)
      process.signal(signal)
      let stopped = try process.wait(timeout: 30).ended(with: 75)
      #expect(stopped.messages.contains("stopped after iteration"))
      #expect((3..<iterations).contains(experiment.lines("run").count))

      let continued = try start(2, iterations: iterations).wait().succeeded()
      #expect(continued.messages.contains("continuing from iteration \(stoppedIteration(stopped))"))
      #expect(
        try experiment.parameters("run", iteration: iterations) == experiment.reference(iterations: iterations))
    }

    @Test(.timeLimit(.minutes(2)))
    func `Asked to stop many times at once it stops once`() throws {
      let process = try start(2, iterations: 100_000)
      experiment.wait(for: "run", iterations: 3, process)
      for round in 1...200 {
        process.signal(round.isMultiple(of: 2) ? SIGUSR1 : SIGTERM)
        if round.isMultiple(of: 9) { Thread.sleep(forTimeInterval: 0.03) }
      }
      let stopped = try process.wait(timeout: 40).ended(with: 75)
      #expect(stopped.messages.contains("stopped after iteration") && !stopped.messages.contains("ended by"))
    }

    private func stoppedIteration(_ outcome: ChildProcess.Outcome) -> String {
      outcome.messages.firstMatch(of: #/stopped after iteration (\d+)/#).map { String($0.1) } ?? "none"
    }

    /// Before the ranks listen, a signal is lost on them or ends them.
    @Test(.timeLimit(.minutes(2)), arguments: [0.05, 0.2, 0.4, 0.6])
    func `Asked to stop while it starts it stops too`(seconds: Double) throws {
      let process = try start(2, iterations: 100_000)
      Thread.sleep(forTimeInterval: seconds)
      process.signal(SIGUSR1)
      let outcome = try process.wait(timeout: 40)
      // In its very first instants the signal ends the script itself.
      #expect(outcome.exitCode == 75 || (outcome.exitCode == nil && outcome.messages.isEmpty), "\(outcome)")
      #expect(ranks().isEmpty)
    }

    @Test(.timeLimit(.minutes(2)))
    func `A rank that is killed is reported and ends the job`() throws {
      let process = try start(2, iterations: 100_000)
      experiment.wait(for: "run", iterations: 2, process)
      let victim = try #require(ranks().first)
      kill(victim, SIGKILL)
      let outcome = try process.wait(timeout: 30).ended(with: 137)
      #expect(outcome.messages.contains("ended by SIGKILL, perhaps because memory ran out"))
      #expect(waits(10) { ranks().isEmpty })
    }

    @Test(.timeLimit(.minutes(2)))
    func `When the script or mpirun is killed, the ranks do not stay`() throws {
      for victim in ["script", "mpirun"] {
        let process = try start(2, iterations: 100_000)
        experiment.wait(for: "run", iterations: experiment.lines("run").count + 2, process)
        #expect(ranks().count == 2)
        if victim == "script" {
          process.signal(SIGKILL)
        } else {
          // That of Open MPI 5 becomes prterun.
          let launchers = ["mpirun", "prterun"].flatMap { children(of: process.identifier, named: $0) }
          #expect(launchers.count == 1)
          for launcher in launchers { kill(launcher, SIGKILL) }
        }
        _ = try process.wait(timeout: 30)
        #expect(waits(30) { ranks().isEmpty }, "\(victim)")
      }
    }

    /// The processes of this experiment's ranks.
    private func ranks() -> [pid_t] {
      processes().filter { process in
        command(process).first?.hasSuffix("/multibox") == true && command(process).contains(experiment.config)
      }
    }

    private func children(of parent: pid_t, named name: String) -> [pid_t] {
      processes().filter { process in
        let status = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
        let fields = status.split(separator: ")").last?.split(separator: " ") ?? []
        return status.contains("(\(name)") && fields.count > 1 && pid_t(fields[1]) == parent
      }
    }

    private func processes() -> [pid_t] {
      ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }
    }

    private func command(_ process: pid_t) -> [String] {
      let data = (try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(process)/cmdline"))) ?? Data()
      return data.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }
  }
}
