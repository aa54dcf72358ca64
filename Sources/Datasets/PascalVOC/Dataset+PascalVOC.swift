import Detection
import Foundation
import Images

extension Dataset {
  /// Reads splits in the layout of Pascal VOC: `ImageSets/Main/SPLIT.txt`, `Annotations/*.xml`, `JPEGImages/*`.
  ///
  /// Coordinates in the files are inclusive pixel numbers counted from 1; `PixelBox` says how they become edges.
  ///
  /// ### Repaired, with a warning
  /// - A box whose xmax ≤ xmin or ymax ≤ ymin, in the file's own numbers, is dropped, in training and in evaluation.
  /// - A box that reaches outside the image is clipped to it; one that lies outside altogether is dropped.
  /// - An image listed twice in a split is taken once.
  /// - A stated size that is the image's with width and height exchanged, while every box fits the image, is ignored.
  ///
  /// Boxes are normalised by the size in the image file's header. Where the annotation states another size (other than
  /// the exchange above), it is unknown which picture the boxes were drawn on, and reading fails. An annotation that
  /// states no size, or zero, is accepted.
  ///
  /// - Parameters:
  ///   - sources: the folders and their splits; their images follow one another.
  ///   - classes: names in the order of their labels; nothing means the 20 of `PascalVOCClasses`.
  ///   - requiresImageFiles: whether an image may not be missing; in its place, the stated size is believed.
  ///   - faults: whether to stop at the first error or to list all.
  ///   - willRead: called with the path of each image file before it is opened.
  /// - Throws: `DatasetError`.
  /// - Precondition: `sources` is not empty.
  public static func pascalVOC(
    _ sources: [DatasetSource], classes: [String]? = nil, requiresImageFiles: Bool = true,
    faults: FaultLog.Policy = .stopAtFirstError,
    willRead: @escaping (String) -> Void = { _ in }
  ) throws -> Dataset {
    precondition(!sources.isEmpty, "a data set needs at least one root folder, got \(sources.count)")
    let names = classes ?? PascalVOCClasses.names
    var reader = PascalVOCReader(
      classNames: names, requiresImageFiles: requiresImageFiles, log: FaultLog(faults), willRead: willRead)
    try reader.log.checkClasses(names, file: sources[0].root)
    for source in sources { try reader.read(source) }
    return Dataset(classNames: names, images: reader.images, faults: reader.log)
  }

  /// Reads one split of several roots.
  public static func pascalVOC(
    roots: [String], split: String, classes: [String]? = nil, requiresImageFiles: Bool = true,
    willRead: @escaping (String) -> Void = { _ in }
  ) throws -> Dataset {
    try pascalVOC(
      roots.map { DatasetSource(root: $0, split: split) }, classes: classes,
      requiresImageFiles: requiresImageFiles, willRead: willRead)
  }
}

/// Collects the images of splits in the layout of Pascal VOC.
private struct PascalVOCReader {
  let classNames: [String]
  private let requiresImageFiles: Bool
  private let willRead: (String) -> Void
  private let labels: [String: Int]
  private(set) var images: [AnnotatedImage] = []
  var log: FaultLog
  private var sourceOfIdentifier: [String: DatasetSource] = [:]

  init(
    classNames: [String], requiresImageFiles: Bool, log: FaultLog, willRead: @escaping (String) -> Void
  ) {
    self.log = log
    self.requiresImageFiles = requiresImageFiles
    self.willRead = willRead
    self.classNames = classNames
    labels = Dictionary(classNames.enumerated().map { ($1, $0 + 1) }, uniquingKeysWith: { first, _ in first })
  }

  mutating func read(_ source: DatasetSource) throws(DatasetError) {
    guard
      let list = try log.attempt(
        .unreadableSplit, { () throws(DatasetError) in try PascalVOCSplit(root: source.root, split: source.split) })
    else { return }
    for entry in list.entries {
      if let earlier = sourceOfIdentifier.updateValue(source, forKey: entry.identifier) {
        try noteSecond(entry, of: list, source, earlier: earlier)
        continue
      }
      if let image = try image(entry, of: list, root: source.root) { images.append(image) }
    }
  }

  private mutating func noteSecond(
    _ entry: PascalVOCSplit.Entry, of list: PascalVOCSplit, _ source: DatasetSource, earlier: DatasetSource
  ) throws(DatasetError) {
    let place = AnnotationPlace(file: list.path, line: entry.line)
    if earlier.root != source.root {
      let reason = "image \(entry.identifier) is also in the root \(earlier.root)"
      return try log.note(.ambiguousImage, place.error(reason))
    }
    let reason =
      earlier == source
      ? "image \(entry.identifier) is listed twice, taken once"
      : "image \(entry.identifier) is also in the split \(earlier.split), taken once"
    try log.note(.repeatedImage, place.error(reason))
  }

  private mutating func image(
    _ entry: PascalVOCSplit.Entry, of list: PascalVOCSplit, root: String
  ) throws(DatasetError) -> AnnotatedImage? {
    let annotationPath = "\(root)/Annotations/\(entry.identifier).xml"
    let place = AnnotationPlace(file: list.path, line: entry.line)
    guard FileManager.default.fileExists(atPath: annotationPath) else {
      let reason = "image \(entry.identifier) has no annotation \(annotationPath)"
      try log.note(.missingFile, place.error(reason))
      return nil
    }
    let candidates = ["jpg", "jpeg", "png", "JPG", "JPEG", "PNG"].map { "\(root)/JPEGImages/\(entry.identifier).\($0)" }
    let imagePath = candidates.first { FileManager.default.fileExists(atPath: $0) }
    var fileHeader: ImageHeader?
    if let imagePath {
      willRead(imagePath)
      fileHeader = try log.header(ofImage: imagePath)
      if fileHeader == nil { return nil }
    } else if requiresImageFiles {
      let reason = "image \(entry.identifier) has no file \(candidates[0]) (nor .jpeg or .png)"
      try log.note(.missingFile, place.error(reason))
      return nil
    }
    guard
      let annotation = try log.attempt(
        .brokenAnnotation, { () throws(DatasetError) in try PascalVOCAnnotation(contentsOf: annotationPath) })
    else { return nil }
    let stated = annotation.size.map { ImageHeader(width: $0.content.width, height: $0.content.height) }
    guard let header = fileHeader ?? stated else {
      let reason = "states no size, and there is no image \(candidates[0])"
      try log.note(.brokenAnnotation, DatasetError(file: annotationPath, reason: reason))
      return nil
    }
    for error in annotation.brokenObjects { try log.note(.brokenAnnotation, error) }
    if let stated = annotation.size {
      let allFit = annotation.objects.allSatisfy { $0.xMax <= Double(header.width) && $0.yMax <= Double(header.height) }
      guard
        try log.check(
          statedWidth: stated.content.width, statedHeight: stated.content.height, against: header,
          of: imagePath ?? candidates[0], mayBeExchanged: allFit,
          at: AnnotationPlace(file: annotationPath, line: stated.line))
      else { return nil }
    }
    var objects: [AnnotatedObject] = []
    for object in annotation.objects {
      if let object = try self.object(object, in: header, path: annotationPath) { objects.append(object) }
    }
    return AnnotatedImage(
      identifier: entry.identifier, imagePath: imagePath ?? candidates[0], annotationPath: annotationPath,
      width: header.width,
      height: header.height, objects: objects)
  }

  private mutating func object(
    _ object: PascalVOCAnnotation.Object, in header: ImageHeader, path: String
  ) throws(DatasetError) -> AnnotatedObject? {
    guard let label = labels[object.name.content] else {
      let place = AnnotationPlace(file: path, line: object.name.line, object: "object \(object.number)")
      try log.noteUnknownClass(object.name.content, classNames, at: place)
      return nil
    }
    let edges = PixelBox(xMin: object.xMin - 1, yMin: object.yMin - 1, xMax: object.xMax, yMax: object.yMax)
    guard
      let inside = try log.clip(
        edges, hasArea: object.xMin < object.xMax && object.yMin < object.yMax,
        written: "(\(object.xMin), \(object.yMin), \(object.xMax), \(object.yMax))", to: header,
        at: AnnotationPlace(file: path, line: object.boxLine, object: object.title))
    else { return nil }
    return AnnotatedObject(
      pixelBox: inside, label: label, isDifficult: object.isDifficult, width: header.width, height: header.height)
  }
}
