import Foundation

/// Where a split in COCO's layout has its annotations and images.
///
/// The split NAME is `annotations/instances_NAME.json`; a split that ends in `.json` is the path of such a file itself.
/// Both are relative to the root. An image is looked for under its `file_name` beside a file that was given by its path,
/// then in NAME, `images/NAME`, `images` and in the root, where NAME is the file's name without `instances_` and `.json`.
struct COCOSplit {
  let path: String
  /// The folders in which images may be, in the order of the search.
  private let folders: [String]

  /// - Throws: `DatasetError` with the splits that exist.
  init(_ source: DatasetSource) throws(DatasetError) {
    let (root, split) = (source.root, source.split)
    let isPath = split.hasSuffix(".json")
    path = isPath ? (split.hasPrefix("/") ? split : "\(root)/\(split)") : "\(root)/annotations/instances_\(split).json"
    let file = URL(fileURLWithPath: path)
    let stem = file.deletingPathExtension().lastPathComponent
    let name = stem.hasPrefix("instances_") ? String(stem.dropFirst("instances_".count)) : stem
    let beside = isPath ? [file.deletingLastPathComponent().path] : []
    folders = beside + ["\(root)/\(name)", "\(root)/images/\(name)", "\(root)/images", root]
    guard FileManager.default.fileExists(atPath: path) else {
      throw DatasetError(file: path, reason: Self.reasonForMissingFile(root: root))
    }
  }

  /// The file of an image.
  ///
  /// - Throws: the error of an image that is in none of the folders.
  func path(ofImage name: String, at place: AnnotationPlace) throws(DatasetError) -> String {
    let candidates = folders.map { "\($0)/\(name)" }
    if let path = candidates.first(where: { FileManager.default.fileExists(atPath: $0) }) { return path }
    let others = folders.dropFirst().joined(separator: ", ")
    throw place.error("the image has no file \(candidates[0]) (nor one in \(others))")
  }

  private static func reasonForMissingFile(root: String) -> String {
    let folder = "\(root)/annotations"
    guard let files = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      return "no such split: the folder \(folder) does not exist or cannot be read"
    }
    let (prefix, suffix) = ("instances_", ".json")
    let splits = files.filter { $0.hasPrefix(prefix) && $0.hasSuffix(suffix) }
      .map { String($0.dropFirst(prefix.count).dropLast(suffix.count)) }.sorted()
    if splits.isEmpty { return "no such split: \(folder) holds no instances_SPLIT.json" }
    return "no such split; the splits there are \(splits.joined(separator: ", "))"
  }
}
