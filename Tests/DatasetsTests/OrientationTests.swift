import Datasets
import Foundation
import Images
import TestSupport
import Testing

/// Annotations refer to the pixels as they are stored, whatever EXIF says about showing them.
@Suite struct OrientationTests {
  /// A JPEG file of 40×30 stored pixels that is to be shown turned to 30×40.
  static func turnedJPEG() throws -> Data {
    let bytes = try Image(width: 40, height: 30, pixels: (0..<3600).map { UInt8($0 % 251) }).jpeg(quality: 90)
    let tiff: [UInt8] = [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0]
    let content = Array("Exif\0\0".utf8) + tiff
    return Data(bytes[..<2] + [0xFF, 0xE1, 0, UInt8(content.count + 2)] + content + bytes[2...])
  }

  private static let refusal =
    "the annotation states 30×40 pixels, the image has 40×30 and the EXIF orientation 6: boxes were drawn on the turned image"

  private func voc(width: Int, height: Int) throws -> (AnnotatedDirectory, Dataset?, DatasetError?) {
    let folder = try AnnotatedDirectory()
    try Self.turnedJPEG().write(to: URL(fileURLWithPath: "\(folder.root)/JPEGImages/a.jpg"))
    try folder.write(split: "train", "a\n")
    try folder.write(
      annotation: "a",
      """
      <annotation><size><width>\(width)</width><height>\(height)</height></size><object><name>dog</name>
      <bndbox><xmin>2</xmin><ymin>3</ymin><xmax>20</xmax><ymax>25</ymax></bndbox></object></annotation>
      """)
    do { return (folder, try folder.read(), nil) } catch { return (folder, nil, error as? DatasetError) }
  }

  @Test func `a VOC annotation of the stored image is used, with a warning`() throws {
    let (folder, dataset, _) = try voc(width: 40, height: 30)
    let image = try #require(dataset?.images.first)
    #expect((image.width, image.height) == (40, 30) && image.objects.count == 1)
    #expect(
      dataset?.warnings == [
        "\(folder.root)/JPEGImages/a.jpg: has the EXIF orientation 6, which is not applied: boxes are taken to refer to the stored pixels"
      ])
    #expect(try image.load().width == 40)
  }

  @Test func `a VOC annotation of the turned image is refused, though its boxes fit`() throws {
    let (_, _, error) = try voc(width: 30, height: 40)
    #expect(error?.reason.hasPrefix(Self.refusal) == true, "\(String(describing: error))")
  }

  @Test func `the same goes for COCO`() throws {
    let folder = try COCODirectory(annotations: [COCODirectory.annotation(1)], images: [])
    try Self.turnedJPEG().write(to: URL(fileURLWithPath: "\(folder.root)/train2017/a.jpg"))
    folder["images"] = "[\(COCODirectory.image(3, "a.jpg"))]"
    let dataset = try folder.read()
    #expect(dataset.images[0].objects.count == 1 && dataset.images[0].width == 40)
    #expect(dataset.faults.counts == [.orientation: 1])
    folder["images"] = "[\(COCODirectory.image(3, "a.jpg", width: 30, height: 40))]"
    let error = try #require(throws: DatasetError.self) { try folder.read() }
    #expect(error.reason.hasPrefix(Self.refusal), "\(error)")
  }
}
