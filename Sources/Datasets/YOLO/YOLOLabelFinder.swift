import Foundation

/// Finds the label file of an image.
package struct YOLOLabelFinder {
  private var indices: [String: FileIndex] = [:]
  private var places: [String: [String]] = [:]
  /// Directories in which label files were found, with those of their images.
  private(set) var used: [String: String] = [:]

  package init() {}

  /// Where the label files of a directory's images may be: where `labels` stands for the last `images` of its path, beside the
  /// images, in `labels` there, and in `labels` beside the directory.
  static func directories(forImagesIn directory: String) -> [String] {
    var places: [String] = []
    let parts = directory.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    if let index = parts.lastIndex(where: { ["images", "jpegimages"].contains($0.lowercased()) }) {
      for name in ["labels", "Labels"] {
        let path = (parts[..<index] + [name] + parts[(index + 1)...]).joined(separator: "/")
        if FileManager.default.isDirectory(path) { places.append(path) }
      }
    }
    places.append(directory)
    let above = FileIndex.split(directory).directories
    for path in ["\(directory)/labels", above.isEmpty ? "labels" : "\(above)/labels"]
    where FileManager.default.isDirectory(path) && !places.contains(path) { places.append(path) }
    return places
  }

  /// The label file of an image; nothing when it has none.
  package mutating func file(ofImage path: String) -> String? {
    let (directory, name) = FileIndex.split(path)
    let stem = FileIndex.stem(of: name)
    for place in directories(directory) {
      if indices[place] == nil { indices[place] = FileIndex(directory: place, extensions: ["txt"]) }
      for stem in Self.spellings(of: stem) {
        if let file = indices[place]!.files(named: stem).first {
          used[place] = directory
          return "\(place)/\(file)"
        }
      }
    }
    return nil
  }

  /// A name, and as a URL has it or the other way round: programs for the web write `%20` for a blank in one of two names.
  private static func spellings(of name: String) -> [String] {
    let others = [name.removingPercentEncoding, name.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed)]
    return [name] + others.compactMap(\.self).filter { $0 != name }
  }

  /// Where the label files of images in a directory are looked for.
  mutating func directories(_ directory: String) -> [String] {
    if let known = places[directory] { return known }
    let found = Self.directories(forImagesIn: directory)
    places[directory] = found
    return found
  }

  /// Label files, in directories that have those of one directory of images alone, that belong to no image.
  ///
  /// - Parameter files: those that belong to one.
  func orphans(besides files: Set<String>) -> [String] {
    var orphans: [String] = []
    for (place, directory) in used where Self.directories(forImagesIn: directory).prefix(2).contains(place) {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
      for name in names where FileIndex.extension(of: name) == "txt" && !Self.isOther(name) {
        if !files.contains("\(place)/\(name)") { orphans.append("\(place)/\(name)") }
      }
    }
    return orphans.sorted()
  }

  /// Whether a text file has a name that no label file has.
  private static func isOther(_ name: String) -> Bool {
    let stem = FileIndex.stem(of: name).lowercased()
    return name.hasPrefix(".") || stem.hasPrefix("readme")
      || ["classes", "labels", "names", "train", "val", "valid", "test", "trainval", "notes", "license"].contains(stem)
  }
}
