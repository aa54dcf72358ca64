import ArgumentParser
import Files
import Foundation
import MessagePassing
import Reporting

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows runs side by side.",
    discussion: """
      Prints what the runs reached, how fast, and the settings that differ; with --output it writes a page with curves over iterations and \
      over time too.

      Examples:
        multibox compare runs/voc runs/slower
        multibox compare runs/seed-* --output seeds.html
      """)

  @Argument(help: "Run directories.", completion: .directory, transform: HomeDirectory.expand)
  var runs: [String]

  @Option(help: "The page with the curves.", completion: .file(), transform: HomeDirectory.expand)
  var output: String?

  func run() throws {
    try LaunchEnvironment().requireSingleProcess("compare")
    if let output { try AtomicFile.requireWritable(output) }
    let page = ComparisonPage(try runs.map(ComparisonPage.Run.init))
    print(page.text)
    if let output {
      try page.write(to: output)
      logger.info("\(output): \(Quantities.count(runs.count, "run")) side by side")
    }
  }
}
