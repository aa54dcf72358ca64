import Configuration
import Doctor
import Foundation
import Images
import MessagePassing
import Synthetic
import TestSupport
import Testing
import Training

/// A synthetic data set, to be broken. The annotation 000001 has two circles, the first with the lines of a usual file.
final class BrokenDataset: Sendable {
  private let directory: TemporaryDirectory
  var path: String { directory.path + "/data" }

  init(images: Int = NarrowExperiment.images) throws {
    directory = try TemporaryDirectory()
    try SyntheticDataset(images: images, seed: 1).write(to: path)
    let size = try read("Annotations/000001.xml").firstMatch(of: #/<size>(.|\n)*<\/size>/#).map { String($0.output.0) }
    let annotation = """
      <annotation>
      \t<folder>synthetic</folder>
      \t<filename>000001.jpg</filename>
      \t<source>
      \t\t<database>multibox synthesize</database>
      \t</source>
      \t\(try #require(size))
      \t<segmented>0</segmented>
      \t<object>
      \t\t<name>circle</name>
      \t\t<pose>Unspecified</pose>
      \t\t<truncated>0</truncated>
      \t\t<difficult>0</difficult>

      \t\t<bndbox>
      \t\t\t<xmin>20</xmin><ymin>30</ymin><xmax>120</xmax><ymax>140</ymax>
      \t\t</bndbox>
      \t</object>
      \t<object><name>circle</name><bndbox><xmin>9</xmin><ymin>9</ymin><xmax>99</xmax><ymax>99</ymax></bndbox></object>
      </annotation>
      """
    try write(annotation, to: "Annotations/000001.xml")
  }

  func read(_ file: String) throws -> String { try String(contentsOfFile: "\(path)/\(file)", encoding: .utf8) }

  func write(_ text: String, to file: String) throws {
    try text.write(toFile: "\(path)/\(file)", atomically: true, encoding: .utf8)
  }

  func append(_ text: String, to file: String) throws { try write(try read(file) + text, to: file) }

  func edit(file: String, _ pattern: Regex<Substring>, _ replacement: String) throws {
    let text = try read(file)
    try #require(text.firstMatch(of: pattern) != nil)
    try write(text.replacing(pattern, with: replacement, maxReplacements: 1), to: file)
  }

  func edit(_ image: String, _ pattern: Regex<Substring>, _ replacement: String) throws {
    try edit(file: "Annotations/\(image).xml", pattern, replacement)
  }

  func setBox(of image: String, _ xMin: Int, _ yMin: Int, _ xMax: Int, _ yMax: Int) throws {
    for (name, value) in [("xmin", xMin), ("ymin", yMin), ("xmax", xMax), ("ymax", yMax)] {
      try edit(image, try Regex("<\(name)>[0-9]+</\(name)>"), "<\(name)>\(value)</\(name)>")
    }
  }

  func cut(_ file: String) throws {
    let url = URL(fileURLWithPath: "\(path)/\(file)")
    let bytes = try Data(contentsOf: url)
    try bytes.prefix(bytes.count / 2).write(to: url)
  }

  func remove(_ file: String) throws { try FileManager.default.removeItem(atPath: "\(path)/\(file)") }

  /// Puts the image and annotation of one image in the place of another.
  func copy(image: String, to other: String) throws {
    try copy(picture: image, to: other)
    try write(read("Annotations/\(image).xml"), to: "Annotations/\(other).xml")
  }

  /// Puts the image of one image in the place of another's.
  func copy(picture image: String, to other: String) throws {
    try remove("JPEGImages/\(other).jpg")
    try FileManager.default.copyItem(
      atPath: "\(path)/JPEGImages/\(image).jpg", toPath: "\(path)/JPEGImages/\(other).jpg")
  }

  /// Puts an image of the same size in the place of an image, with samples of 12 bits in 16.
  func darken(image: String) throws {
    let file = "\(path)/JPEGImages/\(image).jpg"
    let header = try ImageHeader(ofFile: file)
    let samples = (0..<header.width * header.height).map { UInt16($0 % 4096) }
    try Data(deepPNG(width: header.width, height: header.height, samples: samples)).write(
      to: URL(fileURLWithPath: file))
  }

  /// Puts an EXIF segment before all others.
  func tag(image: String, orientation: UInt8) throws {
    let url = URL(fileURLWithPath: "\(path)/JPEGImages/\(image).jpg")
    let bytes = try Data(contentsOf: url)
    let tiff: [UInt8] = [
      0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0,
    ]
    let content = Array("Exif\0\0".utf8) + tiff
    try (bytes.prefix(2) + [0xFF, 0xE1, 0, UInt8(content.count + 2)] + content + bytes.dropFirst(2)).write(to: url)
  }

  /// Changes the sides that the header of a baseline JPEG file states, and the annotation with it; the rest of the file goes.
  func setSides(ofJPEG image: String, width: Int, height: Int) throws {
    let url = URL(fileURLWithPath: "\(path)/JPEGImages/\(image).jpg")
    var bytes = [UInt8](try Data(contentsOf: url))
    let frame = try #require(bytes.indices.dropLast().first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 }) + 5
    bytes.replaceSubrange(frame..<frame + 4, with: [height >> 8, height, width >> 8, width].map { UInt8($0 & 0xFF) })
    try Data(bytes.prefix(2000)).write(to: url)
    try edit(image, #/<width>\d+<\/width>/#, "<width>\(width)</width>")
    try edit(image, #/<height>\d+<\/height>/#, "<height>\(height)</height>")
  }

  /// Examines a narrow experiment on the data set.
  func diagnose(_ overrides: String..., readsPixels: Bool = true) throws -> Diagnosis {
    let yaml = NarrowExperiment.yaml(data: path, output: directory.path + "/run").replacing(
      "evaluation: {every: null}", with: "evaluation: {every: 1}")
    let configuration = try Configuration(yaml: yaml, name: "narrow.yaml", overrides: overrides)
    return try Doctor(Job(SingleProcessCommunicator()), readsPixels: readsPixels).examine { configuration }
  }

  /// What is wrong with the data.
  func troubles(in diagnosis: Diagnosis) -> [Finding] {
    diagnosis.findings.filter {
      ["training data", "evaluation data", "classes", "box sizes", "default boxes"].contains($0.check)
        && $0.status != .ok
    }
  }

  func troubles() throws -> [Finding] { troubles(in: try diagnose()) }
}
