import Foundation

/// Where a split in COCO's layout has its annotations and images.
///
/// The split NAME is `annotations/instances_NAME.json`, `annotations/NAME.json`, `NAME/_annotations.coco.json` or
/// `NAME.json`, the first that is there; a split that ends in `.json`, in small letters or capitals, is the path of such a
/// file itself. All are relative to the root.
///
/// An image is looked for under its `file_name` beside a file that is in no directory `annotations`, and in `images` there;
/// then in NAME, `images/NAME`, `images` and in the root, where NAME is the file's name without `instances_` and `.json`.
/// Where the source names a directory of images, that comes first, then NAME in it.
package struct COCOSplit {
  /// The file of annotations.
  package let path: String
  /// The directory of images that the source names, and NAME in it; they are looked at first.
  let namedDirectories: [String]
  /// The other directories in which images may be, in the order of the search.
  let usualDirectories: [String]
  /// All directories in which images may be, in the order of the search.
  package var directories: [String] { Self.distinct(namedDirectories + usualDirectories) }

  /// - Throws: `DatasetError` with the splits that exist, or for a directory of images that does not.
  package init(_ source: DatasetSource) throws(DatasetError) {
    let candidates = Self.candidates(root: source.root, split: source.split)
    guard let path = candidates.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
      throw DatasetError(file: candidates[0], reason: COCOLayout(root: source.root).reasonForMissingSplit)
    }
    try self.init(path: path, source)
  }

  /// A file that need not be there yet.
  ///
  /// - Throws: `DatasetError` for a directory of images that is not there.
  package init(path: String, _ source: DatasetSource) throws(DatasetError) {
    let (root, split) = (source.root, source.split)
    self.path = path
    let file = URL(fileURLWithPath: path)
    let place = file.deletingLastPathComponent()
    let name = Self.name(of: file)
    let named = try source.imageDirectory.map { directory throws(DatasetError) in
      let found = try Self.existing(directory, root: root)
      return [found, "\(found)/\(name)"]
    }
    func usual(below root: String) -> [String] {
      ["\(root)/\(name)", "\(root)/images/\(name)", "\(root)/images", root]
    }
    let isPath = Self.isJSON(split)
    let isAnnotations = place.lastPathComponent == "annotations"
    let beside = isPath || !isAnnotations ? [place.path, "\(place.path)/images"] : []
    let above = isPath && isAnnotations ? usual(below: place.deletingLastPathComponent().path) : []
    namedDirectories = named ?? []
    usualDirectories = Self.distinct(beside + usual(below: root) + above)
  }

  /// The files that a split may mean.
  private static func candidates(root: String, split: String) -> [String] {
    if isJSON(split) { return [split.hasPrefix("/") ? split : "\(root)/\(split)"] }
    return [
      "annotations/instances_\(split).json", "annotations/\(split).json", "\(split)/\(exportName)", "\(split).json",
    ]
    .map { "\(root)/\($0)" }
  }

  /// Whether a name is that of a JSON file.
  static func isJSON(_ name: String) -> Bool { FileIndex.extension(of: name) == "json" }

  /// What Roboflow calls the file beside the images of a split.
  static let exportName = "_annotations.coco.json"
  private static let prefix = "instances_"

  /// The split that a file is; `split` is what it was given as.
  package static func name(of file: URL) -> String {
    if file.lastPathComponent == exportName { return file.deletingLastPathComponent().lastPathComponent }
    let stem = file.deletingPathExtension().lastPathComponent
    return stem.hasPrefix(prefix) ? String(stem.dropFirst(prefix.count)) : stem
  }

  /// The directory of images: a path from the root, or else from the current directory.
  private static func existing(_ directory: String, root: String) throws(DatasetError) -> String {
    let candidates = directory.hasPrefix("/") ? [directory] : ["\(root)/\(directory)", directory]
    for candidate in candidates {
      var isDirectory: ObjCBool = false
      if FileManager.default.fileExists(atPath: candidate, isDirectory: &isDirectory), isDirectory.boolValue {
        return candidate
      }
    }
    let other = candidates.count > 1 ? " (nor is there one from the current directory)" : ""
    throw DatasetError(file: candidates[0], reason: "no such directory of images (data.image_directory)\(other)")
  }

  private static func distinct(_ texts: [String]) -> [String] {
    texts.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }
}
