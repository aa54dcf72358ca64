import ArgumentParser
import Configuration

/// `multibox keys`.
struct Keys: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lists the keys of a configuration, with defaults and meaning.",
    discussion: """
      Examples:
        multibox keys
        multibox keys training.schedule
      """)

  @Argument(
    help: ArgumentHelp("Only keys that begin with this section or key, or that end with this name.", valueName: "key"))
  var part: String?

  @Flag(help: "Tables in Markdown, as in docs/configuration.md.")
  var markdown = false

  func run() throws {
    let reference = ConfigurationReference()
    let keys = reference.keys.filter { key in part.map(key.isCalled) ?? true }
    guard !keys.isEmpty else {
      let hint = reference.hint(for: part ?? "").map { "; \($0)" } ?? ""
      throw ValidationError("there is no key '\(part ?? "")'\(hint)")
    }
    if markdown {
      print(ConfigurationReference(keys: keys).tables.joined(separator: "\n\n"))
    } else {
      print(keys.map(\.text).joined(separator: "\n\n"))
    }
  }
}
