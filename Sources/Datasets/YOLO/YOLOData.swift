import Foundation

/// A directory with YOLO labels: what describes it, the names of its classes and where its splits are.
package struct YOLOData {
  /// The directory.
  package let root: String
  /// `data.yaml`, where there is one.
  let description: YOLODescription?
  /// The names of the classes; nothing when no file has them.
  package let names: YOLOClassNames?
  /// The directories that paths of the description are looked for in.
  let bases: [String]
  /// What is to be said of `path`; nothing when that is as it should be.
  let warning: DatasetError?

  /// - Parameter root: the directory, or the file that describes it.
  /// - Throws: `DatasetError` for a description or a list of names that cannot be used.
  package init(_ root: String) throws(DatasetError) {
    let isFile = YOLOLayout.isDescription(root) && !FileManager.default.isDirectory(root)
    let place = FileIndex.split(root).directories
    self.root = isFile ? (place.isEmpty ? (root.hasPrefix("/") ? "/" : ".") : place) : root
    let file = isFile ? root : try YOLOLayout(root: root).descriptionPath()
    description = try file.map { path throws(DatasetError) in try YOLODescription(contentsOf: path) }
    if let names = description?.names {
      self.names = names
    } else {
      let list = YOLOLayout(root: self.root).namesPath
      names = try list.map { path throws(DatasetError) in try YOLOClassNames(contentsOf: path) }
    }
    (bases, warning) = Self.bases(description, root: self.root)
  }

  /// `path` of the description, from its own directory or the current one; then its own directory.
  private static func bases(_ description: YOLODescription?, root: String) -> ([String], DatasetError?) {
    guard let description, let path = description.directory else { return ([root], nil) }
    let text = path.text.replacing("\\", with: "/")
    let candidates = text.hasPrefix("/") ? [text] : [YOLOPath.join(root, text), text]
    if let directory = candidates.first(where: FileManager.default.isDirectory) { return ([directory, root], nil) }
    let reason = "path: there is no directory \(path.text); \(root) is taken in its place"
    return ([root], DatasetError(file: description.path, line: path.line, reason: reason))
  }

  /// Other names of a split.
  private static func aliases(_ split: String) -> [String] {
    let group = ["val", "valid", "validation"]
    return group.contains(split) ? [split] + group.filter { $0 != split } : [split]
  }

  /// Directories and lists of images.
  struct Place {
    let path: String
    /// Whether it is a list of images.
    let isList: Bool
  }

  /// Where the images of a split are: what the description says, or else a directory or a list of its name.
  ///
  /// - Throws: `DatasetError` with the splits that exist.
  func places(of split: String, repairs: inout FaultTally) throws(DatasetError) -> [Place] {
    let isPath = split.contains("/") || split == "." || FileIndex.extension(of: split) == "txt"
    if !isPath, let description {
      for name in Self.aliases(split) {
        guard let entries = description.splits[name], !entries.isEmpty else { continue }
        var places: [Place] = []
        for entry in entries { places.append(try place(entry, of: name, description, &repairs)) }
        return places
      }
    }
    for name in Self.aliases(split) {
      if let path = candidates(name).first(where: FileManager.default.fileExists) { return [Self.place(path)] }
    }
    throw DatasetError(
      file: description?.path ?? root, reason: YOLOLayout(root: root).reasonForMissingSplit(split, self))
  }

  private func candidates(_ split: String) -> [String] {
    if split.hasPrefix("/") { return [split] }
    if FileIndex.extension(of: split) == "txt" { return [YOLOPath.join(root, split)] }
    return ["images/\(split)", "\(split)/images", split, "\(split).txt", "obj_\(split)_data"].map {
      YOLOPath.join(root, $0)
    }
  }

  private func place(
    _ entry: YOLODescription.Entry, of split: String, _ description: YOLODescription, _ repairs: inout FaultTally
  ) throws(DatasetError) -> Place {
    func error(_ reason: String) -> DatasetError {
      DatasetError(file: description.path, line: entry.line, reason: "\(split): \(reason)")
    }
    guard let found = YOLOPath(entry.text).found(in: bases) else {
      throw error(
        "there is no \(entry.text) in \(bases.joined(separator: ", ")); \(DirectoryContent.found(at: bases[0]))"
          + (warning.map { "; \($0.reason)" } ?? ""))
    }
    if let rival = found.rival {
      repairs.add(.ambiguousName, error("\(entry.text) may be \(found.path), which is taken, or \(rival)"))
    }
    if found.isElsewhere { repairs.add(.otherPath, error("\(entry.text) is found as \(found.path)")) }
    return Self.place(found.path)
  }

  private static func place(_ path: String) -> Place {
    Place(path: path, isList: !FileManager.default.isDirectory(path))
  }

  /// The splits that the description or directories have, for messages and for a division.
  package var splits: [String] {
    if let description, !description.splits.isEmpty {
      return ["train", "val", "valid", "validation", "minival", "test"].filter {
        !(description.splits[$0] ?? []).isEmpty
      }
    }
    let names = ["train", "val", "valid", "validation", "test"]
    return names.filter { candidates($0).contains(where: FileManager.default.fileExists) }
  }
}
