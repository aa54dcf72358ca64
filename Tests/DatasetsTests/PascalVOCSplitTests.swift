import Datasets
import Foundation
import TestSupport
import Testing

/// What the lines of a split mean, and what they might mean besides.
@Suite struct PascalVOCSplitTests {
  /// A directory with an annotated image of each name.
  private func folder(_ names: String...) throws -> AnnotatedDirectory {
    let folder = try AnnotatedDirectory()
    for name in names { try add(name, to: folder) }
    return folder
  }

  private func add(_ name: String, to folder: AnnotatedDirectory) throws {
    let directory = name.split(separator: "/").dropLast().joined(separator: "/")
    for parent in ["Annotations", "JPEGImages"] {
      try FileManager.default.createDirectory(
        atPath: "\(folder.root)/\(parent)/\(directory)", withIntermediateDirectories: true)
    }
    try folder.write(image: name, width: 4, height: 4)
    try folder.write(annotation: name, "<annotation><size><width>4</width><height>4</height></size></annotation>")
  }

  /// The images that a list means, and what is said about it.
  private func read(_ list: String, _ folder: AnnotatedDirectory) throws -> (names: [String], warnings: [String]) {
    try folder.write(split: "train", list)
    let dataset = try folder.read()
    return (dataset.images.map(\.identifier), dataset.warnings)
  }

  private func error(_ list: String, _ folder: AnnotatedDirectory) throws -> String {
    try folder.write(split: "train", list)
    return try #require(throws: DatasetError.self) { try folder.read() }.description
  }

  @Test(arguments: ["photo 1", "photo -1", "photo 0", "my  photo 1", "a b c", "photo 12", "naïve photo 1"])
  func `a name may have blanks and end like a class flag`(name: String) throws {
    let folder = try folder(name, "other")
    for list in ["\(name)\n", "other\n\(name)", "  \(name)\t \r\n", "\"\(name)\"", "\"\(name)\" 1\nother -1"] {
      let (names, warnings) = try read(list, folder)
      #expect(Set(names).contains(name) && warnings.isEmpty, "\(list): \(names) \(warnings)")
    }
  }

  @Test func `a plain list takes the whole line where both images are there`() throws {
    let folder = try folder("photo", "photo 1", "photo 0")
    let (names, warnings) = try read("photo 1\nphoto\nphoto 0\n", folder)
    #expect(names == ["photo 1", "photo", "photo 0"])
    #expect(warnings.isEmpty)
  }

  @Test func `of two readings that fit, the whole line is taken with a warning, and quotes settle it`() throws {
    let folder = try folder("photo", "photo 1")
    let (names, warnings) = try read("photo 1\n", folder)
    #expect(names == ["photo 1"])
    #expect(
      warnings == [
        "\(folder.splitPath("train")):1: \"photo 1\" may be image photo 1, or image photo with a class flag; the first is taken, else write the name in double quotes"
      ])
    #expect(try read("\"photo 1\"\n", folder) == (["photo 1"], []))
    #expect(try read("\"photo\" 1\n\"photo 1\" -1", folder) == (["photo", "photo 1"], []))
    // A program that quotes names with blanks leaves those without as they are.
    #expect(try read("photo 1\n\"photo 1\" -1", folder) == (["photo", "photo 1"], []))
  }

  @Test func `a class file in which a line fits two images is refused`() throws {
    let folder = try folder("photo", "photo 1", "x")
    #expect(
      try error("x 1\nphoto 1\nphoto 1 -1\n", folder)
        == "\(folder.splitPath("train")):2: \"photo 1\" may be image photo 1, or image photo with a class flag, as other lines have one; write the name in double quotes"
    )
  }

  @Test func `a flag in a list that has none elsewhere is named`() throws {
    let folder = try folder("a", "photo")
    let (names, warnings) = try read("a\nphoto 1\n", folder)
    #expect(names == ["a", "photo"])
    #expect(warnings.count == 1)
    #expect(warnings.first?.hasPrefix("\(folder.splitPath("train")):2: \"photo 1\" is taken for image photo ") == true)
    // That the image is listed by itself too tells that another one is meant.
    for list in ["photo\nphoto 1\n", "photo 1\nphoto\n"] {
      #expect(try error(list, folder).contains("image photo is listed by itself and with a number behind it"))
    }
  }

  @Test func `an image without annotation is not mistaken for another with a flag`() throws {
    let folder = try folder("photo")
    try folder.write(image: "photo 1", width: 4, height: 4)
    let message = try error("photo\nphoto 1\n", folder)
    #expect(message.hasPrefix("\(folder.splitPath("train")):2: image photo 1 has no annotation "), "\(message)")
  }

  @Test(arguments: [
    "photo.jpg", "photo.PNG", "photo.png 1", "JPEGImages/photo.jpg", "./photo", "JPEGImages\\photo.jpg",
    "\"photo.jpg\" 1", "photo.bmp", "\u{FEFF}photo", "../photo.jpg", "../../JPEGImages/photo.jpg",
    "data/voc/JPEGImages/photo.png",
  ])
  func `a name may have an extension and directories in front`(line: String) throws {
    let folder = try folder("photo")
    #expect(try read(line + "\n", folder) == (["photo"], []))
  }

  @Test func `directories that are not there are left off with one warning`() throws {
    let folder = try folder("photo", "other", "third")
    let list = "cam1/photo\nthird\nC:\\data\\other.jpg -1\n"
    let (names, warnings) = try read(list, folder)
    #expect(names == ["photo", "third", "other"])
    #expect(
      warnings.filter { !$0.contains("flag") } == [
        "\(folder.splitPath("train")):1: \"cam1/photo\" is taken for image photo, as there is no cam1/photo (and 1 more like it)"
      ])
    for line in ["data/obj/photo.jpg", "/mnt/x/photo.png", "\"data/obj/photo.jpg\"", "Annotations/x/photo"] {
      let (names, warnings) = try read(line, folder)
      #expect(names == ["photo"] && warnings.count == 1 && warnings[0].contains("is taken for image photo"))
    }
    // The whole path of a file is its own, also through a link.
    #expect(try read("\(folder.root)/JPEGImages/photo.png", folder) == (["photo"], []))
    try FileManager.default.moveItem(atPath: folder.root + "/JPEGImages", toPath: folder.root + "/pictures")
    try FileManager.default.createSymbolicLink(
      atPath: folder.root + "/JPEGImages", withDestinationPath: folder.root + "/pictures")
    for line in ["JPEGImages/photo", "pictures/photo"] { #expect(try read(line, folder) == (["photo"], [])) }
  }

  @Test func `directories that are below those of the layout are part of the name`() throws {
    let folder = try folder("street/photo", "park/photo", "photo")
    let (names, warnings) = try read("street/photo.jpg\nJPEGImages/park/photo.png\nphoto\n", folder)
    #expect(names == ["street/photo", "park/photo", "photo"])
    #expect(warnings.isEmpty)
  }

  @Test func `different files that come down to one name are refused`() throws {
    let folder = try folder("photo")
    for (first, second) in [("a/photo.jpg", "b/photo.jpg"), ("photo.jpg", "photo.png")] {
      #expect(
        try error("\(first)\n\(second)\n", folder)
          == "\(folder.splitPath("train")):2: \"\(second)\" and \"\(first)\" are different files, but both come down to image photo, of which there is one annotation"
      )
    }
    for (first, second) in [("photo", "JPEGImages/photo.png"), ("./JPEGImages/photo", "data/voc/JPEGImages/photo.png")]
    {
      let (names, warnings) = try read("\(first)\n\(second)\n", folder)
      #expect(names == ["photo"])
      #expect(warnings == ["\(folder.splitPath("train")):2: image photo is listed twice, taken once"])
    }
  }

  @Test(arguments: [String.Encoding.utf8, .utf16LittleEndian, .utf16BigEndian], [true, false])
  func `lists and annotations may be in UTF-8 or UTF-16`(encoding: String.Encoding, hasMark: Bool) throws {
    let folder = try folder("größe", "b 1")
    func write(_ text: String, to path: String) throws {
      let bytes = try #require(((hasMark ? "\u{FEFF}" : "") + text).data(using: encoding))
      try bytes.write(to: URL(fileURLWithPath: path))
    }
    try write("größe\r\nb 1\r\n", to: folder.splitPath("train"))
    for declaration in [
      "", "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n", "<?xml version='1.0' encoding='UTF-16'?>",
    ] {
      let object =
        "<object><name>hündchen</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>3</xmax><ymax>3</ymax></bndbox></object>"
      try write(
        "\(declaration)<annotation>\(object)</annotation>", to: folder.annotationPath("größe"))
      let dataset = try folder.read(classes: ["hündchen"])
      #expect(dataset.images.map(\.identifier) == ["größe", "b 1"])
      #expect(dataset.images[0].objects.count == 1)
    }
  }

  @Test func `text in other encodings is named`() throws {
    let folder = try folder("a")
    for (bytes, message) in [
      ([0x61, 0x0A, 0x67, 0x72, 0xF6, 0xDF, 0x65, 0x0A], ":2: not text in UTF-8 or UTF-16: save the file in UTF-8"),
      ([0x61, 0x0A, 0x62, 0, 0x0A], ":2: not text in UTF-8"), ([0xFF, 0xFE, 0x61], ": UTF-16 text that is cut off"),
      ([0xFF, 0xFE, 0, 0xD8, 0x61, 0], ": damaged UTF-16 text"),
      ([0xFF, 0xFE, 0, 0, 0x61, 0, 0, 0], ": text in UTF-32"),
    ] as [([UInt8], String)] {
      try Data(bytes).write(to: URL(fileURLWithPath: folder.splitPath("train")))
      let error = try #require(throws: DatasetError.self) { try folder.read() }
      #expect(error.description.hasPrefix(folder.splitPath("train") + message), "\(error)")
    }
    try folder.write(split: "train", "a")
    try Data([0xFE, 0xFF, 0, 0x3C, 0]).write(to: URL(fileURLWithPath: folder.annotationPath("a")))
    let error = try #require(throws: DatasetError.self) { try folder.read() }
    #expect(error.description == "\(folder.annotationPath("a")):1: UTF-16 text that is cut off")
    let latin = try #require("<annotation>\n<folder>größe</folder></annotation>".data(using: .isoLatin1))
    try latin.write(to: URL(fileURLWithPath: folder.annotationPath("a")))
    let other = try #require(throws: DatasetError.self) { try folder.read() }
    #expect(
      other.description
        == "\(folder.annotationPath("a")):2: not text in UTF-8 or UTF-16: save the file in UTF-8")
    let declared = Data("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>".utf8) + latin
    try declared.write(to: URL(fileURLWithPath: folder.annotationPath("a")))
    #expect(try folder.read().images.count == 1)
  }

  @Test(arguments: ["\"photo", "\"photo\" 2", "\"\"", "\"photo\" photo"])
  func `quotes that do not end, or have something else behind, are named`(line: String) throws {
    let folder = try folder("photo")
    let message = try error("photo\n\(line)\n", folder)
    #expect(message.hasPrefix("\(folder.splitPath("train")):2: expected an image name"), "\(message)")
  }

  @Test func `all lines that name nothing are listed`() throws {
    let folder = try folder("a", "d")
    try folder.write(split: "train", "a\nb\nc d\n")
    let dataset = try Dataset(.pascalVOC, [DatasetSource(root: folder.root, split: "train")], faults: .listAll)
    #expect(dataset.images.map(\.identifier) == ["a"])
    #expect(
      dataset.warnings == [
        "\(folder.splitPath("train")): 2 of 3 images, with their annotations, are missing: b, c d; looked in "
          + "\(folder.root)/Annotations, \(folder.root)/JPEGImages; the first (line 2): image b has no annotation "
          + "\(folder.annotationPath("b")), and no file in JPEGImages"
      ])
    #expect(
      try error("a\nc d\n", folder).hasPrefix(
        "\(folder.splitPath("train")):2: expected an image name, or a name and 1, -1 or 0, found \"c d\""))
  }

  @Test(arguments: [FaultLog.Policy.stopAtFirstError, .listAll])
  func `many lines that name nothing are one line with their number and where such files are`(
    policy: FaultLog.Policy
  )
    throws
  {
    let folder = try folder("a")
    for index in 1...46 { try add("sub/\(index)", to: folder) }
    try folder.write(split: "train", "a\n" + (1...46).map { "\($0).jpg" }.joined(separator: "\n"))
    let start =
      "\(folder.splitPath("train")): 46 of 47 images, with their annotations, are missing: 1, 2, 3, …; looked in "
      + "\(folder.root)/Annotations, \(folder.root)/JPEGImages; files of these names are elsewhere: "
      + "46 in \(folder.root)/Annotations/sub, 46 in \(folder.root)/JPEGImages/sub; the first (line 2): image 1.jpg has"
    let source = DatasetSource(root: folder.root, split: "train")
    if policy == .listAll {
      let lines = try Dataset(.pascalVOC, [source], faults: .listAll).warnings
      #expect(lines.count == 1 && lines[0].hasPrefix(start), "\(lines)")
    } else {
      let error = try #require(throws: DatasetError.self) { try Dataset(.pascalVOC, [source]) }
      #expect(error.description.hasPrefix(start), "\(error)")
    }
  }
}
