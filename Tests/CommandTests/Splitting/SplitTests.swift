import Foundation
import TestSupport
import Testing

/// `multibox split` with directories of images and XML files.
struct SplitTests {
  private let workspace: SplitWorkspace
  private var path: String { workspace.path }

  init() throws { workspace = try SplitWorkspace() }

  @Test func `A directory of Pascal VOC gets lists, the same for a seed and others for another`() throws {
    let names = (1...20).map { "raccoon-\($0)" }
    try workspace.writeVOC(names)
    let outcome = try workspace.split("--test", "0.2", "--seed", "3").succeeded()
    let (training, test) = (try workspace.list("trainval"), try workspace.list("test"))
    #expect(test.count == 4 && training.count == 16)
    #expect(Set(training + test) == Set(names))
    #expect(!outcome.messages.contains("kept together") && !outcome.messages.contains("warning"))
    #expect(outcome.messages.contains(#/thing +16 +4\n/#))
    #expect(
      outcome.output == """
        version: 1
        data:
          format: voc
          root: \(path)/data
          train_split: trainval
          evaluation_split: test
          classes: [thing]

        """)
    #expect(try workspace.read(outcome.output) == [16, 4])
    // Another machine may list the same names in another order.
    try workspace.writeVOC(names.reversed(), images: "copy/JPEGImages", annotations: "copy/Annotations")
    try workspace.split("--test", "0.2", "--seed", "3", data: "copy").succeeded()
    #expect(try workspace.list("test", in: "copy") == test)
    try workspace.split("--seed", "4", "--overwrite").succeeded()
    #expect(try workspace.list("test") != test)
  }

  @Test func `Validation makes four lists`() throws {
    try workspace.writeVOC((1...20).map { "\($0)" })
    let outcome = try workspace.split("--test", "0.2", "--validation", "0.1").succeeded()
    let (training, validation, test) = (
      try workspace.list("train"), try workspace.list("val"), try workspace.list("test")
    )
    #expect((training.count, validation.count, test.count) == (14, 2, 4))
    #expect(Set(try workspace.list("trainval")) == Set(training + validation))
    #expect(Set(training + validation + test).count == 20)
    #expect(outcome.output.contains("train_split: train\n") && outcome.output.contains("evaluation_split: val\n"))
  }

  @Test func `Lists that exist are not touched unless told to`() throws {
    try workspace.writeVOC((1...10).map { "\($0)" })
    try workspace.write("1\n", to: "data/ImageSets/Main/test.txt")
    let outcome = try workspace.split().ended(with: 64)
    #expect(outcome.messages.contains("/ImageSets/Main/test.txt exists already: --overwrite replaces"))
    #expect(try workspace.list("test") == ["1"])
    #expect(!FileManager.default.fileExists(atPath: "\(path)/data/ImageSets/Main/trainval.txt"))
    try workspace.split("--output", "\(path)/other").succeeded()
    #expect(try workspace.list("test", in: "other").count == 2)
    try workspace.split("--overwrite").succeeded()
    #expect(try workspace.list("test").count == 2)
  }

  @Test func `Copies, frames and versions are kept together and named`() throws {
    let (clip, film) = ((1...6).map { "clip_00000\($0)" }, (1...4).map { "film_\($0)" })
    let versions = ["x_jpg.rf.0a", "x_jpg.rf.0b"]
    let singles = ["a", "b", "c", "d", "e", "f", "g", "h"]
    try workspace.writeVOC(clip + film + versions + singles)
    // The shade of a, so the same bytes.
    try workspace.write(picture: "data/JPEGImages/h.png", shade: 12)
    let messages = try workspace.split("--seed", "5").succeeded().messages
    #expect(messages.contains("kept together: 2 images that are copies of another: a = h\n"), "\(messages)")
    #expect(messages.contains("kept together: 2 versions of 1 image, made by Roboflow: x (2)\n"))
    #expect(messages.contains("kept together: 10 frames of 2 videos: clip_* (6), film_* (4)\n"))
    for seed in 1...6 {
      try workspace.split("--seed", "\(seed)", "--overwrite").succeeded()
      let test = Set(try workspace.list("test"))
      for group in [Set(clip), Set(film), Set(versions), ["a", "h"]] {
        #expect(test.isDisjoint(with: group) || test.isSuperset(of: group), "seed \(seed): \(test)")
      }
    }
    #expect(!(try workspace.split("--no-group-frames", "--overwrite").succeeded().messages.contains("frames of")))
  }

  @Test func `Directories of other names are read with links`() throws {
    let names = (1...10).map { "0000\($0)" }
    try workspace.writeVOC(
      names, images: "kangaroo/images", annotations: "kangaroo/annots", objects: { _ in ["kangaroo"] })
    let outcome = try workspace.split("--output", "\(path)/data", data: "kangaroo").succeeded()
    #expect(outcome.output.contains("classes: [kangaroo]"))
    #expect(outcome.messages.contains("/data/Annotations, ") && outcome.messages.contains("/data/JPEGImages\n"))
    #expect(try workspace.read(outcome.output) == [8, 2])
    #expect(!FileManager.default.fileExists(atPath: "\(path)/kangaroo/ImageSets"))
    // In the directory itself, with links that hold when it is moved.
    try workspace.split(data: "kangaroo").succeeded()
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "\(path)/kangaroo/Annotations") == "annots")
    try FileManager.default.moveItem(atPath: "\(path)/kangaroo", toPath: "\(path)/moved")
    let again = try workspace.split("--overwrite", data: "moved").succeeded()
    #expect(try workspace.read(again.output) == [8, 2])
    #expect(!again.messages.contains("moved/Annotations"))
    try FileManager.default.moveItem(atPath: "\(path)/moved", toPath: "\(path)/kangaroo")
    // Once more into the same place: the links are what they should be.
    try workspace.split("--output", "\(path)/data", "--overwrite", data: "kangaroo").succeeded()
    // LabelImg's way: image and annotation side by side.
    try workspace.writeVOC(names, images: "beside", annotations: "beside")
    let flat = try workspace.split(data: "beside").ended(with: 65).messages
    try workspace.split("--output", "\(path)/beside/", data: "beside").ended(with: 65)
    #expect(flat.contains("/beside: has images and XML files side by side") && flat.contains("--output DIR makes"))
    #expect(
      try workspace.read(workspace.split("--output", "\(path)/third", data: "beside").succeeded().output) == [8, 2])
    let strange = try workspace.split("--output", "\(path)/data", "--overwrite", data: "beside").ended(with: 64)
    #expect(strange.messages.contains("/data/Annotations exists already and is no link to "))
  }

  @Test func `Directories that divide the data already are kept, and what they share is named`() throws {
    let names = ["a_jpg.rf.0a", "a_jpg.rf.0b", "b_jpg.rf.0c", "c_jpg.rf.0d", "d_jpg.rf.0e", "e_jpg.rf.0f"]
    for (place, range) in [("train", 0..<1), ("valid", 1..<3), ("test", 3..<6)] {
      let names = names[range].map { "\(place)/\($0)" }
      try workspace.writeVOC(names, images: "export", annotations: "export", objects: { [$0 == 0 ? "thing" : "other"] })
    }
    let refused = try workspace.split("--output", "\(path)/data", data: "export").ended(with: 65).messages
    #expect(refused.contains("has annotations in test, train, valid: name one of these directories, or take them"))
    let outcome = try workspace.split("--output", "\(path)/data", "--keep-directories", data: "export").succeeded()
    #expect(outcome.output.contains("train_split: train\n  evaluation_split: valid\n"))
    #expect(try workspace.read(outcome.output) == [1, 2])
    #expect(try workspace.list("test") == names[3...].map { "test/\($0)" })
    // The same shade: the first images of all three.
    #expect(
      outcome.messages.contains(" = ") && outcome.messages.contains(": in test and train and valid, so that scores"))
    #expect(outcome.messages.contains("warning: no object in train of 1 class: other (3 in all)\n"))
    try workspace.write(workspace.annotation(["thing"]), to: "flat/train/x.xml")
    try workspace.write(picture: "flat/train/x.png", shade: 1)
    let alone = try workspace.split("--output", "\(path)/other", "--keep-directories", data: "flat").ended(with: 65)
      .messages
    #expect(alone.contains("has annotated images in train alone"))
    try workspace.split("--keep-directories", "--test", "0.2", data: "export").ended(with: 64)
  }

  @Test func `Images without annotation and annotations without image are named`() throws {
    try workspace.writeVOC((1...10).map { "\($0)" })
    try workspace.write(picture: "data/JPEGImages/background.png", shade: 99)
    try workspace.write(workspace.annotation([]), to: "data/Annotations/lost.xml")
    let outcome = try workspace.split().succeeded()
    #expect(outcome.messages.contains("warning: 1 annotation without an image in "))
    #expect(outcome.messages.contains("/data/Annotations/lost.xml"))
    #expect(outcome.messages.contains("left out (--include-unannotated takes them as background): background\n"))
    #expect(try workspace.list("trainval").count + workspace.list("test").count == 10)
    try workspace.split("--include-unannotated", "--overwrite").succeeded()
    #expect((try workspace.list("trainval") + workspace.list("test")).contains("background"))
  }

  @Test func `A class that one side lacks is a warning`() throws {
    try workspace.writeVOC((1...10).map { "\($0)" }, objects: { $0 == 0 ? ["thing", "rare"] : ["thing"] })
    let messages = try workspace.split().succeeded().messages
    #expect(messages.contains(#/warning: no object in (train|test) of 1 class: rare \(1 in all\)\n/#))
  }

  @Test func `A path may begin with the home directory`() throws {
    try workspace.writeVOC((1...5).map { "\($0)" })
    try MultiboxProcess.run("split", "~/data", "--output", "~/lists", environment: ["HOME": path]).succeeded()
    #expect(try workspace.list("test", in: "lists").count == 1)
  }

  @Test func `What cannot be divided has its exit code and reason`() throws {
    #expect(try workspace.split(data: "nothing").ended(with: 65).messages.contains("no such file or directory"))
    try workspace.write("hello", to: "empty/readme.md")
    #expect(try workspace.split(data: "empty").ended(with: 65).messages.contains("expected annotations of Pascal VOC"))
    try workspace.writeVOC(["one"])
    #expect(try workspace.split().ended(with: 65).messages.contains("has 1 image, too few to divide in 2"))
    try workspace.writeVOC((1...5).map { "clip_\($0)" }, images: "film/JPEGImages", annotations: "film/Annotations")
    let frames = try workspace.split("--group-frames", data: "film").ended(with: 65).messages
    #expect(
      frames.contains("its 5 images are kept together in 1 group, too few to divide in 2; --no-group-frames takes"))
    try workspace.write("<annotation><object>", to: "film/Annotations/clip_3.xml")
    #expect(
      try workspace.split(data: "film").ended(with: 65).messages.contains(
        "/film/Annotations/clip_3.xml:1: not well-formed XML"))
    try workspace.writeVOC(["a", "b"], images: "devkit/VOC2007/JPEGImages", annotations: "devkit/VOC2007/Annotations")
    #expect(try workspace.split(data: "devkit").ended(with: 65).messages.contains("/devkit/VOC2007 has: name that one"))
    for (option, value) in [
      ("--test", "20"), ("--test", "0"), ("--test", "nan"), ("--validation", "0.9"), ("--validation", "-1"),
    ] {
      try workspace.split(option + "=" + value).ended(with: 64)
    }
    try workspace.writeVOC((1...5).map { "\($0)" }, images: "good/JPEGImages", annotations: "good/Annotations")
    try workspace.split("--output", "/proc/multibox", data: "good").ended(with: 74)
  }
}
