import Foundation
import TestSupport
import Testing

/// The two hosts of `Tests/Cluster/two-hosts`, in the directory of an experiment; gone when this is.
final class Hosts {
  private let experiment: Experiment
  private let script: String

  /// - Parameter withSlurm: whether Slurm runs on them.
  init(_ experiment: Experiment, withSlurm: Bool = false) throws {
    self.experiment = experiment
    script = "\(ChildProcess.repository)/Tests/Cluster/\(withSlurm ? "slurm" : "two-hosts")"
    let program = ChildProcess.multibox.deletingLastPathComponent().path
    try harness(["start", experiment.path, program]).wait(timeout: 60).succeeded()
  }

  deinit {
    _ = try? harness(["stop", experiment.path]).wait(timeout: 30)
  }

  /// UCX, by which MPICH sends, finds out that both hosts are one machine, and would send by its memory.
  private static let onlyNetwork = MPILauncher.isMPICH ? ["UCX_TLS": "tcp,self"] : [:]

  private func harness(_ arguments: [String], environment: [String: String] = [:]) throws -> ChildProcess {
    try ChildProcess(
      URL(fileURLWithPath: script), arguments,
      environment: Experiment.environment.merging(Self.onlyNetwork) { $1 }.merging(environment) { $1 },
      directory: experiment.path)
  }

  /// Starts a command on a host.
  func start(_ command: [String], on host: String = "host1", environment: [String: String] = [:]) throws -> ChildProcess
  {
    try harness(["run", experiment.path, host] + command, environment: environment)
  }

  /// Runs a command on a host and returns what it prints.
  @discardableResult
  func run(_ command: String..., on host: String = "host1") throws -> String {
    try start(command, on: host).wait(timeout: 60).succeeded().output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// What reaches a host, for `MULTIBOX_REMOTE_SHELL`.
  var remoteShell: String { "\(script) shell \(experiment.path)" }

  /// Starts `launch/cluster` at host1.
  func cluster(_ hostfile: String, _ arguments: [String], restarts: Int = 3) throws -> ChildProcess {
    try start(
      ["\(ChildProcess.repository)/launch/cluster", hostfile] + arguments,
      environment: [
        "MULTIBOX_REMOTE_SHELL": remoteShell, "MULTIBOX_NETWORK": "10.77.0.0/24",
        "MULTIBOX_RESTARTS": "\(restarts)",
      ])
  }

  /// Starts the program under mpirun at host1, without a script of `launch`: on so many ranks, dealt out to the hosts in turns.
  func mpirunInTurns(ranks: Int, _ arguments: [String]) throws -> ChildProcess {
    let options =
      MPILauncher.isMPICH
      ? ["-hosts", "host1:1,host2:1", "-iface", "eth0", "-launcher", "rsh", "-launcher-exec", try remoteShellProgram()]
      : [
        "--mca", "plm_rsh_agent", remoteShell, "--bind-to", "none", "--oversubscribe", "--mca", "btl_tcp_if_include",
        "10.77.0.0/24", "--mca", "oob_tcp_if_include", "10.77.0.0/24", "--host", "host1:\(ranks),host2:\(ranks)",
        "--map-by", "node",
      ]
    return try start(
      [MPILauncher.path!] + options + ["-np", "\(ranks)", ChildProcess.multibox.path] + arguments,
      environment: MPILauncher.environment)
  }

  /// A program that is ``remoteShell``, for launchers that take no words after it.
  private func remoteShellProgram() throws -> String {
    let path = experiment.path("remote-shell")
    try ChildProcess.write(script: "exec \(remoteShell) \"$@\"", to: path)
    return path
  }

  /// Drops all packets between the hosts, or lets them pass again.
  func network(_ isWhole: Bool) throws {
    try harness([isWhole ? "join" : "cut", experiment.path]).wait().succeeded()
  }

  /// The processes of a job that are there, on both hosts, by name and number.
  func processes(_ pattern: String = "^(multibox|mpirun|orted|prte|hydra|rank)") throws -> [Int: String] {
    let list = try start(["pgrep", "--list-name", pattern]).wait(timeout: 30).output
    return Dictionary(
      uniqueKeysWithValues: list.split(separator: "\n").map { line in
        let words = line.split(separator: " ")
        return (Int(words[0])!, String(words[1]))
      })
  }

  /// On which host a process runs.
  func host(of process: Int) throws -> String {
    try run("nsenter", "--target", "\(process)", "--uts", "uname", "--nodename")
  }
}
