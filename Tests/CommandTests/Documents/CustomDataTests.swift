import Foundation
import TestSupport
import Testing

/// The commands of `docs/custom-data.md` run, and leave what the document says.
struct CustomDataTests {
  private static let document = Document("docs/custom-data.md")
  /// The headings of the programs.
  static let programs = ["LabelImg", "Roboflow", "CVAT", "Label Studio", "Ultralytics", "VoTT"]

  @Test func `Every program has its section`() {
    let headings = Self.document.blocks.filter { $0.language == "sh" }.map(\.heading)
    #expect(Set(headings) == Set(["A recipe"] + Self.programs))
  }

  @Test(arguments: programs) func `The commands run as they stand`(program: String) throws {
    let commands = Self.document.commands(under: program)
    let run = try DocumentRun(Self.document.commands(under: "A recipe") + commands)
    let path = run.directory.path
    // Every data set of the section was trained on and used.
    let data = commands.flatMap { $0.text.matches(of: #/--output found\/(\S+)/#).map { String($0.output.1) } }
    #expect(!data.isEmpty)
    for name in data {
      #expect(
        FileManager.default.fileExists(atPath: "\(path)/runs/\(name)/checkpoints/iteration-0000002.safetensors"),
        "\(name)")
      #expect(FileManager.default.fileExists(atPath: "\(path)/\(name).safetensors"), "\(name)")
      for place in ["found", "preview"] {
        let files = try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(place)/\(name)")
        #expect(files.contains { $0.hasSuffix(".png") }, "\(place)/\(name): \(files)")
      }
    }
    #expect(run.outcome.output.contains("training can start"), "\(run.outcome.output)")
    #expect(!run.outcome.messages.contains("left out"), "\(run.outcome.messages)")
  }
}
