import Datasets
import Files
import Foundation

/// A directory with one XML file for each image, whatever its directories are called; ``AnnotationSearch`` finds them.
package struct AnnotatedDirectory {
  /// The directory.
  package let root: String
  /// Images that have an annotation, ascending by name.
  package let images: [SplitImage]
  /// Images that have none, ascending by name.
  package let unannotated: [SplitImage]
  /// Annotations that have no image.
  package let missing: [String]
  /// What makes the layout of Pascal VOC of it: paths in the root of that, and the directories that they are to be.
  package let links: [(name: String, target: String)]
  private let parts: [Part]

  /// Annotations and images, of all or of one part.
  private struct Part {
    /// Empty for all.
    let name: String
    let annotations: AnnotationSearch.NamedFiles
    let images: AnnotationSearch.NamedFiles

    func fullName(_ file: String) -> String { name.isEmpty ? file : "\(name)/\(file)" }
    /// A directory of the layout, or the part's in it.
    func place(in directory: String) -> String { name.isEmpty ? directory : "\(directory)/\(name)" }
  }

  /// Looks for annotations and images, and reads the annotations.
  ///
  /// - Parameter isWhole: whether annotations and images of all its directories count, with those as parts.
  /// - Throws: `DatasetError` for a directory without annotations or images, for one where it is not clear which are meant,
  ///   and an annotation that cannot be read.
  package init(_ root: String, isWhole: Bool = false) throws(DatasetError) {
    self.root = root
    let search = AnnotationSearch(try FileTree(root).files)
    if let reason = search.reasonForNone(in: root) { throw DatasetError(file: root, reason: reason) }
    if let reason = search.ambiguity(in: root) { throw DatasetError(file: root, reason: reason) }
    parts = try isWhole ? Self.parts(search, root) : [Self.onlyPart(search, root)]
    links = parts.flatMap { part in
      [
        (part.place(in: "Annotations"), Self.path(part.annotations.directory, in: root)),
        (part.place(in: "JPEGImages"), Self.path(part.images.directory, in: root)),
      ]
    }
    var (images, missing, faults) = ([SplitImage](), [String](), [DatasetError]())
    var annotated: Set<String> = []
    for part in parts {
      for (name, file) in part.annotations.files {
        guard let image = part.images.files[name] else {
          missing.append("\(root)/\(file)")
          continue
        }
        annotated.insert(image)
        do throws(DatasetError) {
          let content = try PascalVOCAnnotation(contentsOf: "\(root)/\(file)")
          let counts = Dictionary(content.objects.map { ($0.name.content, 1) }, uniquingKeysWith: +)
          images.append(SplitImage(name: part.fullName(name), path: "\(root)/\(image)", objects: counts))
        } catch {
          faults.append(error)
        }
      }
    }
    faults.sort { $0.file < $1.file }
    if let first = faults.first {
      let others = faults.dropFirst().prefix(5).map { URL(fileURLWithPath: $0.file).lastPathComponent }
      let rest =
        others.isEmpty
        ? ""
        : "; \(faults.count - 1) more cannot be read: \(others.joined(separator: ", "))\(faults.count > 6 ? ", …" : "")"
      throw DatasetError(file: first.file, line: first.line, object: first.object, reason: first.reason + rest)
    }
    self.images = Self.ordered(images)
    self.missing = missing.sorted()
    unannotated = Self.ordered(
      parts.flatMap { part in
        part.images.files.filter { !annotated.contains($0.value) }.map {
          SplitImage(name: part.fullName($0.key), path: "\(root)/\($0.value)", objects: [:])
        }
      })
  }

  private static func ordered(_ images: [SplitImage]) -> [SplitImage] {
    images.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  private static func path(_ directory: String, in root: String) -> String {
    directory.isEmpty ? root : "\(root)/\(directory)"
  }

  // MARK: Parts

  /// The only annotations with images that there are.
  private static func onlyPart(_ search: AnnotationSearch, _ root: String) throws(DatasetError) -> Part {
    let pairs = search.pairs
    func error(_ reason: String) -> DatasetError { DatasetError(file: root, reason: reason) }
    let inner = search.innerRoots.map { "\(root)/\($0)" }
    if inner.count == 1 { throw error("has no directory Annotations, but \(inner[0]) has: name that one") }
    if inner.count > 1 {
      throw error(
        "has no directory Annotations, but \(inner.prefix(4).joined(separator: " and ")) have: name one of these")
    }
    if pairs.count == 1 {
      return Part(name: "", annotations: pairs[0].annotations, images: pairs[0].images)
    }
    let apart = search.arePartsApart ? search.partDirectories : nil
    let names = (apart ?? pairs.map(\.annotations.directory)).joined(separator: ", ")
    throw error(
      "has annotations in \(names): \(apart == nil ? "take them" : "name one of these directories, or take them") for the parts by --keep-directories"
    )
  }

  /// A part for each directory, or one for all whose directories are the parts.
  private static func parts(_ search: AnnotationSearch, _ root: String) throws(DatasetError) -> [Part] {
    let pairs = search.pairs
    // Images beside their annotations: the directories are the layout already.
    if pairs.allSatisfy(\.isFlat) {
      return [
        Part(
          name: "", annotations: AnnotationSearch.NamedFiles("", search.annotations),
          images: AnnotationSearch.NamedFiles("", search.images))
      ]
    }
    if pairs.count == 1 { return [Part(name: "", annotations: pairs[0].annotations, images: pairs[0].images)] }
    let names = search.partDirectories?.map { FileIndex.split($0).last } ?? []
    guard Set(names).count == pairs.count else {
      let places = pairs.map(\.annotations.directory).joined(separator: ", ")
      throw DatasetError(
        file: root, reason: "has annotations in \(places), which are no parts of one data set by their names")
    }
    return zip(names, pairs).map { Part(name: $0, annotations: $1.annotations, images: $1.images) }
  }
}

extension AnnotatedDirectory {
  /// Why the layout of Pascal VOC cannot be made in the directory itself; nothing when it can.
  package var reasonForOtherOutput: String? {
    let advice = "--output DIR makes a directory of that layout with links to them"
    if parts.count > 1 { return "has images and annotations in directories for each part: \(advice)" }
    let isFlat = (parts[0].annotations.directory.isEmpty, parts[0].images.directory.isEmpty)
    switch isFlat {
    case (true, true): return "has images and XML files side by side, not in JPEGImages and Annotations: \(advice)"
    case (true, false): return "has XML files in itself, not in Annotations: \(advice)"
    case (false, true): return "has images in itself, not in JPEGImages: \(advice)"
    case (false, false): return nil
    }
  }

  /// Where the annotations are, for messages.
  package var annotationDirectories: String { places(\.annotations) }
  /// Where the images are, for messages.
  package var imageDirectories: String { places(\.images) }

  private func places(_ files: (Part) -> AnnotationSearch.NamedFiles) -> String {
    Set(parts.map { Self.path(files($0).directory, in: root) }).sorted().joined(separator: " and ")
  }

  /// The classes of all objects, with which training can read the images.
  ///
  /// - Throws: `DatasetError` when there is no object, or one of a class that cannot be one.
  package func classNames() throws(DatasetError) -> [String] {
    let names = Set(images.flatMap(\.objects.keys)).sorted()
    if names.isEmpty { throw DatasetError(file: root, reason: "no image has an object to train on") }
    var log = FaultLog(.stopAtFirstError)
    try log.checkClasses(names, file: root)
    return names
  }

  /// Whether there is a list of names that has images of the directory alone, as one of an earlier division has.
  package func hasAllImages(ofList path: String) -> Bool {
    guard let bytes = try? FileContent.bytes(of: path), let text = try? UnicodeText(bytes).text,
      let lines = try? PascalVOCSplitLine.all(text)
    else { return false }
    let names = Set((images + unannotated).map(\.name))
    return lines.allSatisfy { names.contains($0.text) }
  }
}
