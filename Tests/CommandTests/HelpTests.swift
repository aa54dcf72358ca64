import Foundation
import TestSupport
import Testing

struct HelpTests {
  @Test func `Help lists the commands`() {
    let names = CommandHelp.all.map(\.testDescription)
    #expect(Set(names).isSuperset(of: ["train", "evaluate", "export", "keys", "benchmark", "benchmark convolution"]))
  }

  @Test(arguments: CommandHelp.commands)
  func `Help shows examples of the command`(help: CommandHelp) throws {
    let afterHeading = try #require(help.text.split(separator: #/Examples?:\n/#).dropFirst().first)
    let examples = afterHeading.split(separator: "\n", omittingEmptySubsequences: false).prefix { !$0.isEmpty }
    #expect(!examples.isEmpty)
    for example in examples {
      #expect((example + " ").hasPrefix("  multibox \(help.testDescription) "), "\(example)")
      for option in example.matches(of: #/--[a-z-]+/#) {
        #expect(
          help.options.contains(String(option.output)),
          "\(option.output) is in an example, but there is no such option")
      }
    }
  }

  @Test func `The first page shows a first session and the exit codes`() throws {
    let help = try MultiboxProcess.run("--help").succeeded().output
    for text in ["multibox synthesize ", "multibox train ", "multibox evaluate ", "multibox detect ", "Exit codes: 0"] {
      #expect(help.contains(text), "\(text)")
    }
  }

  @Test func `The configurations that help names are in the repository`() throws {
    let names = Set(
      CommandHelp.all.flatMap { $0.text.matches(of: #/configs/[a-z0-9-]+\.yaml/#).map { String($0.output) } })
    #expect(names.count >= 2)
    for name in names {
      #expect(FileManager.default.fileExists(atPath: "\(ChildProcess.repository)/\(name)"), "\(name)")
    }
  }
}
