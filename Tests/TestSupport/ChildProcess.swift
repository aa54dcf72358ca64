import Foundation
import Testing

/// A program in a process of its own, with its messages in files.
package final class ChildProcess {
  /// What a process that ended has left.
  package struct Outcome {
    /// How it ended: the exit code, or nothing when a signal ended it.
    package let exitCode: Int32?
    /// Standard output.
    package let output: String
    /// Standard error.
    package let messages: String
  }

  /// Multibox lies beside the test bundle, whatever the build configuration.
  package static let multibox: URL = {
    let bundle = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    return bundle.deletingLastPathComponent().appendingPathComponent("multibox")
  }()

  /// The root of the package.
  package static let repository = URL(fileURLWithPath: #filePath).appendingPathComponent("../../..").standardizedFileURL
    .path

  /// Writes a program for the shell.
  ///
  /// A process of its own does: what this one has open for writing, any process has too that another test starts at that moment, until
  /// it becomes its program, and the system runs no file that is open for writing ("Text file busy").
  package static func write(script: String, to path: String) throws {
    let command = #"printf '#!/bin/sh\n%s\n' "$1" >"$0.new" && chmod 755 "$0.new" && mv "$0.new" "$0""#
    try ChildProcess(URL(fileURLWithPath: "/bin/sh"), ["-c", command, path, script]).wait().succeeded()
  }

  /// The number of the process.
  package let identifier: pid_t
  private let arguments: [String]
  private let files: TemporaryDirectory
  private var status: Int32?

  /// Starts a program. It has its own standard streams and no signal blocked, as if a shell had started it; the tests
  /// themselves run on threads with almost all signals blocked.
  ///
  /// - Parameters:
  ///   - environment: what differs from the environment of the tests.
  ///   - directory: the current directory; by default an empty one.
  /// - Throws: `POSIXError` when the system starts no process. Without such a program its exit code is 127.
  package init(
    _ executable: URL, _ arguments: [String], environment: [String: String] = [:], directory: String? = nil
  ) throws {
    self.arguments = [executable.path] + arguments
    files = try TemporaryDirectory()
    var variables = ProcessInfo.processInfo.environment
    variables["MULTIBOX_ISA"] = nil
    variables.merge(environment) { $1 }

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, files.path + "/.output", O_WRONLY | O_CREAT, 0o600)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, files.path + "/.messages", O_WRONLY | O_CREAT, 0o600)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

    // Becomes the program once it is in the right directory.
    let launcher = ["/usr/bin/env", "--chdir=\(directory ?? files.path)"]
    let argumentList = (launcher + self.arguments).map { strdup($0) } + [nil]
    let variableList = variables.map { strdup("\($0)=\($1)") } + [nil]
    defer { for text in argumentList + variableList { free(text) } }
    var identifier: pid_t = 0
    let code = posix_spawn(&identifier, launcher[0], &actions, &attributes, argumentList, variableList)
    guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EINVAL) }
    self.identifier = identifier
  }

  /// Whether the process has not ended yet. What it has started itself may be there longer.
  package var isRunning: Bool {
    if status == nil {
      var status: Int32 = 0
      if waitpid(identifier, &status, WNOHANG) == identifier { self.status = status }
    }
    return status == nil
  }

  /// Waits until the program ends; after `timeout` seconds it is killed, which is an issue.
  package func wait(timeout: Double = 120, sourceLocation: SourceLocation = #_sourceLocation) throws -> Outcome {
    let deadline = ContinuousClock.now + .seconds(timeout)
    while isRunning, ContinuousClock.now < deadline { Thread.sleep(forTimeInterval: 0.005) }
    if isRunning {
      Issue.record(
        "still running after \(timeout) s: \(arguments)\n\(try text(".messages"))", sourceLocation: sourceLocation)
      signal(SIGKILL)
      while isRunning { Thread.sleep(forTimeInterval: 0.005) }
    }
    // The low seven bits are the signal, the next byte is the exit code.
    let code = status.flatMap { $0 & 0x7f == 0 ? $0 >> 8 & 0xff : nil }
    return Outcome(exitCode: code, output: try text(".output"), messages: try text(".messages"))
  }

  /// Sends a signal to the process.
  package func signal(_ number: Int32) {
    if isRunning { kill(identifier, number) }
  }

  private func text(_ name: String) throws -> String {
    try String(contentsOfFile: "\(files.path)/\(name)", encoding: .utf8)
  }
}

extension ChildProcess.Outcome {
  /// Expects an exit code and returns the outcome.
  @discardableResult
  package func ended(with code: Int32, sourceLocation: SourceLocation = #_sourceLocation) -> Self {
    #expect(exitCode == code, "\(messages)", sourceLocation: sourceLocation)
    return self
  }

  /// Expects the exit code 0 and returns the outcome.
  @discardableResult
  package func succeeded(sourceLocation: SourceLocation = #_sourceLocation) -> Self {
    ended(with: 0, sourceLocation: sourceLocation)
  }

  /// Standard output as JSON.
  package func decoded<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try JSONDecoder().decode(type, from: Data(output.utf8))
  }
}
