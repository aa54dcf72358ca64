import Foundation
import Testing

struct HelpTests {
  @Test(arguments: [
    "train", "evaluate", "score", "detect", "describe", "doctor", "preview", "split", "synthesize", "benchmark step",
    "benchmark inference",
    "benchmark loader", "benchmark allreduce",
  ])
  func `Help shows examples of the command`(command: String) throws {
    // As on a wide terminal, where no example is broken into lines.
    let words = command.split(separator: " ").map(String.init)
    let help = try MultiboxProcess(words + ["--help"], environment: ["COLUMNS": "200"]).wait().succeeded().output
    let afterHeading = try #require(help.split(separator: #/Examples?:\n/#).dropFirst().first)
    let examples = afterHeading.split(separator: "\n", omittingEmptySubsequences: false).prefix { !$0.isEmpty }
    #expect(!examples.isEmpty)
    let options = try #require(help.split(separator: "\nOPTIONS:").last)
    for example in examples {
      #expect((example + " ").hasPrefix("  multibox \(command) "), "\(example)")
      for option in example.matches(of: #/--[a-z-]+/#) {
        #expect(options.contains(option.output), "\(option.output) is in an example, but there is no such option")
      }
    }
  }

  @Test func `The first page shows a first session, the commands and the exit codes`() throws {
    let help = try MultiboxProcess.run("--help").succeeded().output
    for text in ["multibox synthesize ", "multibox train ", "multibox evaluate ", "multibox detect ", "Exit codes: 0"] {
      #expect(help.contains(text), "\(text)")
    }
    for command in [
      "train", "evaluate", "score", "detect", "describe", "doctor", "preview", "split", "synthesize", "benchmark",
    ] {
      #expect(help.contains("\n  \(command) "), "\(command)")
    }
  }

  @Test func `The configurations that help names are in the repository`() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    var names: Set<String> = []
    for command in [[], ["train"], ["evaluate"], ["describe"], ["doctor"], ["preview"], ["benchmark", "loader"]] {
      let help = try MultiboxProcess(command + ["--help"], environment: ["COLUMNS": "200"]).wait().succeeded().output
      names.formUnion(help.matches(of: #/configs/[a-z0-9-]+\.yaml/#).map { String($0.output) })
    }
    #expect(names.count >= 2)
    for name in names {
      #expect(FileManager.default.fileExists(atPath: root.appendingPathComponent(name).path), "\(name)")
    }
  }
}
