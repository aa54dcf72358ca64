import Datasets
import Files
import Foundation

/// YOLO data whose images can be divided anew, whatever splits they have.
struct YOLODirectory {
  /// The directory, or the file that describes it.
  let path: String
  /// All images, ascending by name.
  let images: [SplitImage]
  /// Names of those without a label file, which so are background.
  let unlabelled: [String]
  /// The names of the classes that have objects, by their numbers.
  let classNames: [String]
  /// Lists of images that the data are read from.
  let lists: [String]
  /// How many images lists name that are not there.
  let missingCount: Int
  /// The directory.
  let root: String

  /// Finds all images and reads their labels.
  ///
  /// - Throws: `DatasetError` for data without names of classes, without images or without objects, and for labels that
  ///   cannot be read; for two images of one name.
  init(_ path: String) throws(DatasetError) {
    self.path = path
    let data = try YOLOData(path)
    root = data.root
    let names = try data.namesToDivide()
    let splits = try data.allImages()
    lists = splits.flatMap(\.lists)
    missingCount = splits.reduce(0) { $0 + $1.missingCount }
    var (images, unlabelled, faults) = ([SplitImage](), [String](), [DatasetError]())
    var (finder, known, paths) = (YOLOLabelFinder(), Set<String>(), [String: String]())
    for entry in splits.flatMap(\.entries)
    where known.insert(URL(fileURLWithPath: entry.path).standardizedFileURL.path).inserted {
      let name = FileIndex.stem(of: Self.relative(entry.path, to: data.root) ?? entry.path)
      if let other = paths.updateValue(entry.path, forKey: name) {
        throw DatasetError(
          file: entry.path, reason: "has the name of \(other), and so the same labels: which image was annotated?")
      }
      guard let file = finder.file(ofImage: entry.path) else {
        unlabelled.append(name)
        images.append(SplitImage(name: name, path: entry.path, objects: [:]))
        continue
      }
      do throws(DatasetError) {
        images.append(
          SplitImage(name: name, path: entry.path, objects: try data.objectCounts(ofLabels: file, names)))
      } catch {
        faults.append(error)
      }
    }
    if let first = faults.first {
      throw first.adding(faults.count > 1 ? " (and \(faults.count - 1) more files with faults)" : "")
    }
    let used = Set(images.flatMap(\.objects.keys))
    if used.isEmpty { throw DatasetError(file: path, reason: "no image has an object to train on") }
    self.images = images.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    self.unlabelled = unlabelled.sorted()
    classNames = names.ordered.filter(used.contains)
  }

  /// The lines of a list of images in a directory: paths from there, which begin with `./` or `../`.
  ///
  /// - Throws: `DatasetError` for a path that no line can have.
  func lines(_ images: [SplitImage], in directory: String) throws(DatasetError) -> [String] {
    let way = RelativePath.of(root, from: directory)
    let full = URL(fileURLWithPath: root).standardizedFileURL.path
    let prefix = way == "." ? "." : way.hasPrefix("../../../") ? full : way.hasPrefix("..") ? way : "./\(way)"
    var lines: [String] = []
    for path in images.compactMap(\.path) {
      let line =
        Self.relative(path, to: root).map { "\(prefix)/\($0)" } ?? URL(fileURLWithPath: path).standardizedFileURL.path
      if line.contains(where: { $0.isNewline || $0 == "\\" }) {
        throw DatasetError(
          file: path,
          reason: "no list of images can name this one, as its path has a backslash or a line's end: rename it")
      }
      lines.append(line)
    }
    return lines
  }

  /// What a configuration calls a list as a split.
  func split(_ list: String) -> String {
    let place = FileIndex.split(list)
    let way = RelativePath.of(place.directories.isEmpty ? "." : place.directories, from: root)
    if way == "." { return place.last }
    return way.hasPrefix("../../../") ? URL(fileURLWithPath: list).standardizedFileURL.path : "\(way)/\(place.last)"
  }

  /// Whether there is a list that names images of the data alone, as one of an earlier division does.
  func hasAllImages(ofList path: String) -> Bool {
    guard let bytes = try? FileContent.bytes(of: path), let text = try? UnicodeText(bytes).text else { return false }
    let place = FileIndex.split(path).directories
    let known = Set((try? lines(images, in: place.isEmpty ? "." : place)) ?? [])
    return text.split(whereSeparator: \.isNewline).allSatisfy { known.contains(String($0)) }
  }

  /// The path of a file as seen from a directory that it is in, links left as they are.
  private static func relative(_ path: String, to directory: String) -> String? {
    let path = URL(fileURLWithPath: path).standardizedFileURL.path
    let place = URL(fileURLWithPath: directory).standardizedFileURL.path
    let prefix = place.hasSuffix("/") ? place : place + "/"
    return path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : nil
  }
}
