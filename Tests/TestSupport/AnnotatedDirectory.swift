import Datasets
import Foundation
import Images

/// A Pascal VOC layout in a temporary directory, removed with the value.
package final class AnnotatedDirectory {
  package let root: String

  package init() throws {
    root = NSTemporaryDirectory() + "multibox-datasets-" + UUID().uuidString
    for folder in ["Annotations", "JPEGImages", "ImageSets/Main"] {
      try FileManager.default.createDirectory(atPath: "\(root)/\(folder)", withIntermediateDirectories: true)
    }
  }

  deinit {
    try? FileManager.default.removeItem(atPath: root)
  }

  package func annotationPath(_ identifier: String) -> String { "\(root)/Annotations/\(identifier).xml" }
  package func imagePath(_ identifier: String) -> String { "\(root)/JPEGImages/\(identifier).png" }
  package func splitPath(_ split: String) -> String { "\(root)/ImageSets/Main/\(split).txt" }

  package func write(split: String, _ text: String) throws {
    try text.write(toFile: splitPath(split), atomically: true, encoding: .utf8)
  }

  package func write(annotation identifier: String, _ text: String) throws {
    try text.write(toFile: annotationPath(identifier), atomically: true, encoding: .utf8)
  }

  /// Writes an image whose pixels all differ in a way that depends on the name.
  package func write(image identifier: String, width: Int, height: Int) throws {
    var pixels = identifier.utf8.reduce(UInt8(0)) { $0 &* 31 &+ $1 }
    let picture = Image(
      width: width, height: height,
      pixels: (0..<width * height * 3).map { _ in
        pixels = pixels &* 5 &+ 3
        return pixels
      })
    try picture.writePNG(to: imagePath(identifier))
  }

  /// Writes an image, its annotation and a split "train" that lists only this image.
  package func write(only identifier: String, width: Int, height: Int, annotation: String) throws {
    try write(image: identifier, width: width, height: height)
    try write(annotation: identifier, annotation)
    try write(split: "train", identifier + "\n")
  }

  package func read(_ split: String = "train", classes: [String]? = nil) throws -> Dataset {
    try Dataset.pascalVOC(roots: [root], split: split, classes: classes)
  }

  /// A training set of small images, each with one box.
  package func writeImages(count: Int, width: Int = 40, height: Int = 30) throws {
    let identifiers = (0..<count).map { "image\($0)" }
    for (index, identifier) in identifiers.enumerated() {
      try write(image: identifier, width: width, height: height)
      try write(
        annotation: identifier,
        """
        <annotation><object><name>dog</name><bndbox><xmin>\(2 + index)</xmin><ymin>5</ymin><xmax>\(20 + index)</xmax>
        <ymax>25</ymax></bndbox></object></annotation>
        """)
    }
    try write(split: "train", identifiers.joined(separator: "\n"))
  }
}
