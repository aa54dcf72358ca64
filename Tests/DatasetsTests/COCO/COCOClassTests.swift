import Datasets
import Foundation
import Testing

/// How categories of one or several files become classes.
@Suite struct COCOClassTests {
  private typealias Record = COCODirectory

  private func source(_ folder: COCODirectory) -> DatasetSource { DatasetSource(root: folder.root, split: "train2017") }

  private func read(_ folder: COCODirectory, _ classes: [String]?, mayLackClasses: Bool = true) throws -> Dataset {
    try folder.write()
    return try Dataset(.coco, [source(folder)], classes: classes, mayLackClasses: mayLackClasses)
  }

  @Test func `Categories are classes by their names, whatever their numbers and order`() throws {
    let folder = try COCODirectory(annotations: [Record.annotation(1, category: 0), Record.annotation(2, category: 7)])
    folder["categories"] = #"[{"id": 7, "name": "cat"}, {"id": 0, "name": "zebra"}]"#
    let dataset = try read(folder, ["cat", "dog", "zebra"])
    #expect(dataset.images[1].objects.map(\.groundTruth.label) == [3, 1])
    #expect(dataset.cocoIdentifiers?.categories == [7, nil, 0])
    #expect(dataset.warnings == ["\(folder.path()): has no category \"dog\": no object of this class"])
    #expect(dataset.faults.counts == [.absentCategory: 1])
  }

  @Test func `A category without objects is no fault`() throws {
    let folder = try COCODirectory(annotations: [Record.annotation(1)])
    #expect(try read(folder, ["cat", "dog", "zebra"]).warnings.isEmpty)
    #expect(try read(folder, nil, mayLackClasses: false).classNames == ["cat", "dog", "zebra"])
  }

  @Test func `A class that no training file has is an error with the list that would do`() throws {
    let folder = try COCODirectory(annotations: [Record.annotation(1)])
    folder["categories"] =
      #"[{"id": 5, "name": "traffic light: red"}, {"id": 6, "name": "no"}, {"id": 7, "name": "a-1 b"}]"#
    let error = try #require(throws: DatasetError.self) {
      try read(folder, ["dgo", "a-1 b", "x"], mayLackClasses: false)
    }
    #expect(
      error.description
        == "\(folder.path()): has no category \"dgo\", \"x\", which are classes; its categories are "
        + "a-1 b, traffic light: red, no; for all that the data have, classes: [a-1 b, \"traffic light: red\", \"no\"]")
    // What is missing in one file may be in another.
    let second = try COCODirectory(images: ["c.png"])
    second["images"] = "[\(COCODirectory.image(30, "c.png"))]"
    second["categories"] = #"[{"id": 1, "name": "dgo"}, {"id": 2, "name": "x"}]"#
    try second.write()
    let dataset = try Dataset(.coco, [source(folder), source(second)], classes: ["dgo", "a-1 b", "x"])
    #expect(dataset.faults.counts == [.absentCategory: 2, .unlistedCategory: 1])
  }

  @Test(arguments: [true, false])
  func `Classes none of which the file has are an error, also in an evaluation`(mayLackClasses: Bool) throws {
    let folder = try COCODirectory(annotations: [Record.annotation(1)])
    let error = try #require(throws: DatasetError.self) {
      try read(folder, ["Dog", "Cat"], mayLackClasses: mayLackClasses)
    }
    #expect(
      error.description
        == "\(folder.path()): has none of the classes Dog, Cat; its categories are cat, dog, zebra; "
        + "for all that the data have, classes: [cat, dog, zebra]")
    let all = try Dataset(
      .coco, [source(folder)], classes: ["Dog", "Cat"], mayLackClasses: mayLackClasses, faults: .listAll)
    #expect(all.faults.counts[.unknownClass] == 1)
  }

  /// What Roboflow exports of a data set with the single class `raccoon` in a project `raccoon`.
  private static let roboflow =
    #"[{"id": 0, "name": "raccoon", "supercategory": "none"}, {"id": 1, "name": "raccoon", "supercategory": "raccoon"}]"#

  @Test func `A group that is called like its only class is left out, with a note`() throws {
    let folder = try COCODirectory(annotations: [Record.annotation(1, category: 1)])
    folder["categories"] = Self.roboflow
    for classes in [nil, ["raccoon"]] {
      let dataset = try read(folder, classes, mayLackClasses: false)
      #expect(dataset.classNames == ["raccoon"])
      #expect(dataset.images[1].objects.map(\.groundTruth.label) == [1])
      #expect(dataset.cocoIdentifiers?.categories == [1])
      #expect(
        dataset.warnings == [
          "\(folder.path()):4: categories[0] (id 0): \"raccoon\" has no annotation and the name of the category 1, left out"
        ])
    }
    #expect(try Dataset.categoryNames(ofCOCO: source(folder)) == ["raccoon"])
    // Whichever has the objects stays; without objects, the one that belongs to a group.
    folder["annotations"] = "[\(Record.annotation(1, category: 0))]"
    #expect(try read(folder, nil).cocoIdentifiers?.categories == [0])
    folder["annotations"] = "[]"
    #expect(try read(folder, nil).cocoIdentifiers?.categories == [1])
  }

  @Test func `A group of another name is left out, unless it has objects or is asked for`() throws {
    let folder = try COCODirectory(annotations: [Record.annotation(1, category: 1)])
    folder["categories"] =
      #"[{"id": 0, "name": "pets", "supercategory": "none"}, {"id": 1, "name": "cat", "supercategory": "pets"}]"#
    let dataset = try read(folder, nil)
    #expect(dataset.classNames == ["cat"])
    #expect(
      dataset.warnings == [
        "\(folder.path()):4: categories[0] (id 0): \"pets\" has no annotation and names the group of others, left out"
      ])
    #expect(try read(folder, ["pets", "cat"]).classNames == ["pets", "cat"])
    folder["annotations"] = "[\(Record.annotation(1, category: 0))]"
    #expect(try read(folder, nil).classNames == ["pets", "cat"])
  }

  @Test func `Objects of categories that are no classes are counted by category, with the list that has them`() throws {
    let folder = try COCODirectory(annotations: [
      Record.annotation(1, category: 9), Record.annotation(2, category: 2), Record.annotation(3, category: 2),
      Record.annotation(4, category: 5),
    ])
    #expect(
      try read(folder, ["dog"]).warnings == [
        "\(folder.path()): 3 of 4 objects are of categories that are no classes, left out: cat 2, zebra 1; "
          + "for all that the data have, classes: [dog, cat, zebra]"
      ])
  }

  @Test(arguments: ["background", "_background_", "__background__", "BACKGROUND"])
  func `A background without objects is no class, with or without a list of classes`(name: String) throws {
    let folder = try COCODirectory(annotations: [Record.annotation(1)])
    folder["categories"] = #"[{"id": 0, "name": "\#(name)"}, {"id": 5, "name": "dog"}, {"id": 6, "name": "cat"}]"#
    for classes in [nil, ["dog", "cat"]] {
      let dataset = try read(folder, classes, mayLackClasses: false)
      #expect(dataset.classNames == ["dog", "cat"] && dataset.images[1].objects.map(\.groundTruth.label) == [1])
      #expect(
        dataset.warnings == [
          "\(folder.path()):4: categories[0] (id 0): \"\(name)\" has no annotation and is no class, left out"
        ])
    }
    #expect(try Dataset.categoryNames(ofCOCO: source(folder)) == ["dog", "cat"])
    // One that is annotated is an error as before, and so is one that is asked for.
    folder["annotations"] = "[\(Record.annotation(1, category: 0))]"
    #expect(try #require(throws: DatasetError.self) { try read(folder, nil) }.reason.contains("is no class: what is"))
    folder["annotations"] = "[\(Record.annotation(1))]"
    #expect(throws: DatasetError.self) { try read(folder, ["dog", name]) }
  }
}
