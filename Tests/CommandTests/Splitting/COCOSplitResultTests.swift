import Foundation
import TestSupport
import Testing

/// What `multibox split` prints for a file of COCO trains as it stands.
struct COCOSplitResultTests {
  private let workspace: SplitWorkspace
  private var path: String { workspace.path }
  private let names = (1...10).map { "\($0)x.png" }

  init() throws { workspace = try SplitWorkspace() }

  /// Writes a file with other text in places.
  private func write(_ file: String, images: String = "data/images", replacing pairs: [(String, String)]) throws {
    try workspace.writeCOCO(file, images: images, names: names)
    var text = try String(contentsOfFile: "\(path)/\(file)", encoding: .utf8)
    for (old, new) in pairs { text = text.replacingOccurrences(of: old, with: new) }
    try workspace.write(text, to: file)
  }

  @Test(arguments: [
    // One class, whose name the group has, and two.
    (#"{"id": 0, "name": "cat", "supercategory": "none"}, {"id": 3, "name": "cat", "supercategory": "cat"}"#, "cat"),
    (
      #"{"id": 0, "name": "cat", "supercategory": "none"}, {"id": 3, "name": "cat", "supercategory": "cat"}, {"id": 4, "name": "dog", "supercategory": "cat"}"#,
      "cat, dog"
    ),
    (
      #"{"id": 0, "name": "pets"}, {"id": 3, "name": "cat", "supercategory": "pets"}, {"id": 4, "name": "dog"}"#,
      "cat, dog"
    ),
  ])
  func `A category of Roboflow's that names the group is no class`(categories: String, classes: String) throws {
    let original = #"{"id": 3, "name": "with_mask"}, {"id": 4, "name": "no: mask"}"#
    let single = categories.contains("dog") ? [] : [(#""category_id": 4"#, #""category_id": 3"#)]
    try write("data/_annotations.coco.json", images: "data", replacing: [(original, categories)] + single)
    let outcome = try workspace.split(data: "data/_annotations.coco.json").succeeded()
    #expect(outcome.output.contains("classes: [\(classes)]\n"), "\(outcome.output)")
    #expect(outcome.messages.contains("warning: ") && outcome.messages.contains(", left out\n"))
    #expect(try workspace.read(outcome.output) == [8, 2])
  }

  @Test func `What training refuses is refused before it is divided`() throws {
    for (old, new, message) in [
      (
        #""name": "no: mask""#, #""name": "with_mask""#,
        #"name: another category is called "with_mask" too; rename one"#
      ),
      (#""name": "no: mask""#, #""name": "background""#, #""background" is no class"#),
      (
        #""file_name": "2x.png""#, #""file_name": "1x.png""#, "images[1]: file_name: another image has the same, 1x.png"
      ),
    ] {
      try write("data/labels.json", replacing: [(old, new)])
      let messages = try workspace.split(data: "data/labels.json").ended(with: 65).messages
      #expect(messages.contains(message), "\(messages)")
    }
    #expect(!FileManager.default.fileExists(atPath: "\(path)/data/train.json"))
  }

  @Test(arguments: [
    ("data/labels.json", "data/pics", "pics"), ("data/labels.json", "data/im ages", "im ages"),
    ("data/Annotations/Train.json", "data/Images", "Images"), ("data/labels.json", "data/a/b", "a/b"),
  ])
  func `Images in another directory are found and named`(file: String, images: String, directory: String) throws {
    try workspace.writeCOCO(file, images: images, names: names)
    // The same bytes as the first.
    try workspace.write(picture: "\(images)/5x.png", shade: 0)
    let outcome = try workspace.split(data: file).succeeded()
    #expect(outcome.output.contains("root: \(path)/data\n  image_directory: \(directory)\n"), "\(outcome.output)")
    #expect(outcome.messages.contains("copies of another: 1x.png = 5x.png\n"), "\(outcome.messages)")
    #expect(try workspace.read(outcome.output) == [8, 2])
  }

  @Test func `Annotations may be deeper than images, and their file in capitals`() throws {
    for file in ["data/annotations/x/instances_default.json", "data/LABELS.JSON"] {
      try workspace.writeCOCO(file, images: "data/images", names: names)
      let outcome = try workspace.split(data: file).succeeded()
      #expect(outcome.output.contains("root: \(path)/data\n  train_split: "), "\(outcome.output)")
      #expect(try workspace.read(outcome.output) == [8, 2])
    }
  }

  @Test func `What is no file of COCO is named`() throws {
    let page = "<!doctype html><html></html>"
    for (name, text, message) in [
      ("a.xml", "<annotation></annotation>", "is an XML file; expected a directory of images and XML files, or a JSON"),
      ("b.xml", "<?xml version=\"1.0\"?><annotations>", "export \"PASCAL VOC 1.1\" or \"COCO 1.0\""),
      ("data.yaml", "nc: 2\n", "is a YAML file"), ("a.csv", "a,b\n", "is a CSV file"), ("a", page, "is an HTML page"),
      (
        "a.txt", #"{"images": []}"#,
        "is a JSON file; expected a directory of images and XML files, or a JSON file of COCO: the name has to end in .json"
      ),
    ] {
      try workspace.write(text, to: name)
      let messages = try workspace.split(data: name).ended(with: 65).messages
      #expect(messages.contains("\(path)/\(name): is ") && messages.contains(message), "\(messages)")
    }
    try workspace.write(picture: "a.jpg", shade: 1)
    #expect(
      try workspace.split(data: "a.jpg").ended(with: 65).messages.contains("is a PNG image; expected a directory"))
  }

  @Test func `Files of an earlier division are removed, and no others`() throws {
    let file = "data/annotations/instances_all.json"
    try workspace.writeCOCO(file, images: "data/images", names: names)
    try workspace.split("--validation", "0.2", data: file).succeeded()
    let validation = "\(path)/data/annotations/instances_val.json"
    let outcome = try workspace.split("--overwrite", "--seed", "2", data: file).succeeded()
    #expect(outcome.messages.contains("removed, as an earlier division of the same images: \(validation)\n"))
    #expect(!FileManager.default.fileExists(atPath: validation))
    // One with other images, which nobody has divided.
    try workspace.writeCOCO("data/annotations/instances_val.json", images: "data/images", names: ["other.png"])
    #expect(!(try workspace.split("--overwrite", data: file).succeeded().messages.contains("removed")))
    #expect(FileManager.default.fileExists(atPath: validation))
  }

  @Test func `A division that Roboflow has made is told how to be used`() throws {
    for part in ["train", "valid"] {
      try workspace.writeCOCO("data/\(part)/_annotations.coco.json", images: "data/\(part)", names: names)
    }
    for option in [[], ["--keep-directories"]] {
      let messages = try MultiboxProcess(["split", "\(path)/data"] + option).wait().ended(with: 65).messages
      #expect(
        messages.contains(
          "has annotations in COCO's format, and is divided already: write data.format: coco, data.root: \(path)/data, data.train_split: train, data.evaluation_split: valid"
        ), "\(messages)")
    }
  }
}
