import Foundation
import TestSupport
import Testing

extension ClusterTests {
  /// Where the program and its libraries come from on clusters: containers and modules.
  @Suite(.enabled(if: Requirement.forMPI.isEmpty, "missing: \(Requirement.forMPI)"))
  struct EnvironmentTests {
    private let experiment: Experiment

    init() throws {
      experiment = try Experiment()
    }

    private func executable(_ text: String, _ name: String) throws -> String {
      let path = try experiment.write("#!/bin/bash\n" + text, to: name)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
      return path
    }

    /// The path of the program is one that only the container has.
    @Test(.timeLimit(.minutes(2))) func `Ranks run in containers, and end like others`() throws {
      let container = try executable(
        """
        [[ $1 == exec && $2 == image.sif && $3 == /in/the/image/multibox ]] || exit 99
        echo "$\(MPILauncher.rankVariable)" >>\(experiment.path("contained"))
        exec \(ChildProcess.multibox.path) "${@:4}"
        """, "container")
      let environment = [
        "MULTIBOX_CONTAINER": "\(container) exec image.sif", "MULTIBOX_PROGRAM": "/in/the/image/multibox",
        "MULTIBOX_MPI": MPILauncher.library,
      ]
      let process = try experiment.launch(
        "local", ["2"] + experiment.arguments("run", iterations: 100_000), environment: environment)
      experiment.wait(for: "run", iterations: 3, process)
      process.signal(SIGTERM)
      try process.wait(timeout: 30).ended(with: 75)
      let ranks = try String(contentsOfFile: experiment.path("contained"), encoding: .utf8)
      #expect(Set(ranks.split(separator: "\n")) == ["0", "1"])

      let hosts = try experiment.write("localhost slots=2\n", to: "hosts")
      let refused = try experiment.launch("cluster", [hosts, "nothing.yaml"], environment: environment).wait()
        .ended(with: 64)
      #expect(refused.messages.contains("nothing.yaml"))
    }

    /// Speeds as the system tells them; an empty one cannot be read there.
    @Test(arguments: [
      (["1000", "100"], true), (["1000", "10000"], false), (["-1", ""], false), (["-1", "", "100"], true),
      (["0"], false),
    ])
    func `A network is slow when all interfaces say so that say anything`(speeds: [String], isSlow: Bool) throws {
      for (index, speed) in speeds.enumerated() {
        let directory = experiment.path("eth\(index)")
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        if !speed.isEmpty { _ = try experiment.write(speed + "\n", to: "eth\(index)/speed") }
      }
      let names = speeds.indices.map { "eth\($0)" }
      let script = #"set -euo pipefail; interfaces=$1; source "$2"; shift 2; is_slow_network "$@""#
      let outcome = try ChildProcess(
        URL(fileURLWithPath: "/bin/bash"),
        ["-c", script, "bash", experiment.path, "\(ChildProcess.repository)/launch/network"] + names
      ).wait()
      #expect((outcome.exitCode == 0) == isSlow, "\(outcome.messages)")
    }

    /// `module` is a function of the shell, which scripts have to define first.
    @Test(.timeLimit(.minutes(2))) func `Modules are loaded before mpirun`() throws {
      try FileManager.default.createDirectory(atPath: experiment.path("init"), withIntermediateDirectories: true)
      _ = try experiment.write(
        """
        module() {
          [[ $1 == load && $* == "load gcc/13 openmpi" ]] || return 1
          echo "$undefined" >/dev/null
          false
          export LD_LIBRARY_PATH=\(experiment.path)/lib PATH=\(experiment.path)/bin:$PATH
        }
        """, to: "init/bash")
      try FileManager.default.createDirectory(atPath: experiment.path("bin"), withIntermediateDirectories: true)
      _ = try executable(
        """
        printf '%s\\n' "$@" >\(experiment.path("options"))
        """, "bin/mpirun")
      var environment = ["LMOD_PKG": experiment.path, "MULTIBOX_MODULES": "gcc/13 openmpi"]
      // It starts no rank.
      try experiment.launch("local", ["2", experiment.config], environment: environment).wait().ended(with: 77)
      let options = try String(contentsOfFile: experiment.path("options"), encoding: .utf8)
      #expect(
        MPILauncher.isMPICH || options.contains("--prefix\n\(experiment.path)\n-x\nPATH\n-x\nLD_LIBRARY_PATH\n"),
        "\(options)")

      environment["MULTIBOX_MODULES"] = "gcc/14"
      let missing = try experiment.launch("local", ["2", experiment.config], environment: environment).wait()
        .ended(with: 71)
      #expect(missing.messages.contains("module load gcc/14 failed"), "\(missing.messages)")
    }
  }
}
