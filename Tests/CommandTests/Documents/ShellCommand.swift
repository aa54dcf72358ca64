import Foundation

/// A command line of a document.
struct ShellCommand: Sendable, CustomStringConvertible {
  /// Whether tests can run a command; its first word decides, behind variables that are set for it.
  enum Kind: Sendable, CaseIterable {
    /// Runs in a directory of small data sets. Everything that is none of the others.
    case runs
    /// Takes a scheduler.
    case scheduler
    /// Takes PyTorch.
    case pyTorch
    /// Builds the program, and installs system packages for it.
    case build
    /// A test that takes hours, root, or another system.
    case harness

    /// What the first words of a kind are, whole or, with `*` at the end, in their beginning; nothing for those that run.
    var firstWords: [String] {
      switch self {
      case .runs: []
      case .scheduler: ["sbatch", "qsub", "scancel"]
      case .pyTorch: ["python3", "peers/bin/*", "docs/performance/*"]
      case .build: ["swift", "launch/quickstart", "launch/test", "launch/package", ".ci/run"]
      case .harness: ["Tests/*"]
      }
    }

    init(firstWord word: String) {
      self =
        Self.allCases.first { kind in
          kind.firstWords.contains { $0.hasSuffix("*") ? word.hasPrefix($0.dropLast()) : word == $0 }
        } ?? .runs
    }
  }

  /// As it is written, with all its lines.
  let text: String
  var description: String { text }

  /// The words of the first line, without quotes.
  var words: [String] { Self.words(of: text.split(separator: "\n").first.map(String.init) ?? "") }
  var kind: Kind { Kind(firstWord: words.first { !$0.contains(#/^[A-Z_]+=/#) } ?? "") }

  /// The commands of a block: lines, but for blank ones and comments; with a here-document, all of it.
  static func commands(in block: String) -> [ShellCommand] {
    var commands: [ShellCommand] = []
    var (command, end) = ("", nil as String?)
    for line in block.split(separator: "\n", omittingEmptySubsequences: false) {
      if let terminator = end {
        command += line + "\n"
        if line == terminator { end = nil }
      } else if !line.isEmpty, !line.hasPrefix("#") {
        command = line + "\n"
        end = line.firstMatch(of: #/<<'?(\w+)'?/#).map { String($0.output.1) }
      }
      if end == nil, !command.isEmpty {
        commands.append(ShellCommand(text: command))
        command = ""
      }
    }
    return commands
  }

  /// Splits a line at blanks outside of quotes, which go.
  static func words(of line: String) -> [String] {
    line.matches(of: #/(?:'[^']*'|"[^"]*"|[^\s'"])+/#).map {
      String($0.output).filter { $0 != "'" && $0 != "\"" }
    }
  }
}

/// A call of the program in a line of text.
struct Invocation: CustomStringConvertible {
  /// One word, or two for benchmarks.
  let command: [String]
  let options: [String]
  var description: String { "multibox \(command.joined(separator: " ")) \(options.joined(separator: " "))" }

  /// The commands for which the launch scripts have no word of their own.
  private static let launched = ["train", "evaluate", "benchmark", "doctor"]

  /// The calls of a line, of the program or of a script that starts it.
  static func all(in line: String) -> [Invocation] {
    ShellCommand.words(of: line).split { ["&&", "||", ";", "|", ">", ">>"].contains($0) }.compactMap { words in
      let words = Array(words)
      if let place = words.firstIndex(where: { $0 == "multibox" || $0.hasSuffix("/multibox") }) {
        return Invocation(words.dropFirst(place + 1))
      }
      guard let place = words.firstIndex(where: { $0.hasPrefix("launch/") }) else { return nil }
      // `launch/local N`, `launch/cluster HOSTFILE`, `launch/slurm.sbatch`.
      let own = ["launch/local": 1, "launch/cluster": 1, "launch/slurm.sbatch": 0][words[place]]
      guard let own, words.count > place + 1 + own else { return nil }
      let rest = words.dropFirst(place + 1 + own)
      return launched.contains(rest.first!) ? Invocation(rest) : Invocation(["train"] + rest)
    }
  }

  private init?(_ words: ArraySlice<String>) {
    let length = words.first == "benchmark" ? 2 : 1
    command = words.prefix(length).filter { !$0.hasPrefix("-") }
    options = words.compactMap { $0.firstMatch(of: #/^--[a-z][a-z-]*/#).map { String($0.output) } }
    if command.isEmpty { return nil }
  }
}
