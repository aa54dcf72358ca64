import Foundation
import Images
import TestSupport
import Testing

/// `multibox split` with files of COCO.
struct COCOSplitTests {
  private let workspace: SplitWorkspace
  private var path: String { workspace.path }

  init() throws { workspace = try SplitWorkspace() }

  private struct Content: Decodable, Equatable {
    struct Image: Decodable, Equatable { let id: Int, file_name: String, note: String }
    struct Object: Decodable, Equatable { let id: Int, image_id: Int, bbox: [Double] }
    struct Category: Decodable, Equatable { let id: Int, name: String }
    let info: [String: Int], licenses: [String]
    let images: [Image], annotations: [Object], categories: [Category]

    init(_ path: String) throws {
      self = try JSONDecoder().decode(Content.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }
  }

  @Test func `A file of COCO gives a file for each part, with everything that it had`() throws {
    let names = (1...20).map { "\($0).png" }
    try workspace.writeCOCO("data/annotations/instances_all.json", images: "data/images", names: names)
    let file = "data/annotations/instances_all.json"
    let outcome = try workspace.split("--test", "0.3", "--seed", "2", data: file).succeeded()
    let whole = try Content("\(path)/\(file)")
    let parts = try ["train", "test"].map { try Content("\(path)/data/annotations/instances_\($0).json") }
    #expect(parts.map(\.images.count) == [14, 6])
    for part in parts {
      #expect(part.info == whole.info && part.licenses == whole.licenses && part.categories == whole.categories)
      let numbers = Set(part.images.map(\.id))
      #expect(part.images == whole.images.filter { numbers.contains($0.id) })
      #expect(part.annotations == whole.annotations.filter { numbers.contains($0.image_id) })
    }
    #expect(Set(parts.flatMap(\.images).map(\.id)).count == 20)
    #expect(outcome.output.contains("train_split: train\n  evaluation_split: test\n"))
    #expect(outcome.output.contains(#"classes: [with_mask, "no: mask"]"#))
    #expect(try workspace.read(outcome.output) == [14, 6])
    #expect(try workspace.split(data: file).ended(with: 64).messages.contains("instances_test.json exist already"))
  }

  @Test func `A file beside its images is divided beside it, or elsewhere`() throws {
    let names = (1...4).map { "clip_\($0).png" } + (1...16).map { "street\($0)x.png" }
    try workspace.writeCOCO("data/result.json", images: "data/images", names: names)
    let outcome = try workspace.split("--validation", "0.2", data: "data/result.json").succeeded()
    #expect(outcome.messages.contains("kept together: 4 frames of 1 video: clip_* (4)\n"))
    #expect(outcome.output.contains("train_split: train.json\n  evaluation_split: val.json\n"))
    #expect(try workspace.read(outcome.output) == [12, 4])
    let elsewhere = try workspace.split("--output", "\(path)/other", data: "data/result.json").succeeded()
    #expect(elsewhere.output.contains("train_split: ../other/train.json\n"))
    #expect(try workspace.read(elsewhere.output) == [16, 4])
    #expect(
      try workspace.split("--overwrite", data: "data/train.json").ended(with: 64).messages.contains(
        "/data/train.json is the file that is divided"))
  }

  @Test(arguments: ["images/default", "default"])
  func `Images are found where only the whole file's name led`(directory: String) throws {
    let file = "cvat/annotations/instances_default.json"
    try workspace.writeCOCO(file, images: "cvat/\(directory)", names: (1...10).map { "\($0).png" })
    let outcome = try workspace.split(data: file).succeeded()
    #expect(
      outcome.output.contains("root: \(path)/cvat\n  image_directory: \(directory)\n  train_split: train\n"),
      "\(outcome.output)")
    #expect(try workspace.read(outcome.output) == [8, 2])
  }

  @Test func `Annotations of images that a file does not list are left out`() throws {
    try workspace.writeCOCO("cut.json", images: "images", names: ["a.png", "b.png", "c.png"])
    let whole = try String(contentsOfFile: "\(path)/cut.json", encoding: .utf8)
    try workspace.write(whole.replacingOccurrences(of: #""image_id": 9"#, with: #""image_id": 99"#), to: "cut.json")
    #expect(
      try workspace.split(data: "cut.json").succeeded().messages.contains(
        "annotations[2]: image_id: 99 is no image of the file, left out"))
  }

  @Test func `A faulty file of COCO is named with record and key`() throws {
    try workspace.writeCOCO("good.json", images: "images", names: ["a.png", "b.png", "c.png"])
    let good = try String(contentsOfFile: "\(path)/good.json", encoding: .utf8)
    let faults = [
      (
        #""id": 8, "file_name": "b.png""#, #""id": 7, "file_name": "b.png""#,
        "images[1]: id: another image has the same, 7"
      ),
      (#""file_name": "b.png", "#, "", "images[1]: file_name is missing"),
      (#""category_id": 4"#, #""category_id": 5"#, "annotations[1]: category_id: 5, which is no category of the file"),
      (#""annotations""#, #""labels""#, #"has no "annotations"; the keys are categories, images, info, labels"#),
      (#", "licenses": []}"#, "", "not valid JSON: a comma or the end of the object was expected"),
    ]
    for (old, new, message) in faults {
      try workspace.write(good.replacingOccurrences(of: old, with: new), to: "bad.json")
      let messages = try workspace.split(data: "bad.json").ended(with: 65).messages
      #expect(messages.contains(message), "\(messages)")
    }
    try workspace.write(#"{"images": [], "annotations": [], "categories": []}"#, to: "bad.json")
    #expect(try workspace.split(data: "bad.json").ended(with: 65).messages.contains("lists no image"))
    try FileManager.default.removeItem(atPath: "\(path)/images")
    #expect(
      try workspace.split(data: "good.json").succeeded().messages.contains("warning: 3 images of 3 not found below "))
  }
}
