import Foundation
import TestSupport
import Testing

/// The program in a process of its own, or several of it under mpirun.
final class MultiboxProcess {
  typealias Outcome = ChildProcess.Outcome

  /// The program lies beside the test bundle, whatever the build configuration.
  static let executable = ChildProcess.multibox

  /// Whether there is a launcher for several ranks.
  static let hasMPIRun = MPILauncher.path != nil

  private let process: ChildProcess

  var identifier: pid_t { process.identifier }
  var isRunning: Bool { process.isRunning }

  /// Starts the program.
  ///
  /// - Parameters:
  ///   - ranks: how many of it mpirun starts; nothing starts it plainly.
  ///   - environment: what differs from the environment of the tests.
  ///   - shellPrefix: shell commands that run before, in the same process.
  init(
    _ arguments: [String], ranks: Int? = nil, environment: [String: String] = [:], shellPrefix: String? = nil
  ) throws {
    let variables = environment.merging(MPILauncher.environment) { $1 }
    if let ranks {
      process = try ChildProcess(
        URL(fileURLWithPath: MPILauncher.path!),
        MPILauncher.options + ["-np", "\(ranks)", Self.executable.path] + arguments, environment: variables)
    } else if let shellPrefix {
      process = try ChildProcess(
        URL(fileURLWithPath: "/bin/sh"),
        ["-c", "\(shellPrefix); exec \"$0\" \"$@\"", Self.executable.path] + arguments, environment: variables)
    } else {
      process = try ChildProcess(Self.executable, arguments, environment: variables)
    }
  }

  /// The processes that mpirun has started, by rank; MPICH's has a daemon between itself and them.
  func rankProcesses() throws -> [Int: pid_t] {
    var ranks: [Int: pid_t] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: "/proc") {
      guard let pid = pid_t(name), let parent = Self.parent(of: pid),
        parent == process.identifier || Self.parent(of: parent) == process.identifier,
        let environment = try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(name)/environ"))
      else { continue }
      let key = MPILauncher.rankVariable + "="
      let variable = environment.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }.first {
        $0.hasPrefix(key)
      }
      if let rank = variable.flatMap({ Int($0.dropFirst(key.count)) }) { ranks[rank] = pid }
    }
    return ranks
  }

  private static func parent(of process: pid_t) -> pid_t? {
    let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
    let fields = status?.split(separator: ")").last?.split(separator: " ") ?? []
    return fields.count > 1 ? pid_t(fields[1]) : nil
  }

  /// Whether a process is still there after two seconds. mpirun does not wait until those that it has killed have gone, and
  /// the kernel needs a while to free their memory. One that has ended and waits for its parent is not there.
  static func staysAlive(_ pid: pid_t) -> Bool {
    let deadline = ContinuousClock.now + .seconds(2)
    while let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
      status.split(separator: ")").last?.split(separator: " ").first != "Z"
    {
      if ContinuousClock.now > deadline { return true }
      Thread.sleep(forTimeInterval: 0.01)
    }
    return false
  }

  /// Waits until the program ends; after `timeout` seconds it is killed, which is an issue.
  func wait(timeout: Double = 120) throws -> Outcome {
    try process.wait(timeout: timeout)
  }

  /// Ends the program at once, as the system does when memory runs out.
  func kill() {
    process.signal(SIGKILL)
  }

  /// Runs the program to its end.
  static func run(
    _ arguments: String..., ranks: Int? = nil, environment: [String: String] = [:], shellPrefix: String? = nil
  ) throws -> Outcome {
    try MultiboxProcess(arguments, ranks: ranks, environment: environment, shellPrefix: shellPrefix).wait()
  }
}
