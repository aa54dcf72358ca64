import Foundation

/// Says what a root lacks of the layout of COCO, what it has instead, and what to do.
struct COCOLayout {
  let root: String

  /// How many JSON files are named.
  private static let exampleCount = 8

  /// Why a split has no file.
  var reasonForMissingSplit: String {
    if !splits.isEmpty { return "no such split; the splits there are \(splits.joined(separator: ", "))" }
    return
      "no such split: expected the layout of COCO (annotations/instances_SPLIT.json, SPLIT/\(COCOSplit.exportName)) or the path of a JSON file, \(DirectoryContent.found(at: root)); \(advice)"
  }

  /// What can be named as a split, without looking deeper than the layout goes.
  var splits: [String] {
    let directory = "\(root)/annotations"
    func files(_ directory: String) -> [String] {
      ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted()
    }
    let names = files(directory).filter(COCOSplit.isJSON).map {
      COCOSplit.name(of: URL(fileURLWithPath: "\(directory)/\($0)"))
    }
    let exports = files(root).filter {
      FileManager.default.fileExists(atPath: "\(root)/\($0)/\(COCOSplit.exportName)")
    }
    return ((names + exports).sorted() + files(root).filter(COCOSplit.isJSON))
      .reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  private var advice: String {
    guard FileManager.default.isDirectory(root) else {
      return "data.root is relative to \(FileManager.default.currentDirectoryPath)"
    }
    if let yolo = YOLOLayout.describes(root) { return yolo }
    let files = FileTree(readableBelow: root, limit: 20_000, time: .seconds(2)).files
    let json = files.filter(COCOSplit.isJSON)
    if !json.isEmpty {
      let rest = json.count > Self.exampleCount ? " and \(json.count - Self.exampleCount) more" : ""
      return
        "the JSON files there are \(json.prefix(Self.exampleCount).joined(separator: ", "))\(rest): a split may be the path of one"
    }
    if files.contains(where: { FileIndex.extension(of: $0) == "xml" }) {
      return "this looks like Pascal VOC's layout: data.format: voc"
    }
    return "no JSON file is there"
  }
}
