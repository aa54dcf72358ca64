import Foundation
import TestSupport
import Testing
import Training

extension ClusterTests {
  /// `launch/pbs.sh` with commands that answer as PBS does. There is no PBS to test with.
  @Suite(.enabled(if: Requirement.forMPI.isEmpty, "missing: \(Requirement.forMPI)"))
  struct PBSTests {
    private let experiment: Experiment
    private let iterations = 16

    init() throws {
      experiment = try Experiment()
      try FileManager.default.createDirectory(atPath: experiment.path("bin"), withIntermediateDirectories: false)
      try command("qrerun", "exit 1")
      try command("qsub", #"printf '%s\n' "$@" >qsub.arguments; env >qsub.environment"#)
      try experiment.write("localhost\nlocalhost\n", to: "nodes")
    }

    private func command(_ name: String, _ script: String) throws {
      try ChildProcess.write(script: script, to: experiment.path("bin/\(name)"))
    }

    /// A job of PBS that may last so long.
    private func start(walltime: String, iterations: Int, job: String = "7.server") throws -> ChildProcess {
      // A long value goes on in the next line.
      let description = """
        Job Id: 7.server
            Resource_List.select = 1:ncpus=2:
        \tmpiprocs=2
            Resource_List.walltime = \(walltime)
        """
      try command("qstat", "cat <<'END'\n\(description)\nEND")
      let arguments = experiment.arguments("run", iterations: iterations)
      return try experiment.launch(
        "pbs.sh", [],
        environment: [
          "PATH": experiment.path("bin") + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"),
          "PBS_JOBID": job, "PBS_O_WORKDIR": experiment.path, "PBS_NODEFILE": experiment.path("nodes"),
          "PBS_QUEUE": "cpu", "MULTIBOX_ROOT": ChildProcess.repository, "CONFIG": arguments[0],
          "OPTIONS": arguments.dropFirst().joined(separator: " "),
        ])
    }

    private func submitted() -> [String]? {
      (try? String(contentsOfFile: experiment.path("qsub.arguments"), encoding: .utf8))?.split(separator: "\n")
        .map(String.init)
    }

    @Test(.timeLimit(.minutes(2)))
    func `A job stops before its walltime ends and is submitted anew with the same resources`() throws {
      let stopped = try start(walltime: "00:00:16", iterations: 100_000).wait().ended(with: 75)
      #expect(stopped.messages.contains("stopped after iteration"))
      let reached = experiment.lines("run").count
      #expect(reached > 0)
      let arguments = try #require(submitted())
      #expect(
        arguments.starts(with: ["-l", "select=1:ncpus=2:mpiprocs=2", "-l", "walltime=00:00:16", "-q", "cpu", "-v"]))
      let variables = arguments.count == 9 ? Set(arguments[7].split(separator: ",").map(String.init)) : []
      #expect(variables.isSuperset(of: ["CONFIG", "OPTIONS", "MULTIBOX_STARTS", "MULTIBOX_ROOT"]))
      #expect(!variables.contains("MULTIBOX_DEADLINE"))
      #expect(arguments.last == "\(ChildProcess.repository)/launch/pbs.sh")

      // The next job, which finishes.
      try FileManager.default.removeItem(atPath: experiment.path("qsub.arguments"))
      let continued = try start(walltime: "10:00:00", iterations: reached + 5).wait().succeeded()
      #expect(continued.messages.contains("continuing from iteration \(reached)"))
      #expect(experiment.lines("run").map(\.world_size) == Array(repeating: 2, count: reached + 5))
      #expect(submitted() == nil)
      let files = try FileManager.default.contentsOfDirectory(atPath: experiment.path)
      #expect(!files.contains { $0.hasSuffix(".starts") })
    }

    @Test(.timeLimit(.minutes(2)))
    func `A job that PBS ends or that is in vain is not submitted anew`() throws {
      let process = try start(walltime: "10:00:00", iterations: 100_000)
      experiment.wait(for: "run", iterations: 3, process)
      process.signal(SIGTERM)
      try process.wait(timeout: 30).ended(with: 75)
      #expect(submitted() == nil)

      try experiment.write("", to: "data/Annotations/000001.xml")
      try start(walltime: "10:00:00", iterations: 100_000).wait().ended(with: 65)
      #expect(submitted() == nil)
    }

    @Test(.timeLimit(.minutes(2)))
    func `Jobs that get nowhere come to an end`() throws {
      // Too short for anything.
      for _ in 1...4 {
        try start(walltime: "00:00:01", iterations: 100_000).wait().ended(with: 75)
        if submitted() == nil { break }
        try FileManager.default.removeItem(atPath: experiment.path("qsub.arguments"))
      }
      #expect(submitted() == nil)
    }
  }
}
