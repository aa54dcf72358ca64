import Foundation
import TestSupport
import Testing

/// The commands of `docs/custom-data.md` run as they stand.
struct CustomDataTests {
  /// The commands below a heading.
  struct Section: Sendable, CustomTestStringConvertible {
    let heading: String
    var commands = ""
    var testDescription: String { heading }
  }

  private static let text = {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
      "../../../docs/custom-data.md")
    return (try? String(contentsOf: path.standardizedFileURL, encoding: .utf8)) ?? ""
  }()

  /// What the document has in blocks of shell commands, by heading.
  static let sections: [Section] = {
    var (sections, isCommand) = ([Section](), false)
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line == "```sh" {
        isCommand = true
      } else if line == "```" {
        isCommand = false
      } else if isCommand {
        sections[sections.count - 1].commands += line + "\n"
      } else if line.hasPrefix("#") {
        sections.append(Section(heading: String(line.drop { $0 == "#" || $0 == " " })))
      }
    }
    return sections.filter { !$0.commands.isEmpty }
  }()

  /// A function of the shell in place of the program: it takes a narrow network without weights, and two iterations.
  private static func function(_ program: String) -> String {
    """
    multibox() {
      case "$1" in doctor|preview|train)
        for setting in model.width_multiplier=0.0625 model.weights=null training.iterations=2 training.global_batch=2 \\
          training.micro_batch=2 'training.schedule.milestones=[]' training.schedule.warmup_iterations=0 \\
          evaluation.every=2 data.loader_threads=1 training.threads=1
        do set -- "$@" --set "$setting"; done
        if test "$1" = preview; then set -- "$@" --images 2; fi
      esac
      echo "+ multibox $*" >&2
      '\(program)' "$@"
    }

    """
  }

  @Test func `Every program has its section`() {
    let headings = Self.sections.map(\.heading)
    #expect(headings == ["A recipe", "LabelImg", "Roboflow", "CVAT", "Label Studio", "VoTT"])
  }

  @Test(arguments: sections.dropFirst()) func `The commands run as they stand`(section: Section) throws {
    let directory = try TemporaryDirectory()
    try ExportedData(directory: directory.path).make()
    let recipe = try #require(Self.sections.first)
    let program = Self.function(MultiboxProcess.executable.path)
    let commands = "set -eu\n" + program + recipe.commands + section.commands
    let shell = try ChildProcess(
      URL(fileURLWithPath: "/bin/bash"), ["-c", commands], directory: directory.path)
    let outcome = try shell.wait(timeout: 500).succeeded()
    // Every data set of the section was trained on and used.
    let data = section.commands.matches(of: #/--output found\/(\S+)/#).map { String($0.output.1) }
    #expect(!data.isEmpty)
    for name in data {
      let run = "\(directory.path)/runs/\(name)"
      #expect(FileManager.default.fileExists(atPath: "\(run)/checkpoints/iteration-0000002.safetensors"), "\(name)")
      #expect(FileManager.default.fileExists(atPath: "\(directory.path)/\(name).safetensors"), "\(name)")
      for (place, suffix) in [("found", ".png"), ("preview", ".png")] {
        let files = try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/\(place)/\(name)")
        #expect(files.contains { $0.hasSuffix(suffix) }, "\(place)/\(name): \(files)")
      }
    }
    #expect(outcome.output.contains("training can start"), "\(outcome.output)")
    #expect(!outcome.messages.contains("left out"), "\(outcome.messages)")
  }
}
