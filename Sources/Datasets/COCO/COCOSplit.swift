import Foundation

/// Where a split in COCO's layout has its annotations and images.
///
/// The split NAME is `annotations/instances_NAME.json`, `annotations/NAME.json`, `NAME/_annotations.coco.json` or
/// `NAME.json`, the first that is there; a split that ends in `.json` is the path of such a file itself. All are relative
/// to the root.
///
/// An image is looked for under its `file_name` beside a file that is in no folder `annotations`, and in `images` there;
/// then in NAME, `images/NAME`, `images` and in the root, where NAME is the file's name without `instances_` and `.json`.
/// Where the source names a folder of images, that comes first, then NAME in it.
struct COCOSplit {
  /// The file of annotations.
  let path: String
  /// The folder of images that the source names, and NAME in it; they are looked at first.
  let namedFolders: [String]
  /// The other folders in which images may be, in the order of the search.
  let usualFolders: [String]
  /// All folders in which images may be, in the order of the search.
  var folders: [String] { Self.distinct(namedFolders + usualFolders) }

  /// - Throws: `DatasetError` with the splits that exist, or for a folder of images that does not.
  init(_ source: DatasetSource) throws(DatasetError) {
    let (root, split) = (source.root, source.split)
    let candidates = Self.candidates(root: root, split: split)
    guard let path = candidates.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
      throw DatasetError(file: candidates[0], reason: Self.reasonForMissingFile(root: root))
    }
    self.path = path
    let file = URL(fileURLWithPath: path)
    let place = file.deletingLastPathComponent()
    let name = Self.name(of: file, split: split)
    let named = try source.imageDirectory.map { directory throws(DatasetError) in
      let found = try Self.existing(directory, root: root)
      return [found, "\(found)/\(name)"]
    }
    func usual(below root: String) -> [String] {
      ["\(root)/\(name)", "\(root)/images/\(name)", "\(root)/images", root]
    }
    let isPath = split.hasSuffix(".json")
    let isAnnotations = place.lastPathComponent == "annotations"
    let beside = isPath || !isAnnotations ? [place.path, "\(place.path)/images"] : []
    let above = isPath && isAnnotations ? usual(below: place.deletingLastPathComponent().path) : []
    namedFolders = named ?? []
    usualFolders = Self.distinct(beside + usual(below: root) + above)
  }

  /// The files that a split may mean.
  private static func candidates(root: String, split: String) -> [String] {
    if split.hasSuffix(".json") { return [split.hasPrefix("/") ? split : "\(root)/\(split)"] }
    return [
      "annotations/instances_\(split).json", "annotations/\(split).json", "\(split)/\(exportName)", "\(split).json",
    ]
    .map { "\(root)/\($0)" }
  }

  /// What Roboflow calls the file beside the images of a split.
  private static let exportName = "_annotations.coco.json"
  private static let prefix = "instances_"

  private static func name(of file: URL, split: String) -> String {
    if file.lastPathComponent == exportName { return file.deletingLastPathComponent().lastPathComponent }
    let stem = file.deletingPathExtension().lastPathComponent
    return stem.hasPrefix(prefix) ? String(stem.dropFirst(prefix.count)) : stem
  }

  /// The folder of images: a path from the root, or else from the current directory.
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

  private static func reasonForMissingFile(root: String) -> String {
    func files(_ folder: String) -> [String]? { try? FileManager.default.contentsOfDirectory(atPath: folder) }
    let folder = "\(root)/annotations"
    guard let inRoot = files(root) else {
      return "no such split: the folder \(root) does not exist or cannot be read"
    }
    let annotated = files(folder)
    func isFile(_ name: String) -> Bool { name.hasSuffix(".json") }
    let splits =
      (annotated ?? []).filter(isFile).map { name(of: URL(fileURLWithPath: "\(folder)/\($0)"), split: "") }
      + inRoot.filter { FileManager.default.fileExists(atPath: "\(root)/\($0)/\(exportName)") }
    let paths = inRoot.filter(isFile)
    if splits.isEmpty, paths.isEmpty {
      return annotated == nil
        ? "no such split: the folder \(folder) does not exist or cannot be read"
        : "no such split: \(folder) holds no instances_SPLIT.json"
    }
    let list = distinct(splits.sorted() + paths.sorted()).joined(separator: ", ")
    return "no such split; the splits there are \(list)"
  }
}
