import Foundation

/// A directory with one XML file for each image, whatever its directories are called.
///
/// Annotations are those below `Annotations`, or in the directory itself, or below the only directory in it that has any.
/// Images are those below `JPEGImages`, or below the directory that has most of the annotated names. Both are then compared
/// by their paths from there, without extension.
package struct AnnotatedFolder {
  /// The directory.
  package let root: String
  /// Where the annotations are.
  package let annotationDirectory: String
  /// Where the images are.
  package let imageDirectory: String
  /// Images that have an annotation, ascending by name.
  package let images: [SplitImage]
  /// Images that have none, ascending by name.
  package let unannotated: [SplitImage]
  /// Annotations that have no image.
  package let missing: [String]

  /// Whether images or annotations are in the directory itself.
  package var isFlat: Bool { annotationDirectory == root || imageDirectory == root }

  /// Looks for annotations and images, and reads the annotations.
  ///
  /// - Parameter isWhole: whether annotations and images of all its directories count.
  /// - Throws: `DatasetError` for a directory without annotations or images, and an annotation that cannot be read.
  package init(_ root: String, isWhole: Bool = false) throws(DatasetError) {
    self.root = root
    let files = try FileTree(root).files
    let annotations = isWhole ? Part("", files) { $0 == "xml" } : try Self.annotations(root, files)
    let pictures = try Self.images(root, files, annotations)
    annotationDirectory = annotations.directory.isEmpty ? root : "\(root)/\(annotations.directory)"
    imageDirectory = pictures.directory.isEmpty ? root : "\(root)/\(pictures.directory)"
    var (images, missing, faults) = ([SplitImage](), [String](), [DatasetError]())
    for (name, file) in annotations.files.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
      guard let picture = pictures.files[name] else {
        missing.append("\(root)/\(file)")
        continue
      }
      do throws(DatasetError) {
        let content = try PascalVOCAnnotation(contentsOf: "\(root)/\(file)")
        let counts = Dictionary(content.objects.map { ($0.name.content, 1) }, uniquingKeysWith: +)
        images.append(SplitImage(name: name, path: "\(root)/\(picture)", objects: counts))
      } catch {
        faults.append(error)
      }
    }
    if let first = faults.first {
      let others = faults.dropFirst().prefix(5).map { URL(fileURLWithPath: $0.file).lastPathComponent }
      let rest =
        others.isEmpty
        ? ""
        : "; \(faults.count - 1) more cannot be read: \(others.joined(separator: ", "))\(faults.count > 6 ? ", …" : "")"
      throw DatasetError(file: first.file, line: first.line, object: first.object, reason: first.reason + rest)
    }
    self.images = images
    self.missing = missing
    unannotated = pictures.files.filter { annotations.files[$0.key] == nil }
      .map { SplitImage(name: $0.key, path: "\(root)/\($0.value)", objects: [:]) }
      .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  /// Files below a directory of the root, by their paths from there without extension.
  private struct Part {
    let directory: String
    var files: [String: String] = [:]

    /// - Parameter isWanted: by the extension in small letters.
    init(_ directory: String, _ files: [String], where isWanted: (String) -> Bool) {
      self.directory = directory
      let prefix = directory.isEmpty ? "" : directory + "/"
      for file in files where file.hasPrefix(prefix) {
        guard let dot = file.lastIndex(of: "."), isWanted(file[file.index(after: dot)...].lowercased()) else {
          continue
        }
        let name = String(file[..<dot].dropFirst(prefix.count))
        // Of photo.jpg and photo.png the first.
        if self.files[name] == nil { self.files[name] = file }
      }
    }
  }

  private static func annotations(_ root: String, _ files: [String]) throws(DatasetError) -> Part {
    func part(_ directory: String) -> Part { Part(directory, files) { $0 == "xml" } }
    let usual = part("Annotations")
    if !usual.files.isEmpty { return usual }
    let all = part("")
    let directories = Set(all.files.values.map { $0.split(separator: "/").dropLast().first.map(String.init) ?? "" })
    if directories.contains("") { return all }
    func error(_ reason: String) -> DatasetError { DatasetError(file: root, reason: reason) }
    if let inner = directories.sorted().first(where: { !part("\($0)/Annotations").files.isEmpty }) {
      throw error("has no directory Annotations, but \(root)/\(inner) has: name that one")
    }
    guard let only = directories.first else {
      let found = Set(files.map { $0.split(separator: "/").first.map(String.init) ?? $0 }).sorted()
      let json = files.filter { $0.hasSuffix(".json") }
      let hint = json.first.map { "; for annotations in COCO's format name the JSON file, as \(root)/\($0)" } ?? ""
      let list =
        found.isEmpty
        ? "it is empty" : "it holds \(found.prefix(8).joined(separator: ", "))\(found.count > 8 ? ", …" : "")"
      throw error("expected annotations of Pascal VOC (Annotations/*.xml), \(list)\(hint)")
    }
    if directories.count > 1 {
      throw error(
        "has annotations in \(directories.sorted().joined(separator: ", ")): name one of these directories, or take them for the parts by --keep-directories"
      )
    }
    return part(only)
  }

  private static func images(_ root: String, _ files: [String], _ annotations: Part) throws(DatasetError) -> Part {
    func part(_ directory: String) -> Part {
      Part(directory, files) { PascalVOCFolders.imageExtensions.contains($0) }
    }
    let usual = part("JPEGImages")
    if annotations.directory == "Annotations", !usual.files.isEmpty { return usual }
    let all = part("")
    let directories = Set(all.files.values.map { $0.split(separator: "/").dropLast().first.map(String.init) ?? "" })
    let candidates = directories.union([annotations.directory]).sorted().map(part)
    func matches(_ part: Part) -> Int { part.files.keys.count { annotations.files[$0] != nil } }
    let best = candidates.max { (matches($0), $1.directory) < (matches($1), $0.directory) }
    guard let best, matches(best) > 0 else {
      let place = annotations.directory.isEmpty ? root : "\(root)/\(annotations.directory)"
      throw DatasetError(
        file: root,
        reason: all.files.isEmpty
          ? "expected JPEG or PNG images (JPEGImages/*.jpg), found none beside \(annotations.files.count) annotations"
          : "none of the \(all.files.count) images has the name of one of the \(annotations.files.count) annotations in \(place)"
      )
    }
    return best
  }
}
