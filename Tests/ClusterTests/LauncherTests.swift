import Foundation
import TestSupport
import Testing

extension ClusterTests {
  /// Which mpirun the launch scripts take, and what they make of its end. Programs and launchers are scripts here.
  @Suite(.enabled(if: Requirement.forMPI.isEmpty, "missing: \(Requirement.forMPI)"))
  struct LauncherTests {
    private let directory: TemporaryDirectory

    init() throws {
      directory = try TemporaryDirectory()
      try FileManager.default.createDirectory(atPath: directory.path + "/bin", withIntermediateDirectories: false)
    }

    /// What launchers say of themselves.
    private static let versions = ["openmpi": "mpirun (Open MPI) 4.1.4", "mpich": "HYDRA build details:"]

    /// Writes a launcher into the first directory that is searched.
    private func launcher(_ name: String, _ version: String, _ script: String) throws {
      try ChildProcess.write(
        script: "if [ $1 = --version ]; then echo '\(version)'; exit; fi\n\(script)",
        to: "\(directory.path)/bin/\(name)")
    }

    /// Writes a program that is built for an MPI.
    private func program(_ script: String, library: String = MPILauncher.library) throws -> String {
      let name = library == "mpich" ? "MPICH 4.0.2" : "Open MPI v4.1.4"
      let path = directory.path + "/program"
      try ChildProcess.write(script: "if [ $1 = --version ]; then echo 'MPI  \(name)'; exit; fi\n\(script)", to: path)
      return path
    }

    private func launch(
      _ arguments: [String], by script: String = "local", program: String, environment: [String: String] = [:]
    ) throws -> ChildProcess {
      let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
      let variables = ["MULTIBOX_PROGRAM": program, "MULTIBOX_MPI": "", "PATH": "\(directory.path)/bin:\(path)"]
      return try ChildProcess(
        URL(fileURLWithPath: "\(ChildProcess.repository)/launch/\(script)"), arguments,
        environment: variables.merging(environment) { $1 }, directory: directory.path)
    }

    /// Starts one rank and ends as it likes.
    private static let startsOneRank = """
      while [ "$1" != -np ]; do shift; done
      shift 2
      OMPI_COMM_WORLD_RANK=0 PMI_RANK=0 "$@"
      """

    @Test(arguments: ["openmpi", "mpich"]) func `The launcher of the program's MPI is found by its name`(
      library: String
    )
      throws
    {
      let other = library == "mpich" ? "openmpi" : "mpich"
      let program = try program("exit 0", library: library)
      let names =
        ["mpirun", "mpirun.\(library)", "mpiexec", "mpiexec.\(library)"]
        + [library == "mpich" ? "mpiexec.hydra" : "orterun"]
      for right in names {
        for name in names {
          try launcher(
            name, Self.versions[name == right ? library : other]!, "echo \(name) >>started\n\(Self.startsOneRank)")
        }
        try launch(["1", "nothing.yaml"], program: program).wait().succeeded()
      }
      let started = try String(contentsOfFile: directory.path + "/started", encoding: .utf8)
      #expect(started.split(separator: "\n").map(String.init) == names)

      for name in names { try launcher(name, Self.versions[other]!, "echo wrong >>started") }
      let refused = try launch(["1", "nothing.yaml"], program: program).wait().ended(with: 71)
      let isMPICH = library == "mpich"
      #expect(
        refused.messages.contains(
          "is built for \(isMPICH ? "MPICH" : "Open MPI"), and mpirun is that of \(isMPICH ? "Open MPI" : "MPICH")"),
        "\(refused.messages)")
      #expect(try !String(contentsOfFile: directory.path + "/started", encoding: .utf8).contains("wrong"))
    }

    /// Settings of daemons have other names since Open MPI 5, which takes the old ones without a word.
    @Test(arguments: [
      ("4.1.4", "orte_launch_agent env --block-signal=TERM orted"),
      ("5.0.7", "prte_launch_agent env --block-signal=TERM prted"),
    ])
    func `Open MPI gets the settings that its version knows`(version: String, agent: String) throws {
      try launcher(
        "mpirun", "mpirun (Open MPI) \(version)", "echo \"$*\" >options\n\(Self.startsOneRank)")
      let program = try program("exit 0", library: "openmpi")
      let hosts = directory.path + "/hosts"
      try "localhost\n".write(toFile: hosts, atomically: true, encoding: .utf8)
      try launch([hosts, "nothing.yaml"], by: "cluster", program: program, environment: ["PBS_JOBID": "7"]).wait()
        .succeeded()
      let options = try String(contentsOfFile: directory.path + "/options", encoding: .utf8)
      #expect(options.contains(agent), "\(options)")
      #expect(options.contains("plm_ssh_no_tree_spawn") == version.hasPrefix("5"), "\(options)")
    }

    @Test func `A launcher that ends with 0 does not hide a failure`() throws {
      try launcher("mpirun", Self.versions[MPILauncher.library]!, Self.startsOneRank + "\nexit 0")
      let failing = try program("exit 65")
      try launch(["1", "nothing.yaml"], program: failing).wait().ended(with: 65)
      try launch(["1", "nothing.yaml"], program: program("exit 0")).wait().succeeded()

      // Not all ranks have run.
      let incomplete = try launch(["2", "nothing.yaml"], program: program("exit 0")).wait().ended(with: 77)
      #expect(
        incomplete.messages.contains("has ended before its ranks, 2 of which were to run"), "\(incomplete.messages)")
    }

    /// As when a daemon on a host does not answer: mpirun would wait for it for ever.
    @Test(.timeLimit(.minutes(1))) func `Ranks that do not begin are named, and nobody waits for them`() throws {
      try launcher("mpirun", Self.versions[MPILauncher.library]!, "\(Self.startsOneRank) &\nexec sleep 300")
      let environment = ["MULTIBOX_START_SECONDS": "1", "MULTIBOX_RESTARTS": "0"]
      let waiting = try program("exec sleep 300")
      let local = try launch(["3", "nothing.yaml"], program: waiting, environment: environment)
        .wait(timeout: 30).ended(with: 71)
      #expect(local.messages.contains("2 of 3 ranks have not begun: 1,2; the others are on "), "\(local.messages)")
      #expect(!local.messages.contains("begins"), "\(local.messages)")
    }

    /// 65 and 70 are joined to 71 by MPICH's, after which a job would start again.
    @Test(.timeLimit(.minutes(1))) func `The exit code is that of the rank that failed first`() throws {
      let program = try program("if [ $\(MPILauncher.rankVariable) = 1 ]; then exit 65; fi\nsleep 1\nexit 70")
      let outcome = try launch(["2", "nothing.yaml"], program: program).wait(timeout: 30).ended(with: 65)
      #expect(!outcome.messages.contains("ended with"), "\(outcome.messages)")
    }

    /// MPICH's mpirun kills the others when a rank leaves without MPI's own end, which may hang.
    @Test func `What ends ranks that have seen all through their work is no failure`() throws {
      let number = MPILauncher.rankVariable
      try launcher(
        "mpirun", Self.versions[MPILauncher.library]!,
        """
        while [ "$1" != -np ]; do shift; done
        shift 2
        \(number)=0 "$@"; \(number)=1 "$@"
        exit 9
        """)
      let late = try program("[ $\(number) = 0 ] || kill -KILL $$")
      try launch(["2", "nothing.yaml"], program: late).wait().succeeded()
      let early = try program("[ $\(number) = 1 ] || exit 74")
      try launch(["2", "nothing.yaml"], program: early).wait().ended(with: 74)
    }

    /// As a launcher does, this one waits until nobody can write to what it has given the rank, or has left open there.
    @Test(.timeLimit(.minutes(1))) func `A rank that has failed keeps no file of its launcher open`() throws {
      try launcher(
        "mpirun", Self.versions[MPILauncher.library]!,
        """
        while [ "$1" != -np ]; do shift; done
        shift 2
        { OMPI_COMM_WORLD_RANK=0 PMI_RANK=0 "$@" 2>&1 | cat >&2; } 7>&1 | cat
        """)
      let seconds = try (0..<3).map { _ in
        let began = ContinuousClock.now
        try launch(["1", "nothing.yaml"], program: program("exit 65")).wait().ended(with: 65)
        return (ContinuousClock.now - began) / .seconds(1)
      }
      // Five seconds after the failure the rank would have ended a launcher that is still there, every time.
      #expect(seconds.min()! < 4, "\(seconds)")
    }

    @Test(.timeLimit(.minutes(1))) func `Asked twice by Ctrl-C, ranks that do not listen end at once`() throws {
      let begun = directory.path + "/begun"
      let program = try program("trap '' USR1\ntouch \(begun).$\(MPILauncher.rankVariable)\nsleep 60")
      let process = try launch(["2", "nothing.yaml"], program: program)
      #expect(waits { (0..<2).allSatisfy { FileManager.default.fileExists(atPath: "\(begun).\($0)") } })
      process.signal(SIGINT)
      Thread.sleep(forTimeInterval: 1)
      #expect(process.isRunning)
      process.signal(SIGINT)
      let outcome = try process.wait(timeout: 20)
      #expect(outcome.exitCode != 0 && outcome.exitCode != nil, "\(outcome)")
    }
  }
}
