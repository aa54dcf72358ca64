import Datasets
import Foundation
import Images
import TestSupport

/// YOLO data in a temporary directory: `data.yaml` with three classes, and images of 40×30 pixels in `images/train`.
final class YOLODirectory {
  private let directory: TemporaryDirectory
  /// Some levels down: a damaged path with `..` in it does not lead to what else the machine has.
  var root: String { "\(directory.path)/of/a/project" }

  static let names = "names: [cat, dog, zebra]\n"

  /// - Parameter labels: of the image `a.png`; without any, there is none.
  init(labels: String? = nil, yaml: String? = "path: .\ntrain: images/train\n" + names) throws {
    directory = try TemporaryDirectory()
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    if let labels {
      try write(image: "images/train/a.png")
      try write(labels, to: "labels/train/a.txt")
    }
    if let yaml { try write(yaml, to: "data.yaml") }
  }

  var labelPath: String { "\(root)/labels/train/a.txt" }

  private func parent(_ file: String) throws -> URL {
    let url = URL(fileURLWithPath: "\(root)/\(file)")
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    return url
  }

  func write(image file: String, width: Int = 40, height: Int = 30) throws {
    let shade = UInt8(file.utf8.reduce(0) { ($0 * 31 + Int($1)) % 251 })
    let picture = Image(width: width, height: height, pixels: Array(repeating: shade, count: width * height * 3))
    try picture.writePNG(to: parent(file).path)
  }

  func write(_ text: String, to file: String) throws { try write(Data(text.utf8), to: file) }

  func write(_ data: Data, to file: String) throws { try data.write(to: parent(file)) }

  func read(
    _ split: String = "train", classes: [String]? = nil, faults: FaultLog.Policy = .stopAtFirstError,
    root: String? = nil
  ) throws -> Dataset {
    try Dataset(.yolo, [DatasetSource(root: root ?? self.root, split: split)], classes: classes, faults: faults)
  }

  func error(_ split: String = "train", classes: [String]? = nil) -> DatasetError? {
    do {
      _ = try read(split, classes: classes)
      return nil
    } catch {
      return error as? DatasetError
    }
  }
}
