import Foundation

/// Says what a root lacks of the layout of Pascal VOC, what it has instead, and what to do.
struct PascalVOCLayout {
  let root: String

  private static let lists = "ImageSets/Main"
  private static let expected =
    "expected the layout of Pascal VOC (ImageSets/Main/SPLIT.txt, Annotations/*.xml, JPEGImages/*)"

  /// Why a split has no file.
  var reasonForMissingSplit: String {
    let directory = "\(root)/\(Self.lists)"
    guard FileManager.default.isDirectory(directory) else {
      return "no such split: \(Self.expected), \(DirectoryContent.found(at: root)); \(advice)"
    }
    if splits.isEmpty { return "no such split: \(directory) holds no split at all; \(advice)" }
    return "no such split; the splits there are \(splits.joined(separator: ", "))"
  }

  /// The splits that there are.
  var splits: [String] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(Self.lists)")) ?? []
    // Class files (class_split.txt) would bury the splits proper.
    let names = files.filter { $0.hasSuffix(".txt") }.map { String($0.dropLast(4)) }.sorted()
    return names.filter { name in !names.contains { name.hasSuffix("_\($0)") } }
  }

  /// Why images cannot be found although there are lists of them; nothing when the directories are there.
  ///
  /// - Parameters:
  ///   - annotations: whether there must be annotations.
  ///   - images: whether there must be images.
  func reasonForMissingDirectory(annotations: Bool, images: Bool) -> String? {
    guard FileManager.default.isDirectory("\(root)/\(Self.lists)") else { return nil }
    let needed = (annotations ? ["Annotations"] : []) + (images ? ["JPEGImages"] : [])
    let missing = needed.filter { !FileManager.default.isDirectory("\(root)/\($0)") }
    if missing.isEmpty { return nil }
    return
      "has no directory \(missing.joined(separator: " and no directory ")): \(Self.expected), \(DirectoryContent.found(at: root)); \(advice)"
  }

  /// Whether there are lists of images, which a command must not replace.
  private var hasLists: Bool { DirectoryContent("\(root)/\(Self.lists)")?.files.isEmpty == false }

  private var advice: String {
    if let root = rootAbove ?? rootsBelow { return "data.root is to be \(root)" }
    guard FileManager.default.isDirectory(root) else {
      return "data.root is relative to \(FileManager.default.currentDirectoryPath)"
    }
    if let yolo = YOLOLayout.describes(root) { return yolo }
    let search = AnnotationSearch(FileTree(readableBelow: root, limit: 20_000, time: .seconds(2)).files)
    if !search.pairs.isEmpty { return search.ambiguity(in: root) ?? command(for: search) }
    if search.annotations.isEmpty {
      return search.files.contains(where: COCOSplit.isJSON)
        ? "this looks like COCO's layout: data.format: coco" : "no XML annotation is there"
    }
    return search.images.isEmpty ? search.otherImages ?? "no image is there" : search.reasonForNone(in: root)!
  }

  /// What makes the layout of annotations and images in other places.
  private func command(for search: AnnotationSearch) -> String {
    let pair = search.pairs[0]
    let isLoose = pair.annotations.directory.isEmpty || pair.images.directory.isEmpty
    if hasLists {
      return search.pairs.count > 1 || isLoose
        ? "images and annotations have to be in JPEGImages and Annotations"
        : linking(annotations: pair.annotations.directory, images: pair.images.directory)
    }
    if let inner = search.innerRoots.first { return division(of: "\(root)/\(inner)") }
    // Directories named as parts are such already.
    if search.pairs.count > 1 { return division(of: root, "--keep-directories", inOtherDirectory: true) }
    if isLoose { return division(of: root, inOtherDirectory: true) }
    return pair.isFlat
      ? division(of: "\(root)/\(pair.images.directory)", inOtherDirectory: true) : division(of: root)
  }

  /// The directory above that has the layout.
  private var rootAbove: String? {
    var url = URL(fileURLWithPath: root).standardizedFileURL
    for _ in 0..<3 where url.path != "/" {
      url.deleteLastPathComponent()
      if FileManager.default.isDirectory(url.path + "/" + Self.lists) { return url.path }
    }
    return nil
  }

  /// The directories below that have the layout, up to two levels down.
  private var rootsBelow: String? {
    func roots(below path: String, depth: Int) -> [String] {
      (DirectoryContent(path)?.directories.prefix(64) ?? []).flatMap { name -> [String] in
        let directory = "\(path)/\(name)"
        if FileManager.default.isDirectory("\(directory)/\(Self.lists)") { return [directory] }
        return depth > 1 ? roots(below: directory, depth: depth - 1) : []
      }
    }
    let found = roots(below: root, depth: 2)
    return found.isEmpty ? nil : found.prefix(4).joined(separator: " or ")
  }

  // MARK: Commands that make the layout

  /// - Parameter inOtherDirectory: whether images and annotations lie side by side, so that the layout needs a directory of its own.
  private func division(of data: String, _ option: String = "--test 0.2", inOtherDirectory: Bool = false) -> String {
    let path = URL(fileURLWithPath: data).relativePath
    let output = inOtherDirectory ? " --output \(Self.quoted(path == "." ? "../voc" : path + "-voc"))" : ""
    return
      "that layout, and the lines of a configuration for it, are made by: multibox split \(Self.quoted(data)) \(option)\(output)"
  }

  private func linking(annotations: String, images: String) -> String {
    let links = [(annotations, "Annotations"), (images, "JPEGImages")].filter { $0 != $1 }
    let commands = ["cd \(Self.quoted(root))"] + links.map { "ln -s \(Self.quoted($0)) \($1)" }
    return "it is completed by: (\(commands.joined(separator: " && ")))"
  }

  /// A word for the shell.
  static func quoted(_ text: String) -> String {
    text.wholeMatch(of: #/[A-Za-z0-9_.\/-]+/#) != nil ? text : "'\(text.replacing("'", with: "'\\''"))'"
  }
}
