import Datasets
import Foundation
import Images
import TestSupport
import Testing
import Training

/// `multibox split` as users start it.
struct SplitTests {
  private let directory: TemporaryDirectory
  private var path: String { directory.path }

  init() throws { directory = try TemporaryDirectory() }

  // MARK: Data sets

  private func write(_ text: String, to file: String) throws {
    let url = URL(fileURLWithPath: "\(path)/\(file)")
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try text.write(to: url, atomically: true, encoding: .utf8)
  }

  /// Writes a picture of 60×40 pixels, the same for the same shade.
  private func write(picture file: String, shade: Int) throws {
    let url = URL(fileURLWithPath: "\(path)/\(file)")
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    let pixels = (0..<60 * 40 * 3).map { UInt8(($0 * (shade % 7 + 1) + shade) % 251) }
    try Image(width: 60, height: 40, pixels: pixels).writePNG(to: url.path)
  }

  private func annotation(_ objects: [String]) -> String {
    let list = objects.map {
      "<object><name>\($0)</name><bndbox><xmin>5</xmin><ymin>5</ymin><xmax>35</xmax><ymax>30</ymax></bndbox></object>"
    }
    return "<annotation><size><width>60</width><height>40</height></size>\(list.joined())</annotation>"
  }

  private func writeVOC(
    _ names: [String], images: String = "data/JPEGImages", annotations: String = "data/Annotations",
    objects: (Int) -> [String] = { _ in ["thing"] }
  ) throws {
    for (index, name) in names.enumerated() {
      try write(picture: "\(images)/\(name).png", shade: index)
      try write(annotation(objects(index)), to: "\(annotations)/\(name).xml")
    }
  }

  private func split(_ arguments: String..., data: String = "data") throws -> MultiboxProcess.Outcome {
    try MultiboxProcess(["split", "\(path)/\(data)"] + arguments).wait()
  }

  private func list(_ name: String, in root: String = "data") throws -> [String] {
    try String(contentsOfFile: "\(path)/\(root)/ImageSets/Main/\(name).txt", encoding: .utf8)
      .split(separator: "\n").map(String.init)
  }

  /// Reads both splits by what the command printed; returns their numbers of images.
  private func read(_ printed: String) throws -> [Int] {
    let configuration = try Configuration(yaml: "version: 1\n" + printed, name: "printed")
    let (training, evaluation) = (configuration.data.trainSplit, configuration.data.evaluationSplit)
    return try [training, evaluation].map { try configuration.dataset(split: $0).images.count }
  }

  // MARK: Pascal VOC

  @Test func `A directory of Pascal VOC gets lists, the same for a seed and others for another`() throws {
    let names = (1...20).map { "raccoon-\($0)" }
    try writeVOC(names)
    let outcome = try split("--test", "0.2", "--seed", "3").succeeded()
    let (training, test) = (try list("trainval"), try list("test"))
    #expect(test.count == 4 && training.count == 16)
    #expect(Set(training + test) == Set(names))
    #expect(!outcome.messages.contains("kept together") && !outcome.messages.contains("warning"))
    #expect(outcome.messages.contains(#/thing +16 +4\n/#))
    #expect(
      outcome.output == """
        data:
          format: voc
          root: \(path)/data
          train_split: trainval
          evaluation_split: test
          classes: [thing]

        """)
    #expect(try read(outcome.output) == [16, 4])
    // Another machine may list the same names in another order.
    try writeVOC(names.reversed(), images: "copy/JPEGImages", annotations: "copy/Annotations")
    try split("--test", "0.2", "--seed", "3", data: "copy").succeeded()
    #expect(try list("test", in: "copy") == test)
    try split("--seed", "4", "--overwrite").succeeded()
    #expect(try list("test") != test)
  }

  @Test func `Validation makes four lists`() throws {
    try writeVOC((1...20).map { "\($0)" })
    let outcome = try split("--test", "0.2", "--validation", "0.1").succeeded()
    let (training, validation, test) = (try list("train"), try list("val"), try list("test"))
    #expect((training.count, validation.count, test.count) == (14, 2, 4))
    #expect(Set(try list("trainval")) == Set(training + validation))
    #expect(Set(training + validation + test).count == 20)
    #expect(outcome.output.contains("train_split: train\n") && outcome.output.contains("evaluation_split: val\n"))
  }

  @Test func `Lists that exist are not touched unless told to`() throws {
    try writeVOC((1...10).map { "\($0)" })
    try write("1\n", to: "data/ImageSets/Main/test.txt")
    let outcome = try split().ended(with: 64)
    #expect(outcome.messages.contains("/ImageSets/Main/test.txt exists already: --overwrite replaces"))
    #expect(try list("test") == ["1"])
    #expect(!FileManager.default.fileExists(atPath: "\(path)/data/ImageSets/Main/trainval.txt"))
    try split("--output", "\(path)/other").succeeded()
    #expect(try list("test", in: "other").count == 2)
    try split("--overwrite").succeeded()
    #expect(try list("test").count == 2)
  }

  @Test func `Copies, frames and versions are kept together and named`() throws {
    let (clip, film) = ((1...6).map { "clip_00000\($0)" }, (1...4).map { "film_\($0)" })
    let versions = ["x_jpg.rf.0a", "x_jpg.rf.0b"]
    let singles = ["a", "b", "c", "d", "e", "f", "g", "h"]
    try writeVOC(clip + film + versions + singles)
    // The shade of a, so the same bytes.
    try write(picture: "data/JPEGImages/h.png", shade: 12)
    let messages = try split("--seed", "5").succeeded().messages
    #expect(messages.contains("kept together: 2 images that are copies of another: a = h\n"), "\(messages)")
    #expect(messages.contains("kept together: 2 versions of 1 picture, made by Roboflow: x (2)\n"))
    #expect(messages.contains("kept together: 10 frames of 2 videos: clip_* (6), film_* (4)\n"))
    for seed in 1...6 {
      try split("--seed", "\(seed)", "--overwrite").succeeded()
      let test = Set(try list("test"))
      for group in [Set(clip), Set(film), Set(versions), ["a", "h"]] {
        #expect(test.isDisjoint(with: group) || test.isSuperset(of: group), "seed \(seed): \(test)")
      }
    }
    #expect(!(try split("--no-group-frames", "--overwrite").succeeded().messages.contains("frames of")))
  }

  @Test func `Directories of other names are read with links`() throws {
    let names = (1...10).map { "0000\($0)" }
    try writeVOC(names, images: "kangaroo/images", annotations: "kangaroo/annots", objects: { _ in ["kangaroo"] })
    let refused = try split(data: "kangaroo").ended(with: 65)
    #expect(refused.messages.contains("/kangaroo/images and "), "\(refused.messages)")
    #expect(refused.messages.contains("/kangaroo/annots; --output DIR makes a directory"), "\(refused.messages)")
    let outcome = try split("--output", "\(path)/data", data: "kangaroo").succeeded()
    #expect(outcome.output.contains("classes: [kangaroo]"))
    #expect(try read(outcome.output) == [8, 2])
    // Once more into the same place: the links are what they should be.
    try split("--output", "\(path)/data", "--overwrite", data: "kangaroo").succeeded()
    // LabelImg's way: image and annotation side by side.
    try writeVOC(names, images: "beside", annotations: "beside")
    #expect(try read(split("--output", "\(path)/third", data: "beside").succeeded().output) == [8, 2])
    let strange = try split("--output", "\(path)/data", "--overwrite", data: "beside").ended(with: 64)
    #expect(strange.messages.contains("/data/Annotations exists already and is no link to "))
  }

  @Test func `Images without annotation and annotations without image are named`() throws {
    try writeVOC((1...10).map { "\($0)" })
    try write(picture: "data/JPEGImages/background.png", shade: 99)
    try write(annotation([]), to: "data/Annotations/lost.xml")
    let outcome = try split().succeeded()
    #expect(outcome.messages.contains("warning: 1 annotation without an image in "))
    #expect(outcome.messages.contains("/data/Annotations/lost.xml"))
    #expect(outcome.messages.contains("left out (--include-unannotated takes them as background): background\n"))
    #expect(try list("trainval").count + list("test").count == 10)
    try split("--include-unannotated", "--overwrite").succeeded()
    #expect((try list("trainval") + list("test")).contains("background"))
  }

  @Test func `A class that one side lacks is a warning`() throws {
    try writeVOC((1...10).map { "\($0)" }, objects: { $0 == 0 ? ["thing", "rare"] : ["thing"] })
    let messages = try split().succeeded().messages
    #expect(messages.contains(#/warning: no object of the class rare in (train|test): it has 1 object in all/#))
  }

  @Test func `What cannot be divided has its exit code and reason`() throws {
    #expect(try split(data: "nothing").ended(with: 65).messages.contains("no such file or directory"))
    try write("hello", to: "empty/readme.md")
    #expect(try split(data: "empty").ended(with: 65).messages.contains("expected annotations of Pascal VOC"))
    try writeVOC(["one"])
    #expect(try split().ended(with: 65).messages.contains("has 1 image, too few to divide in 2"))
    try writeVOC((1...5).map { "clip_\($0)" }, images: "film/JPEGImages", annotations: "film/Annotations")
    let frames = try split("--group-frames", data: "film").ended(with: 65).messages
    #expect(
      frames.contains("its 5 images are kept together in 1 group, too few to divide in 2; --no-group-frames takes"))
    try write("<annotation><object>", to: "film/Annotations/clip_3.xml")
    #expect(
      try split(data: "film").ended(with: 65).messages.contains("/film/Annotations/clip_3.xml:1: not well-formed XML"))
    try writeVOC(["a", "b"], images: "devkit/VOC2007/JPEGImages", annotations: "devkit/VOC2007/Annotations")
    #expect(try split(data: "devkit").ended(with: 65).messages.contains("/devkit/VOC2007 has: name that one"))
    for (option, value) in [
      ("--test", "20"), ("--test", "0"), ("--test", "nan"), ("--validation", "0.9"), ("--validation", "-1"),
    ] {
      try split(option + "=" + value).ended(with: 64)
    }
    try writeVOC((1...5).map { "\($0)" }, images: "good/JPEGImages", annotations: "good/Annotations")
    try split("--output", "/proc/multibox", data: "good").ended(with: 74)
  }

  // MARK: COCO

  /// A file of 20 images with an object each; every other is of the second class, the last two of a third.
  private func writeCOCO(_ file: String, images: String, names: [String]) throws {
    var (pictures, objects) = ([String](), [String]())
    for (index, name) in names.enumerated() {
      try write(picture: "\(images)/\(name)", shade: index)
      pictures.append(#"{"id": \#(index + 7), "file_name": "\#(name)", "width": 60, "height": 40, "note": "ü, ]"}"#)
      objects.append(
        #"{"id": \#(index + 1), "image_id": \#(index + 7), "category_id": \#(index % 2 + 3), "bbox": [5, 5.25, 30, 25], "area": 750, "iscrowd": 0}"#
      )
    }
    try write(
      #"{"info": {"year": 2024}, "images": [\#(pictures.joined(separator: ","))], "annotations": [\#(objects.joined(separator: ","))], "categories": [{"id": 3, "name": "with_mask"}, {"id": 4, "name": "no: mask"}], "licenses": []}"#,
      to: file)
  }

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
    try writeCOCO("data/annotations/instances_all.json", images: "data/images", names: names)
    let file = "data/annotations/instances_all.json"
    let outcome = try split("--test", "0.3", "--seed", "2", data: file).succeeded()
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
    #expect(try read(outcome.output) == [14, 6])
    #expect(try split(data: file).ended(with: 64).messages.contains("instances_test.json exist already"))
  }

  @Test func `A file beside its images is divided beside it, or elsewhere`() throws {
    let names = (1...4).map { "clip_\($0).png" } + (1...16).map { "street\($0)x.png" }
    try writeCOCO("data/result.json", images: "data/images", names: names)
    let outcome = try split("--validation", "0.2", data: "data/result.json").succeeded()
    #expect(outcome.messages.contains("kept together: 4 frames of 1 video: clip_* (4)\n"))
    #expect(outcome.output.contains("train_split: train.json\n  evaluation_split: val.json\n"))
    #expect(try read(outcome.output) == [12, 4])
    let elsewhere = try split("--output", "\(path)/other", data: "data/result.json").succeeded()
    #expect(elsewhere.output.contains("train_split: ../other/train.json\n"))
    #expect(try read(elsewhere.output) == [16, 4])
    #expect(
      try split("--overwrite", data: "data/train.json").ended(with: 64).messages.contains(
        "/data/train.json is the file that is divided"))
  }

  @Test func `A faulty file of COCO is named with record and key`() throws {
    try writeCOCO("good.json", images: "images", names: ["a.png", "b.png", "c.png"])
    let good = try String(contentsOfFile: "\(path)/good.json", encoding: .utf8)
    let faults = [
      (
        #""id": 8, "file_name": "b.png""#, #""id": 7, "file_name": "b.png""#,
        "images[1]: id: another image has the same, 7"
      ),
      (#""file_name": "b.png", "#, "", "images[1]: file_name is missing"),
      (#""image_id": 9"#, #""image_id": 99"#, "annotations[2]: image_id: 99, which is no image of the file"),
      (#""category_id": 4"#, #""category_id": 5"#, "annotations[1]: category_id: 5, which is no category of the file"),
      (#""annotations""#, #""labels""#, #"has no "annotations"; the keys are categories, images, info, labels"#),
      (#", "licenses": []}"#, "", "not valid JSON: a comma or the end of the object was expected"),
    ]
    for (old, new, message) in faults {
      try write(good.replacingOccurrences(of: old, with: new), to: "bad.json")
      let messages = try split(data: "bad.json").ended(with: 65).messages
      #expect(messages.contains(message), "\(messages)")
    }
    try write(#"{"images": [], "annotations": [], "categories": []}"#, to: "bad.json")
    #expect(try split(data: "bad.json").ended(with: 65).messages.contains("lists no image"))
    try FileManager.default.removeItem(atPath: "\(path)/images")
    #expect(try split(data: "good.json").succeeded().messages.contains("warning: 3 images of 3 not found below "))
  }
}
