import Datasets
import Foundation
import TestSupport
import Testing

/// Files that are not there are told together.
@Suite struct MissingFilesTests {
  private func folder(_ count: Int, in place: String) throws -> COCODirectory {
    let folder = try COCODirectory(images: [])
    let names = (1...count).map { "image-\($0).png" }
    folder["images"] = "[\(names.enumerated().map { COCODirectory.image($0 + 1, $1) }.joined(separator: ",\n"))]"
    for name in names { try folder.write(image: name, in: place) }
    return folder
  }

  @Test(arguments: [FaultLog.Policy.stopAtFirstError, .listAll])
  func `Missing images are one line with their number, the places, and where they are`(policy: FaultLog.Policy) throws {
    let folder = try folder(46, in: "photos/all")
    let line =
      "\(folder.path()): 46 of 46 images are missing: image-1.png, image-2.png, image-3.png, …; looked in "
      + "\(folder.root)/train2017, \(folder.root)/images/train2017, \(folder.root)/images, \(folder.root); "
      + "files of these names are elsewhere: 46 in \(folder.root)/photos/all; "
      + "set data.image_directory: \(folder.root)/photos/all"
    switch policy {
    case .listAll:
      #expect(try folder.read(faults: .listAll).faults.lines == [line])
    default:
      #expect(try #require(throws: DatasetError.self) { try folder.read() }.description == line)
    }
  }

  @Test func `Several places are counted, and no directory is advised`() throws {
    let folder = try folder(5, in: "photos/all")
    for index in 1...2 { try folder.write(image: "image-\(index).png", in: "more") }
    try FileManager.default.removeItem(atPath: folder.root + "/photos/all/image-1.png")
    try folder.write(image: "image-3.png", in: "images")
    let error = try #require(throws: DatasetError.self) { try folder.read() }
    #expect(error.reason.hasPrefix("4 of 5 images are missing: image-1.png, image-2.png, image-4.png, …; looked in "))
    #expect(
      error.reason.hasSuffix(
        "; files of these names are elsewhere: 3 in \(folder.root)/photos/all, 2 in \(folder.root)/more"), "\(error)")
  }

  @Test func `A single missing image is named with its record and with the place where it is`() throws {
    let folder = try folder(2, in: "train2017")
    try folder.write(image: "image-2.png", in: "photos")
    try FileManager.default.removeItem(atPath: folder.root + "/train2017/image-2.png")
    let error = try #require(throws: DatasetError.self) { try folder.read() }
    #expect(error.object == "images[1] (id 2)" && error.line == 3)
    #expect(
      error.reason.hasSuffix("; there is one in \(folder.root)/photos; set data.image_directory: \(folder.root)/photos")
    )
  }

  @Test func `Missing files of a Pascal VOC split are a line each for images and annotations`() throws {
    let folder = try AnnotatedDirectory()
    try folder.writeImages(count: 4)
    let photos = folder.root + "/photos"
    try FileManager.default.createDirectory(atPath: photos, withIntermediateDirectories: true)
    for index in 0..<2 {
      try FileManager.default.moveItem(
        atPath: folder.imagePath("image\(index)"), toPath: "\(photos)/image\(index).png")
    }
    for index in 2..<4 { try FileManager.default.removeItem(atPath: folder.annotationPath("image\(index)")) }
    let dataset = try Dataset.pascalVOC(
      [DatasetSource(root: folder.root, split: "train")], classes: ["dog"], faults: .listAll)
    let split = folder.splitPath("train")
    let starts = [
      "\(split): 2 of 4 annotations are missing: image2.xml, image3.xml; looked in \(folder.root)/Annotations; the first (line 3): "
        + "image image2 has no annotation ",
      "\(split): 2 of 4 images are missing: image0, image1; looked in \(folder.root)/JPEGImages; "
        + "files of these names are elsewhere: 2 in \(photos); the first (line 1): image image0 has no file ",
    ]
    let lines = dataset.faults.faults.filter { $0.kind == .missingFile }.map(\.description)
    #expect(zip(lines, starts).allSatisfy { $0.hasPrefix($1) } && lines.count == 2, "\(lines)")
  }
}
