import Foundation
import Synchronization
import TestSupport
import Testing

/// The program in a process of its own.
final class MultiboxProcess {
  /// What a process that ended has left.
  struct Outcome {
    /// How it ended: the exit code, or nothing when a signal ended it.
    let exitCode: Int32?
    /// Standard output.
    let output: String
    /// Standard error.
    let messages: String
  }

  /// The program lies beside the test bundle, whatever the build configuration.
  static let executable: URL = {
    let bundle = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    return bundle.deletingLastPathComponent().appendingPathComponent("multibox")
  }()

  /// Whether there is a launcher for several ranks.
  static let hasMPIRun = FileManager.default.isExecutableFile(atPath: "/usr/bin/mpirun")

  private let process = Process()
  private let ended = DispatchSemaphore(value: 0)
  private let directory: TemporaryDirectory

  var identifier: pid_t { process.processIdentifier }
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
    directory = try TemporaryDirectory()
    if let ranks {
      process.executableURL = URL(fileURLWithPath: "/usr/bin/mpirun")
      process.arguments =
        Self.mpirunOptions + ["-np", "\(ranks)", Self.executable.path] + arguments
    } else if let shellPrefix {
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = ["-c", "\(shellPrefix); exec \"$0\" \"$@\"", Self.executable.path] + arguments
    } else {
      process.executableURL = Self.executable
      process.arguments = arguments
    }
    var variables = ProcessInfo.processInfo.environment
    variables["MULTIBOX_ISA"] = nil
    // Open MPI refuses root without these; tests may run in a container.
    variables["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
    variables["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
    process.environment = variables.merging(environment) { $1 }
    process.currentDirectoryURL = URL(fileURLWithPath: directory.path)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try Self.file(directory.path + "/.output")
    process.standardError = try Self.file(directory.path + "/.messages")
    process.terminationHandler = { [ended] _ in ended.signal() }
    try process.run()
  }

  /// More ranks than processors, each with all of them; no shared-memory tricks that containers forbid.
  private static let mpirunOptions = [
    "--oversubscribe", "--bind-to", "none", "--mca", "btl_vader_single_copy_mechanism", "none",
  ]

  /// The processes that mpirun has started, by rank.
  func rankProcesses() throws -> [Int: pid_t] {
    var ranks: [Int: pid_t] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: "/proc") {
      guard let pid = pid_t(name), let status = try? String(contentsOfFile: "/proc/\(name)/stat", encoding: .utf8),
        let fields = status.split(separator: ")").last?.split(separator: " "), fields.count > 1,
        pid_t(fields[1]) == process.processIdentifier,
        let environment = try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(name)/environ"))
      else { continue }
      let key = "OMPI_COMM_WORLD_RANK="
      let variable = environment.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }.first {
        $0.hasPrefix(key)
      }
      if let rank = variable.flatMap({ Int($0.dropFirst(key.count)) }) { ranks[rank] = pid }
    }
    return ranks
  }

  /// Whether a process is still there. One that has ended and waits for its parent is not.
  static func isAlive(_ pid: pid_t) -> Bool {
    guard let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
    return status.split(separator: ")").last?.split(separator: " ").first != "Z"
  }

  /// Waits until the program ends; after `timeout` seconds it is killed, which is an issue.
  func wait(timeout: Double = 120) throws -> Outcome {
    if ended.wait(timeout: .now() + timeout) == .timedOut {
      Issue.record("still running after \(timeout) s: \(process.arguments ?? [])")
      kill()
      ended.wait()
    }
    return Outcome(
      exitCode: process.terminationReason == .exit ? process.terminationStatus : nil,
      output: try String(contentsOfFile: directory.path + "/.output", encoding: .utf8),
      messages: try String(contentsOfFile: directory.path + "/.messages", encoding: .utf8))
  }

  /// Ends the program at once, as the system does when memory runs out.
  func kill() {
    Glibc.kill(process.processIdentifier, SIGKILL)
  }

  /// Runs the program to its end.
  static func run(
    _ arguments: String..., ranks: Int? = nil, environment: [String: String] = [:], shellPrefix: String? = nil
  ) throws -> Outcome {
    try MultiboxProcess(arguments, ranks: ranks, environment: environment, shellPrefix: shellPrefix).wait()
  }

  private static func file(_ path: String) throws -> FileHandle {
    try Data().write(to: URL(fileURLWithPath: path))
    return try FileHandle(forWritingTo: URL(fileURLWithPath: path))
  }
}

extension MultiboxProcess.Outcome {
  /// Expects the exit code 0 and returns the outcome.
  @discardableResult
  func succeeded(sourceLocation: SourceLocation = #_sourceLocation) -> Self {
    #expect(exitCode == 0, "\(messages)", sourceLocation: sourceLocation)
    return self
  }

  /// Standard output as JSON.
  func decoded<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try JSONDecoder().decode(type, from: Data(output.utf8))
  }
}
