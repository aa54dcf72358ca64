import Datasets
import Foundation
import TestSupport
import Testing

/// Images of 16 bits that are read as nearly black.
struct DarkImageTests {
  fileprivate static let reason =
    "has 16 bits a sample but none above 4095 of 65535, as samples of 12 bits are: it is read as nearly black; "
    + "scale the samples to 16 bits, or state theirs in an sBIT chunk"

  private func write(_ largest: UInt16, to path: String, statedBits: UInt8? = nil) throws {
    let samples = (0..<40 * 30).map { UInt16($0 * Int(largest) / 1199) }
    try Data(deepPNG(width: 40, height: 30, statedBits: statedBits, samples: samples)).write(
      to: URL(fileURLWithPath: path))
  }

  @Test func `Reading a COCO split warns once, with the first and the number of the others`() throws {
    let folder = try COCODirectory(annotations: [COCODirectory.annotation(1)])
    try write(4095, to: folder.root + "/train2017/a.png")
    try write(4095, to: folder.root + "/train2017/b.png")
    let dataset = try folder.read()
    #expect(
      dataset.warnings == ["\(folder.root)/train2017/b.png: \(Self.reason) (and 1 more like it)"])
    // An examination decodes all images later.
    #expect(try folder.read(faults: .listAll).warnings.isEmpty)
    for name in ["a", "b"] { try write(4095, to: "\(folder.root)/train2017/\(name).png", statedBits: 12) }
    #expect(try folder.read().warnings.isEmpty)
    #expect(try folder.read().images[1].load().pixels.max() == 255)
    for name in ["a", "b"] { try write(60_000, to: "\(folder.root)/train2017/\(name).png") }
    #expect(try folder.read().warnings.isEmpty)
  }

  @Test func `Reading a Pascal VOC split warns too`() throws {
    let folder = try AnnotatedDirectory()
    try folder.writeImages(count: 2)
    try write(1023, to: folder.imagePath("image1"))
    let warnings = try folder.read(classes: ["dog"]).warnings.filter { $0.contains("16 bits") }
    #expect(warnings.count == 1 && warnings[0].contains("none above 1023 of 65535, as samples of 10 bits"))
    #expect(warnings.allSatisfy { !$0.contains("more like it") })
  }

  @Test func `Every image is looked at, however many good ones come before, and all roots have one warning`() throws {
    let folders = [try AnnotatedDirectory(), try AnnotatedDirectory()]
    for folder in folders {
      try folder.writeImages(count: 100)
      for index in 0..<100 { try write(index < 98 ? 60_000 : 4095, to: folder.imagePath("image\(index)")) }
    }
    let warnings = try Dataset.pascalVOC(roots: folders.map(\.root), split: "train", classes: ["dog"]).warnings
      .filter { $0.contains("16 bits") }
    #expect(warnings == ["\(folders[0].imagePath("image98")): \(Self.reason) (and 3 more like it)"])
  }
}
