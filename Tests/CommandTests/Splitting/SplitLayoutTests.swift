import Foundation
import TestSupport
import Testing

/// `multibox split` with names of files and directories as they come.
struct SplitLayoutTests {
  private let workspace: SplitWorkspace
  private var path: String { workspace.path }

  init() throws { workspace = try SplitWorkspace() }

  @Test func `Lists name every image so that it is read back`() throws {
    let names = [
      "\"q\"", "q", "\"r", "s\"", " lead", "trail ", "photo 1", "photo", "photo -1", "a b", "#h", "ü", "a.jpg",
      "x \"y\" z",
      "\"q\" 1", "-", "1", "0 0", "sub/ 1", "sub/1", "\u{FEFF}mark", "'", ",", "$(x)", "a.bmp",
    ]
    try workspace.writeVOC(names, objects: { ["class \($0)"] })
    let outcome = try workspace.split("--no-group-frames", "--test", "0.4").succeeded()
    let dataset = try workspace.datasets(outcome.output)
    #expect(dataset.flatMap(\.warnings).filter { !$0.contains("without") } == [])
    let images = dataset.flatMap(\.images)
    #expect(images.map(\.identifier).sorted() == names.sorted())
    for image in images {
      let name = try #require(names.first { $0.utf8.elementsEqual(image.identifier.utf8) })
      #expect(image.imagePath == "\(path)/data/JPEGImages/\(name).png")
      #expect(image.annotationPath == "\(path)/data/Annotations/\(name).xml")
    }
  }

  @Test func `A name that no list can have is refused`() throws {
    try workspace.writeVOC(["a", "b", "images\\c", "images\\d"])
    let messages = try workspace.split().ended(with: 65).messages
    #expect(
      messages.contains(
        "/JPEGImages/images\\c.png: no list of images can name this one, as it has a backslash, which it takes for a slash: rename image and annotation (and 1 more like it)\n"
      ), "\(messages)")
    #expect(!FileManager.default.fileExists(atPath: "\(path)/data/ImageSets"))
    try workspace.writeVOC(["a", "b", "line\nfeed"], images: "other/JPEGImages", annotations: "other/Annotations")
    #expect(try workspace.split(data: "other").ended(with: 65).messages.contains("as it has what no line of it can"))
  }

  @Test func `Lists of an earlier division are removed, and no others`() throws {
    try workspace.writeVOC((1...20).map { "\($0)" })
    try workspace.split("--validation", "0.2", "--seed", "1").succeeded()
    let lists = "\(path)/data/ImageSets/Main"
    try workspace.write("1 1\n", to: "data/ImageSets/Main/thing_train.txt")
    let outcome = try workspace.split("--overwrite", "--seed", "2").succeeded()
    #expect(
      outcome.messages.contains(
        "removed, as an earlier division of the same images: \(lists)/train.txt, \(lists)/val.txt\n"))
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: lists).sorted() == [
        "test.txt", "thing_train.txt", "trainval.txt",
      ])
    // A list of other images is none that this data was divided by.
    try workspace.write("other\n", to: "data/ImageSets/Main/val.txt")
    #expect(!(try workspace.split("--overwrite").succeeded().messages.contains("removed")))
    #expect(try workspace.list("val") == ["other"])
  }

  @Test(arguments: [
    ("annotations/xmls", "images"), ("a/xml", "a/images"), ("ds/ds/annotations", "ds/ds/images"),
    ("train/labels", "train/images"),
    ("annotations/all", "images/all"), ("Annotations/xmls", "JPEGImages"),
  ])
  func `Annotations and images deeper down are found`(annotations: String, images: String) throws {
    let names = (1...10).map { "\($0)x" }
    try workspace.writeVOC(names, images: "data/\(images)", annotations: "data/\(annotations)")
    // Oxford's pets have masks with the names of all images.
    for name in names { try workspace.write(picture: "data/annotations/trimaps/\(name).png", shade: 200) }
    let output = annotations.hasPrefix("Annotations") ? "out" : "data"
    let outcome = try workspace.split("--output", "\(path)/\(output)").succeeded()
    let datasets = try workspace.datasets(outcome.output)
    #expect(datasets.map(\.images.count) == [8, 2])
    let place = URL(fileURLWithPath: datasets[0].images[0].imagePath).deletingLastPathComponent()
    #expect(
      place.resolvingSymlinksInPath().path
        == URL(fileURLWithPath: "\(path)/data/\(images)").resolvingSymlinksInPath().path)
  }

  @Test func `Parts with a directory for images and one for annotations are kept`() throws {
    for (part, names) in [("train", ["a", "b", "c"]), ("test", ["d", "e"])] {
      try workspace.writeVOC(names, images: "data/\(part)/images", annotations: "data/\(part)/annotations")
    }
    #expect(
      try workspace.split().ended(with: 65).messages.contains(
        "has annotations in test, train: name one of these directories, or take them for the parts by --keep-directories"
      ))
    #expect(
      try workspace.split("--keep-directories").ended(with: 65).messages.contains(
        "has images and annotations in directories for each part: --output DIR makes"))
    let outcome = try workspace.split("--keep-directories", "--output", "\(path)/out").succeeded()
    #expect(try workspace.read(outcome.output) == [3, 2])
    #expect(try workspace.list("test", in: "out") == ["test/d", "test/e"])
  }

  @Test func `What cannot be divided is told for what it is`() throws {
    try workspace.writeVOC(["a", "b", "c"], images: "twins/red", annotations: "twins/xml")
    try workspace.writeVOC(["a", "b", "c"], images: "twins/grey", annotations: "twins/xml")
    #expect(
      try workspace.split(data: "twins").ended(with: 65).messages.contains(
        "images with the names of the annotations are in grey and in red alike: move those that are not meant out of"))
    try workspace.write(workspace.annotation(["thing"]), to: "bitmaps/xml/a.xml")
    try workspace.write("BM", to: "bitmaps/images/a.bmp")
    #expect(
      try workspace.split(data: "bitmaps").ended(with: 65).messages.contains(
        "the images are BMP (images/a.bmp), and only JPEG and PNG are read: convert them"))
    try workspace.writeVOC(["a", "b", "c"], objects: { _ in [] })
    #expect(try workspace.split().ended(with: 65).messages.contains("no image has an object to train on"))
    try workspace.writeVOC(["a", "b", "c"], objects: { _ in ["background"] })
    #expect(try workspace.split().ended(with: 65).messages.contains("\"background\" is no class"))
    #expect(!FileManager.default.fileExists(atPath: "\(path)/data/ImageSets"))
  }
}
