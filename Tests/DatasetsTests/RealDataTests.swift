import Datasets
import Foundation
import TestSupport
import Testing

/// Counts were made with independent readers (Python's ElementTree and json).
@Suite struct RealDataTests {
  @Test(
    .enabled(if: SharedData.has("voc2007-mini"), "voc2007-mini is not in \(SharedData.root)"),
    arguments: [("trainval", 300, 921, 178), ("test", 150, 412, 70)])
  func `the excerpt of VOC2007 is read completely`(split: String, images: Int, objects: Int, difficult: Int) throws {
    let dataset = try Dataset.pascalVOC(roots: ["\(SharedData.root)/voc2007-mini"], split: split)
    let all = dataset.images.flatMap(\.objects)
    #expect(dataset.images.count == images)
    #expect(all.count == objects)
    #expect(all.count { $0.groundTruth.isDifficult } == difficult)
    #expect(dataset.warnings.isEmpty)
    #expect(Set(all.map(\.groundTruth.label)) == Set(1...20))
  }

  @Test(
    .enabled(if: SharedData.has("bccd"), "bccd is not in \(SharedData.root)"),
    arguments: [
      ("train", 205, 2804, ["BloodImage_00343"]), ("val", 87, 1137, ["BloodImage_00338"]), ("test", 72, 945, []),
      ("trainval", 292, 3941, ["BloodImage_00338", "BloodImage_00343"]),
    ])
  func `the blood cells are read and boxes without area reported`(
    split: String, images: Int, objects: Int, broken: [String]
  ) throws {
    let root = "\(SharedData.root)/bccd"
    let dataset = try Dataset.pascalVOC(roots: [root], split: split, classes: ["RBC", "WBC", "Platelets"])
    #expect(dataset.images.count == images)
    #expect(dataset.images.flatMap(\.objects).count == objects)
    #expect(dataset.warnings.count == broken.count)
    for (warning, identifier) in zip(dataset.warnings, broken) {
      #expect(warning.hasPrefix("\(root)/Annotations/\(identifier).xml:"))
      #expect(warning.hasSuffix("has no area, dropped"))
    }
  }

  @Test(.enabled(if: SharedData.has("coco"), "coco is not in \(SharedData.root)"))
  func `the excerpt of COCO is read completely`() throws {
    let source = DatasetSource(root: "\(SharedData.root)/coco/coco-mini", split: "train2017")
    let dataset = try Dataset(.coco, [source])
    let all = dataset.images.flatMap(\.objects)
    #expect(dataset.warnings.isEmpty)
    #expect(dataset.classNames.count == 80 && dataset.classNames[11] == "stop sign")
    #expect(dataset.images.count == 49 && all.count == 399)
    #expect(all.count { $0.isCrowd } == 8)
    #expect(dataset.images.count { $0.objects.isEmpty } == 2)
    #expect(all.reduce(0) { $0 + $1.groundTruth.label } == 10552)
    #expect(abs(all.reduce(0) { $0 + $1.pixelBox.area } - 8_246_602.2498) < 0.001)
    #expect(abs(all.reduce(0) { $0 + ($1.area ?? .nan) } - 4_427_328.3938) < 0.001)
    let numbers = try #require(dataset.cocoIdentifiers)
    #expect(numbers.categories[11] == 13 && numbers.categories.last == 90)
    let index = try #require(numbers.images.firstIndex(of: 73))
    let image = dataset.images[index]
    #expect(image.identifier == "000000000073.jpg" && (image.width, image.height) == (565, 640))
    #expect(image.objects.map(\.groundTruth.label) == [4, 4])
    // The grey image among them becomes RGB.
    for image in dataset.images { _ = try image.load() }
    let few = try Dataset(.coco, [source], classes: ["dog", "person", "cat"])
    #expect(
      (1...3).map { label in few.images.flatMap(\.objects).count { $0.groundTruth.label == label } } == [4, 108, 3])
  }
}
