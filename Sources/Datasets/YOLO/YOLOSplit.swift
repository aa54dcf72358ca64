import Foundation

/// The images of a split of YOLO data, found by name.
package struct YOLOSplit {
  /// An image, and how it was found.
  package struct Entry {
    /// The file.
    package let path: String
    /// Its name in the data set: the path below its directory of images, without extension.
    package let name: String
    /// The directory that tells it from images of the same name.
    let directory: String
    /// The list's file and line; for an image of a directory that.
    let file: String
    let line: Int?
  }

  /// The images: of a directory by path, of a list in its order.
  package private(set) var entries: [Entry] = []
  /// What the split is called in messages: its directory or list.
  package private(set) var title: String
  /// Lists of images among its places.
  package private(set) var lists: [String] = []
  /// Whether all images of directories take part, so that every label belongs to one of them.
  var isWhole: Bool { lists.isEmpty }
  /// Images that a list names and that are not there.
  private(set) var missing = MissingFiles("images", tellsFirst: true)
  private(set) var repairs = FaultTally()
  private(set) var searched: [String] = []
  private var standardizedDirectories: [String: String] = [:]

  /// - Throws: `DatasetError` for a split that does not exist or has no image.
  package init(_ split: String, of data: YOLOData) throws(DatasetError) {
    title = data.root
    if let warning = data.warning { repairs.add(.otherPath, warning) }
    var repairs = self.repairs
    let places = try data.places(of: split, repairs: &repairs)
    self.repairs = repairs
    title = places[0].path
    for place in places {
      if place.isList {
        lists.append(place.path)
        try addList(place.path, of: data)
      } else {
        try addDirectory(place.path)
      }
    }
  }

  private mutating func addDirectory(_ directory: String) throws(DatasetError) {
    let files = try FileTree(directory).files.filter { Self.isImage($0) }
    if files.isEmpty {
      throw DatasetError(file: directory, reason: "has no image; \(DirectoryContent.found(at: directory))")
    }
    let root = RootNames.canonical(directory)
    for file in files {
      entries.append(
        Entry(
          path: YOLOPath.join(directory, file), name: FileIndex.stem(of: file), directory: root, file: directory,
          line: nil))
    }
  }

  private mutating func addList(_ list: String, of data: YOLOData) throws(DatasetError) {
    let place = FileIndex.split(list).directories
    let bases = ([place.isEmpty ? "." : place] + data.bases).reduce(into: [String]()) {
      if !$0.contains($1) { $0.append($1) }
    }
    searched = bases
    let root = RootNames.canonical(data.bases[0])
    var (count, files) = (0, ExistingFiles())
    for (index, line) in try YOLOText(contentsOf: list, kind: .list).lines.enumerated() {
      let text = line.trimmingCharacters(in: .whitespaces)
      if text.isEmpty { continue }
      count += 1
      func error(_ reason: String) -> DatasetError { DatasetError(file: list, line: index + 1, reason: reason) }
      guard let found = YOLOPath(text).found(in: bases, &files) else {
        missing.add(text, error("there is no image \(text) in \(bases.joined(separator: ", "))"))
        continue
      }
      guard Self.isImage(found.path) else { throw error("expected the path of an image, found \"\(text.prefix(80))\"") }
      if found.isElsewhere { repairs.add(.otherPath, error("\(text) is found as \(found.path)")) }
      if let rival = found.rival {
        repairs.add(.ambiguousName, error("\(text) may be \(found.path), which is taken, or \(rival)"))
      }
      entries.append(
        Entry(path: found.path, name: name(found.path, below: root), directory: root, file: list, line: index + 1))
    }
    if count == 0 { throw DatasetError(file: list, reason: "lists no image") }
  }

  /// How many images its lists name that are not there.
  package var missingCount: Int { missing.count }

  /// How many images the split names.
  var count: Int { entries.count + missing.count }

  /// Whether a file has the name of an image, of a kind that is read or not.
  static func isImage(_ path: String) -> Bool {
    PascalVOCDirectories.knownExtensions.contains(FileIndex.extension(of: path))
  }

  /// The path of an image behind `images`, or below the data, without extension.
  private mutating func name(_ path: String, below root: String) -> String {
    let (directory, last) = FileIndex.split(path)
    let (full, place) = ("\(standardized(directory))/\(last)", standardized(root))
    let inside = full.hasPrefix(place + "/") ? String(full.dropFirst(place.count + 1)) : FileIndex.split(full).last
    let parts = inside.split(separator: "/")
    let start = parts.lastIndex { $0.lowercased() == "images" }.map { $0 + 1 } ?? 0
    return FileIndex.stem(of: parts[min(start, parts.count - 1)...].joined(separator: "/"))
  }

  /// The absolute path of a directory, worked out once.
  private mutating func standardized(_ directory: String) -> String {
    if let known = standardizedDirectories[directory] { return known }
    let path = URL(fileURLWithPath: directory.isEmpty ? "." : directory).standardizedFileURL.path
    standardizedDirectories[directory] = path
    return path
  }
}
