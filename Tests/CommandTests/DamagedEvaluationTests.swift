import Foundation
import TestSupport
import Testing

/// Images that cannot be decoded when a detector is scored on them, in both formats.
struct DamagedEvaluationTests {
  private struct Scores: Decodable, Equatable {
    let images: Int
    let damaged_images: Int
    let mAP: Double?
    let AP: [String: Double?]
  }

  private static let skip = "evaluation.damaged_images=skip"

  private func scores(_ directory: String) throws -> Scores {
    try JSONDecoder().decode(
      Scores.self, from: Data(contentsOf: URL(fileURLWithPath: directory + "/evaluation.json")))
  }

  /// Names of the images of a split.
  private func names(_ workspace: Workspace, _ split: String) throws -> [String] {
    try String(contentsOfFile: "\(workspace.data)/ImageSets/Main/\(split).txt", encoding: .utf8)
      .split(separator: "\n").map(String.init)
  }

  /// How an image is damaged: its pixels, or all of it.
  enum Damage: CaseIterable {
    case pixels, header

    func bring(to path: String, _ workspace: Workspace) throws {
      switch self {
      case .pixels: try workspace.cut(path, to: 0.5)
      case .header: try workspace.write("<!DOCTYPE html><html>404</html>", to: path)
      }
    }
  }

  @Test(arguments: Damage.allCases)
  func `A damaged image of Pascal VOC ends the evaluation, or is left out as if it were not listed`(
    damage: Damage
  ) throws {
    let workspace = try Workspace()
    try workspace.train(stopAt: 1).succeeded()
    let all = try names(workspace, "trainval")
    let bad = "\(workspace.data)/JPEGImages/\(all[3]).jpg"
    try damage.bring(to: bad, workspace)
    let arguments = ["evaluate", workspace.checkpoint(1), "--split", "trainval", "--output", workspace.path + "/a"]
    let stopped = try MultiboxProcess(arguments).wait().ended(with: 65)
    #expect(stopped.messages.contains(bad), "\(stopped.messages)")

    for ranks in MultiboxProcess.hasMPIRun ? [nil, 2] : [nil] {
      let skipped = try MultiboxProcess(arguments + ["--set", Self.skip], ranks: ranks).wait().succeeded()
      #expect(skipped.messages.components(separatedBy: bad).count == 2, "named once: \(skipped.messages)")
      let found = try scores(workspace.path + "/a")
      #expect(found.images == all.count - 1 && found.damaged_images == 1)
      // What counts is what a split without the image gives.
      try workspace.write(
        all.filter { $0 != all[3] }.joined(separator: "\n"), to: "\(workspace.data)/ImageSets/Main/rest.txt")
      try MultiboxProcess.run(
        "evaluate", workspace.checkpoint(1), "--split", "rest", "--output", workspace.path + "/b"
      ).succeeded()
      let expected = try scores(workspace.path + "/b")
      #expect(found.AP == expected.AP && found.mAP == expected.mAP && expected.damaged_images == 0)
    }
  }

  @Test(arguments: Damage.allCases)
  func `Training goes on when it is told to, and says how many images its evaluations leave out`(damage: Damage) throws
  {
    let workspace = try Workspace()
    let bad = "\(workspace.data)/JPEGImages/\(try names(workspace, "test")[0]).jpg"
    try damage.bring(to: bad, workspace)
    let stopped = try workspace.train("evaluation.every=1", stopAt: 2).ended(with: 65)
    #expect(stopped.messages.contains(bad))
    let outcome = try workspace.train("evaluation.every=1", Self.skip, "output=\(workspace.run)-skip", stopAt: 2)
      .succeeded()
    #expect(outcome.messages.components(separatedBy: bad).count == 2, "named once: \(outcome.messages)")
    let lines = try String(contentsOfFile: workspace.run + "-skip/metrics.jsonl", encoding: .utf8)
    #expect(lines.components(separatedBy: #""images":1,"damaged_images":1,"#).count == 3, "\(lines)")
  }

  @Test(arguments: Damage.allCases)
  func `When no image is left there is no score`(damage: Damage) throws {
    let workspace = try Workspace()
    try workspace.train(stopAt: 1).succeeded()
    for name in try names(workspace, "test") {
      try damage.bring(to: "\(workspace.data)/JPEGImages/\(name).jpg", workspace)
    }
    let outcome = try MultiboxProcess.run("evaluate", workspace.checkpoint(1), "--set", Self.skip).ended(with: 65)
    #expect(outcome.messages.contains("every image is damaged; none is left to evaluate on"), "\(outcome.messages)")
  }

  @Test func `A training image without a readable header is left out when damaged images are replaced`() throws {
    let workspace = try Workspace()
    let bad = "\(workspace.data)/JPEGImages/\(try names(workspace, "trainval")[0]).jpg"
    try Damage.header.bring(to: bad, workspace)
    #expect(
      try workspace.train(stopAt: 1).ended(with: 65).messages.contains(
        "\(bad): neither a JPEG nor a PNG file but an HTML page"))
    let outcome = try workspace.train("data.damaged_images=replace", stopAt: 1).succeeded()
    #expect(outcome.messages.contains(bad) && outcome.messages.contains("9 training images"), "\(outcome.messages)")
  }

  @Test func `When no training image can be read, every one is named before the run ends`() throws {
    let workspace = try Workspace()
    let bad = try names(workspace, "trainval").map { "\(workspace.data)/JPEGImages/\($0).jpg" }
    for path in bad { try Damage.header.bring(to: path, workspace) }
    let messages = try workspace.train("data.damaged_images=replace", stopAt: 1).ended(with: 65).messages
    for path in bad {
      #expect(messages.contains("\(path): neither a JPEG nor a PNG file but an HTML page"), "\(messages)")
    }
    #expect(
      messages.contains(
        "trainval: every image is damaged; none is left to train on (\(bad.count) cannot be read; the first: "))
    let preview = try MultiboxProcess.run(
      "preview", workspace.config, "--set", "data.damaged_images=replace", "--output", workspace.path + "/preview"
    ).ended(with: 65)
    #expect(preview.messages.contains("none is left to train on (\(bad.count) cannot be read; the first: \(bad[0]): "))
  }

  @Test func `When no image to evaluate on can be read, training does not begin`() throws {
    let workspace = try Workspace()
    let bad = try names(workspace, "test").map { "\(workspace.data)/JPEGImages/\($0).jpg" }
    for path in bad { try Damage.header.bring(to: path, workspace) }
    let messages = try workspace.train("evaluation.every=1", Self.skip, stopAt: 2).ended(with: 65).messages
    for path in bad {
      #expect(messages.contains("\(path): neither a JPEG nor a PNG file but an HTML page"), "\(messages)")
    }
    #expect(messages.contains("test: every image is damaged; none is left to evaluate on ("), "\(messages)")
    #expect(!FileManager.default.fileExists(atPath: workspace.run + "/metrics.jsonl"))
    // Who does not evaluate does not need them.
    try workspace.train("evaluation.every=null", "output=\(workspace.run)-2", stopAt: 1).succeeded()
  }
}
