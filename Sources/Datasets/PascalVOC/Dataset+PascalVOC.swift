import Detection
import Foundation
import Images

extension Dataset {
  /// Reads a split in the layout of Pascal VOC: `ImageSets/Main/SPLIT.txt`, `Annotations/*.xml`, `JPEGImages/*`.
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
  ///   - roots: folders that each hold the split; their images follow one another.
  ///   - split: the split's name, as in `trainval`.
  ///   - classes: names in the order of their labels; nothing means the 20 of `PascalVOCClasses`.
  ///   - requiresImageFiles: whether an image may not be missing; in its place, the stated size is believed.
  ///   - willRead: called with the path of each image file before it is opened.
  /// - Throws: `DatasetError`.
  /// - Precondition: `roots` is not empty.
  public static func pascalVOC(
    roots: [String], split: String, classes: [String]? = nil, requiresImageFiles: Bool = true,
    willRead: @escaping (String) -> Void = { _ in }
  ) throws -> Dataset {
    precondition(!roots.isEmpty, "a data set needs at least one root folder, got \(roots.count)")
    var reader = PascalVOCReader(
      split: split, classNames: classes ?? PascalVOCClasses.names, requiresImageFiles: requiresImageFiles,
      willRead: willRead)
    if let problem = reader.problemWithClasses {
      throw DatasetError(file: roots[0], reason: "class list \(reader.classNames): \(problem)")
    }
    for root in roots { try reader.read(root: root) }
    return Dataset(classNames: reader.classNames, images: reader.images, warnings: reader.warnings)
  }
}

/// Collects the images of one split over all roots.
private struct PascalVOCReader {
  let split: String
  let classNames: [String]
  private let requiresImageFiles: Bool
  private let willRead: (String) -> Void
  private let labels: [String: Int]
  private(set) var images: [AnnotatedImage] = []
  private(set) var warnings: [String] = []
  private var rootOfIdentifier: [String: String] = [:]

  init(split: String, classNames: [String], requiresImageFiles: Bool, willRead: @escaping (String) -> Void) {
    self.split = split
    self.requiresImageFiles = requiresImageFiles
    self.willRead = willRead
    self.classNames = classNames
    labels = Dictionary(classNames.enumerated().map { ($1, $0 + 1) }, uniquingKeysWith: { first, _ in first })
  }

  /// Why the names cannot serve as classes, if so.
  var problemWithClasses: String? {
    if classNames.isEmpty { return "no class" }
    return labels.count < classNames.count ? "a name occurs twice" : nil
  }

  mutating func read(root: String) throws {
    let list = try PascalVOCSplit(root: root, split: split)
    for entry in list.entries {
      if let earlier = rootOfIdentifier.updateValue(root, forKey: entry.identifier) {
        if earlier != root {
          throw DatasetError(
            file: list.path, line: entry.line, reason: "image \(entry.identifier) is also in the root \(earlier)")
        }
        warnings.append("\(list.path):\(entry.line): image \(entry.identifier) is listed twice, taken once")
        continue
      }
      images.append(try image(entry, of: list, root: root))
    }
  }

  private mutating func image(
    _ entry: PascalVOCSplit.Entry, of list: PascalVOCSplit, root: String
  ) throws -> AnnotatedImage {
    let annotationPath = "\(root)/Annotations/\(entry.identifier).xml"
    guard FileManager.default.fileExists(atPath: annotationPath) else {
      throw DatasetError(
        file: list.path, line: entry.line, reason: "image \(entry.identifier) has no annotation \(annotationPath)")
    }
    let candidates = ["jpg", "jpeg", "png", "JPG", "JPEG", "PNG"].map { "\(root)/JPEGImages/\(entry.identifier).\($0)" }
    let imagePath = candidates.first { FileManager.default.fileExists(atPath: $0) }
    if imagePath == nil, requiresImageFiles {
      throw DatasetError(
        file: list.path, line: entry.line,
        reason: "image \(entry.identifier) has no file \(candidates[0]) (nor .jpeg or .png)")
    }
    let header = try imagePath.map(size(ofFile:))
    let annotation = try PascalVOCAnnotation(contentsOf: annotationPath)
    if let header { try checkStatedSize(annotation, actual: header, path: annotationPath) }
    guard let size = header ?? annotation.size?.content else {
      throw DatasetError(file: annotationPath, reason: "states no size, and there is no image \(candidates[0])")
    }
    return AnnotatedImage(
      identifier: entry.identifier, imagePath: imagePath ?? candidates[0], annotationPath: annotationPath,
      width: size.width, height: size.height,
      objects: try annotation.objects.compactMap { try object($0, size: size, path: annotationPath) })
  }

  private func size(ofFile path: String) throws -> (width: Int, height: Int) {
    willRead(path)
    do {
      return try Image.size(ofFile: path)
    } catch let error as ImageError {
      throw DatasetError(file: path, reason: error.reason)
    }
  }

  private mutating func checkStatedSize(
    _ annotation: PascalVOCAnnotation, actual: (width: Int, height: Int), path: String
  ) throws {
    guard let stated = annotation.size, stated.content != actual else { return }
    let difference =
      "the annotation states \(stated.content.width)×\(stated.content.height) pixels, the image has "
      + "\(actual.width)×\(actual.height)"
    let isExchanged = stated.content == (actual.height, actual.width)
    let allFit = annotation.objects.allSatisfy { $0.xMax <= Double(actual.width) && $0.yMax <= Double(actual.height) }
    guard isExchanged, allFit else { throw DatasetError(file: path, line: stated.line, reason: difference) }
    warnings.append("\(path):\(stated.line): \(difference); every box fits the image, whose size is used")
  }

  private mutating func object(
    _ object: PascalVOCAnnotation.Object, size: (width: Int, height: Int), path: String
  ) throws -> AnnotatedObject? {
    guard let label = labels[object.name.content] else {
      throw DatasetError(
        file: path, line: object.name.line, object: "object \(object.number)",
        reason: "unknown class \"\(object.name.content)\"; the classes are \(classNames.joined(separator: ", "))")
    }
    let place = "\(path):\(object.boxLine): \(object.title)"
    let numbers = "(\(object.xMin), \(object.yMin), \(object.xMax), \(object.yMax))"
    guard object.xMin < object.xMax, object.yMin < object.yMax else {
      warnings.append("\(place): box \(numbers) has no area, dropped")
      return nil
    }
    let edges = PixelBox(xMin: object.xMin - 1, yMin: object.yMin - 1, xMax: object.xMax, yMax: object.yMax)
    guard let inside = edges.clipped(width: size.width, height: size.height) else {
      warnings.append("\(place): box \(numbers) lies outside the image of \(size.width)×\(size.height) pixels, dropped")
      return nil
    }
    if inside != edges {
      warnings.append(
        "\(place): box \(numbers) reaches outside the image of \(size.width)×\(size.height) pixels, clipped")
    }
    return AnnotatedObject(
      pixelBox: inside, label: label, isDifficult: object.isDifficult, width: size.width, height: size.height)
  }
}
