import Foundation
import TestSupport
import Testing

/// The launch scripts, on this machine, on two hosts made of namespaces, and under schedulers. One test at a time: each has
/// several ranks.
@Suite(.serialized) enum ClusterTests {}

/// What a machine must have for tests of clusters.
enum Requirement {
  /// The commands that are not there, and what else is missing, in words; empty when nothing is.
  static func missing(_ commands: String..., namespaces: Bool = false) -> String {
    var missing = commands.filter { command in
      !["/usr/bin", "/usr/sbin", "/bin", "/sbin"].contains {
        FileManager.default.isExecutableFile(atPath: "\($0)/\(command)")
      }
    }
    if namespaces { missing += canMakeNamespaces ? [] : ["the right to make namespaces (root)"] }
    return missing.joined(separator: ", ")
  }

  private static let mpirun = MPILauncher.path.map { URL(fileURLWithPath: $0).lastPathComponent } ?? "mpirun"

  static let forMPI = missing(mpirun)
  static let forHosts = missing(mpirun, "ip", "tc", "nft", "pgrep", namespaces: true)
  static let forSlurm = missing(
    mpirun, "ip", "tc", "nft", "pgrep", "slurmctld", "slurmd", "munged", "sbatch", namespaces: true)

  private static let canMakeNamespaces: Bool = {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
    process.arguments = ["--fork", "--pid", "--mount-proc", "--mount", "--ipc", "--net", "--uts", "true"]
    process.standardError = FileHandle.nullDevice
    guard geteuid() == 0, (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }()
}

/// Waits until something holds, for at most `seconds`, and returns whether it does.
func waits(_ seconds: Double = 60, until condition: () throws -> Bool) rethrows -> Bool {
  let deadline = ContinuousClock.now + .seconds(seconds)
  while try !condition() {
    if ContinuousClock.now > deadline { return false }
    Thread.sleep(forTimeInterval: 0.05)
  }
  return true
}
