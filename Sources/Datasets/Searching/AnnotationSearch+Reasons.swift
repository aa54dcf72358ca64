/// What is missing where there are no annotations with images.
extension AnnotationSearch {
  /// Why there is nothing to divide in a directory: nothing when there is.
  package func reasonForNone(in root: String) -> String? {
    if !pairs.isEmpty { return nil }
    func path(_ file: String) -> String { "\(root)/\(file)" }
    if annotations.isEmpty { return reasonForNoAnnotation(in: root) }
    if let file = annotations.first(where: { ForeignAnnotations.isOfAllImages(path($0)) }) {
      return "\(path(file)): \(ForeignAnnotations.exportAdvice)"
    }
    if images.isEmpty {
      return otherImages
        ?? "expected JPEG or PNG images (JPEGImages/*.jpg), found none beside \(count(annotations, "annotation"))"
    }
    return
      "none of \(count(images, "image")) (such as \(images[0])) has the name of one of \(count(annotations, "annotation")) (such as \(annotations[0]))"
  }

  /// Why it is not clear which images are meant; nothing when it is.
  package func ambiguity(in root: String) -> String? {
    guard let pair = pairs.first(where: { $0.rival != nil }), let rival = pair.rival else { return nil }
    return
      "images with the names of the annotations are in \(pair.images.directory) and in \(rival) alike: move those that are not meant out of \(root)"
  }

  private func reasonForNoAnnotation(in root: String) -> String {
    let exports = files.filter { FileIndex.split($0).last == COCOSplit.exportName }.map(Self.top).filter { !$0.isEmpty }
    if let train = exports.first(where: { $0.lowercased().hasPrefix("train") }), exports.count > 1 {
      let evaluation =
        exports.first { $0.lowercased().hasPrefix("val") } ?? exports.first { $0 != train }!
      return
        "has annotations in COCO's format, and is divided already: write data.format: coco, data.root: \(root), data.train_split: \(train), data.evaluation_split: \(evaluation)"
    }
    let entries = files.reduce(into: [String]()) { list, file in
      let name = Self.top(of: file).isEmpty ? file : Self.top(of: file)
      if list.last != name, !list.contains(name), list.count < 9 { list.append(name) }
    }
    let list =
      entries.isEmpty
      ? "it is empty" : "it holds \(entries.prefix(8).joined(separator: ", "))\(entries.count > 8 ? ", …" : "")"
    let hint =
      files.first(where: COCOSplit.isJSON).map {
        "; for annotations in COCO's format name the JSON file, as \(root)/\($0)"
      } ?? ""
    return "expected annotations of Pascal VOC (Annotations/*.xml), \(list)\(hint)"
  }

  /// What is to be said of images that are not read, when there are no others.
  var otherImages: String? {
    let others = files.filter { PascalVOCDirectories.knownExtensions.contains(FileIndex.extension(of: $0)) }
    guard images.isEmpty, let first = others.first else { return nil }
    let kinds = Set(others.map { FileIndex.extension(of: $0).uppercased() }).sorted().joined(separator: ", ")
    return
      "the images are \(kinds) (\(first)\(others.count > 1 ? " and \(others.count - 1) more" : "")), and only JPEG and PNG are read: convert them"
  }

  private func count(_ files: [String], _ noun: String) -> String {
    "\(files.count) \(noun)\(files.count == 1 ? "" : "s")"
  }
}
