import Datasets
import Foundation
import TestSupport
import Testing

/// Counts were made with an independent reader (Python's ElementTree).
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
}
