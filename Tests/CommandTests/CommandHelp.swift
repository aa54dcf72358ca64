import Foundation
import Testing

/// The help of one command, as on a wide terminal, where no example is broken into lines.
struct CommandHelp: CustomTestStringConvertible {
  /// The words that call it: `["benchmark", "step"]`; none for the program itself.
  let words: [String]
  /// What `--help` prints.
  let text: String

  /// The program, its commands and the commands of those, as help lists them.
  static let all: [CommandHelp] = withSubcommands(of: [])

  /// All that do something by themselves.
  static let commands = all.filter { $0.subcommands.isEmpty }

  init(_ words: [String]) {
    self.words = words
    text = (try? MultiboxProcess(words + ["--help"], environment: ["COLUMNS": "200"]).wait().succeeded().output) ?? ""
  }

  var testDescription: String { words.joined(separator: " ") }

  /// The long options.
  var options: Set<String> {
    let list = text.split(separator: #/(?m)^OPTIONS.*:$/#).dropFirst().joined()
    return Set(list.matches(of: #/--[a-z][a-z-]*/#).map { String($0.output) })
  }

  /// The names of the commands below this one.
  var subcommands: [String] {
    let lists = text.components(separatedBy: "SUBCOMMANDS:\n").dropFirst()
    return lists.flatMap { $0.matches(of: #/(?m)^  ([a-z]+) {2,}/#).map { String($0.output.1) } }
  }

  private static func withSubcommands(of words: [String]) -> [CommandHelp] {
    let help = CommandHelp(words)
    return [help] + help.subcommands.flatMap { withSubcommands(of: words + [$0]) }
  }
}
