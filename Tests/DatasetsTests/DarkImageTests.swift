import Datasets
import Foundation
import TestSupport
import Testing

/// Images of 16 bits that are read as nearly black.
struct DarkImageTests {
  private func write(_ largest: UInt16, to path: String, statedBits: UInt8? = nil) throws {
    let samples = (0..<40 * 30).map { UInt16($0) % (largest + 1) | ($0 == 7 ? largest : 0) }
    try Data(deepPNG(width: 40, height: 30, statedBits: statedBits, samples: samples)).write(
      to: URL(fileURLWithPath: path))
  }

  @Test func `Reading a COCO split warns of the first`() throws {
    let folder = try COCOFolder(annotations: [COCOFolder.annotation(1)])
    try write(4095, to: folder.root + "/train2017/a.png")
    try write(4095, to: folder.root + "/train2017/b.png")
    let dataset = try folder.read()
    #expect(
      dataset.warnings == [
        "\(folder.root)/train2017/b.png: has 16 bits a sample but none above 4095 of 65535, as samples of 12 bits are: it is "
          + "read as nearly black; scale the samples to 16 bits, or state theirs in an sBIT chunk"
      ])
    // An examination decodes all images later.
    #expect(try folder.read(faults: .listAll).warnings.isEmpty)
    for name in ["a", "b"] { try write(4095, to: "\(folder.root)/train2017/\(name).png", statedBits: 12) }
    #expect(try folder.read().warnings.isEmpty)
    #expect(try folder.read().images[1].load().pixels.max() == 255)
    for name in ["a", "b"] { try write(60_000, to: "\(folder.root)/train2017/\(name).png") }
    #expect(try folder.read().warnings.isEmpty)
  }

  @Test func `Reading a Pascal VOC split warns too`() throws {
    let folder = try AnnotatedFolder()
    try folder.writeImages(count: 2)
    try write(1023, to: folder.imagePath("image1"))
    let warnings = try folder.read(classes: ["dog"]).warnings.filter { $0.contains("16 bits") }
    #expect(warnings.count == 1 && warnings[0].contains("none above 1023 of 65535, as samples of 10 bits"))
  }
}
