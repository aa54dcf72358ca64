import Datasets
import Foundation

/// Where a JSON file of COCO is, and where its images are.
package struct COCOPlace {
  /// The file.
  package let path: String
  /// Its directory.
  package let directory: String
  /// What the names of further files begin with: `instances_` where this one's does.
  package let prefix: String
  /// The directory of the data set: the one around `annotations`, where the file is below such a directory, or that of the
  /// file.
  package let root: String

  /// - Parameter path: of the file.
  package init(_ path: String) {
    func parent(_ path: String) -> String {
      guard let slash = path.lastIndex(of: "/") else { return "." }
      return slash == path.startIndex ? "/" : String(path[..<slash])
    }
    self.path = path
    directory = parent(path)
    prefix = FileIndex.split(path).last.hasPrefix("instances_") ? "instances_" : ""
    var (place, root) = (directory, directory)
    for level in 0..<3 {
      let name = FileIndex.split(place).last
      if name.lowercased() == "annotations" || level == 0 && Self.annotationNames.contains(name.lowercased()) {
        root = parent(place)
        break
      }
      if name == place { break }
      place = parent(place)
    }
    self.root = root
  }

  /// What directories of annotations are called, besides `annotations`.
  private static let annotationNames: Set = ["annotation", "labels", "json"]

  /// Reads the file as far as its division needs.
  ///
  /// - Throws: `DatasetError`, see ``COCODivision``.
  package func division() throws(DatasetError) -> COCODivision {
    try COCODivision(path) { names throws(DatasetError) in
      let usual = try paths(of: names, imageDirectory: nil)
      let missing = zip(names, usual).filter { $1 == nil }.map(\.0)
      guard !missing.isEmpty, let other = ImageDirectorySearch(root, names: missing).directories.first else {
        return usual
      }
      let found = try paths(of: names, imageDirectory: other)
      return found.count { $0 == nil } < missing.count ? found : usual
    }
  }

  /// The files of images, as training finds them from a file of annotations.
  ///
  /// - Parameter file: the file of annotations, which need not be there yet; nil for the one that is divided.
  private func paths(
    of names: [String], imageDirectory: String?, from file: String? = nil
  ) throws(DatasetError) -> [String?] {
    let path = URL(fileURLWithPath: file ?? self.path).path
    let source = DatasetSource(root: root, split: path, imageDirectory: imageDirectory)
    var finder = COCOImageFinder(try COCOSplit(path: path, source))
    return names.map { finder.find($0).path }
  }

  /// What a configuration says of the images' place, so that they are found from other files of annotations.
  ///
  /// - Parameters:
  ///   - images: of ``division()``.
  ///   - files: the files of annotations.
  /// - Returns: the directory, from ``root``, nil where the usual places do; and the images that are not found from there.
  /// - Throws: `DatasetError` for a directory that has gone.
  package func imageDirectory(
    of images: [SplitImage], for files: [String]
  ) throws(DatasetError) -> (directory: String?, lost: [String]) {
    let images = images.filter { $0.path != nil }
    func lost(_ directory: String?) throws(DatasetError) -> [String] {
      var lost: Set<String> = []
      for file in files {
        let found = try paths(of: images.map(\.name), imageDirectory: directory, from: file)
        for (image, path) in zip(images, found) where path.map(Self.canonical) != image.path.map(Self.canonical) {
          lost.insert(image.name)
        }
      }
      return images.map(\.name).filter(lost.contains)
    }
    var best: (directory: String?, lost: [String]) = (nil, try lost(nil))
    for directory in Self.directories(of: images) where !best.lost.isEmpty {
      let lost = try lost(directory)
      if lost.count < best.lost.count { best = (directory, lost) }
    }
    return (best.directory.map { Self.path($0, from: root) }, best.lost)
  }

  /// The directories to which the images' names are relative, those of most images first; a few of them at most.
  private static func directories(of images: [SplitImage]) -> [String] {
    var counts: [String: Int] = [:]
    for image in images {
      guard let path = image.path else { continue }
      let isAsNamed = path.hasSuffix("/" + image.name)
      counts[isAsNamed ? String(path.dropLast(image.name.count + 1)) : FileIndex.split(path).directories, default: 0] +=
        1
    }
    return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(4).map(\.key)
  }

  private static func canonical(_ path: String) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.path
  }

  /// A path as seen from a directory; a way out of it and far away is no better to read than the way from the root of the
  /// file system.
  private static func path(_ path: String, from directory: String) -> String {
    let relative = RelativePath.of(path, from: directory)
    return relative.hasPrefix("../../../") ? URL(fileURLWithPath: path).resolvingSymlinksInPath().path : relative
  }

  /// What a configuration calls the split of a file.
  package static func split(_ path: String, root: String) -> String {
    let relative = self.path(path, from: root)
    let usual = relative.wholeMatch(of: #/annotations\/instances_(.+)\.json/#)
    return usual.map { String($0.output.1) } ?? relative
  }
}

/// Looks for images that are in none of the usual places.
struct ImageDirectorySearch {
  /// The directories to which the names are relative, those of most names first.
  let directories: [String]

  /// - Parameters:
  ///   - root: the directory below which to look.
  ///   - names: of the images; directories in front that are those of another machine do not matter.
  init(_ root: String, names: [String]) {
    let names = names.map { $0.replacing("\\", with: "/") }
    var wanted: [String: [String]] = [:]
    for name in names { wanted[FileIndex.split(name).last.lowercased(), default: []].append(name) }
    var counts: [String: Int] = [:]
    for file in FileTree(readableBelow: root, time: .seconds(60)).files {
      for name in wanted[FileIndex.split(file).last.lowercased()] ?? [] {
        let path = "\(root)/\(file)"
        let isAsNamed = path.hasSuffix("/" + name)
        counts[isAsNamed ? String(path.dropLast(name.count + 1)) : FileIndex.split(path).directories, default: 0] += 1
      }
    }
    directories = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
  }
}
