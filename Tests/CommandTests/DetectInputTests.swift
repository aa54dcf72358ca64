import Datasets
import Foundation
import Images
import TestSupport
import Testing

/// What `detect` takes beside files of images, and what it writes beside drawings and JSON.
struct DetectInputTests {
  private struct Found: Decodable {
    struct Object: Decodable {
      let `class`: String
      let score: Double
      let box: [Double]
    }

    let image: String
    let frame: Int?
    let width: Int
    let height: Int
    let detections: [Object]
  }

  private let workspace: Workspace
  private var images: String { workspace.data + "/JPEGImages" }

  init() throws {
    workspace = try Workspace()
    try workspace.train(stopAt: 1).succeeded()
  }

  private func detect(_ arguments: String..., shellPrefix: String? = nil) throws -> MultiboxProcess.Outcome {
    try MultiboxProcess(
      ["detect", workspace.checkpoint(1), "--score-threshold", "0.05"] + arguments, shellPrefix: shellPrefix
    ).wait()
  }

  @Test func `A quoted pattern is what it names, and the newest checkpoint has a name`() throws {
    let all = try detect(images, "--json", "-").succeeded().decoded([Found].self)
    let pattern = try detect(images + "/*.jpg", "--json", "-").succeeded().decoded([Found].self)
    #expect(pattern.map(\.image) == all.map(\.image) && !all.isEmpty)
    let none = try detect(images + "/*.gif", "--json", "-").ended(with: 65)
    #expect(none.messages.contains(images + "/*.gif"))
    let latest = try MultiboxProcess.run(
      "detect", workspace.run + "/checkpoints/latest", images, "--json", "-", "--score-threshold", "0.05"
    ).succeeded().decoded([Found].self)
    #expect(latest.map(\.detections.count) == all.map(\.detections.count))
  }

  @Test func `An image comes on standard input`() throws {
    let image = images + "/000001.jpg"
    let file = try detect(image, "--json", "-").succeeded().decoded([Found].self)
    let input = try detect("-", "--json", "-", shellPrefix: "exec <'\(image)'").succeeded().decoded([Found].self)
    #expect(
      input.count == 1 && input[0].image == "-" && input[0].detections.map(\.box) == file[0].detections.map(\.box))
    let broken = try detect("-", "--json", "-", shellPrefix: "exec </dev/null").ended(with: 65)
    #expect(broken.messages.contains("standard input: the file is empty"), "\(broken.messages)")
  }

  @Test func `Detections are annotations that other programs read, and so does this one`() throws {
    let (coco, voc, yolo) = (workspace.path + "/a.json", workspace.path + "/voc", workspace.path + "/yolo")
    let outcome = try detect(images, "--json", "-", "--coco", coco, "--voc", voc, "--yolo", yolo).succeeded()
    let found = try outcome.decoded([Found].self)
    let classes = ["circle", "square", "triangle", "star", "cross", "ring"]
    #expect(outcome.messages.contains("000001.jpg: \(found[0].detections.count) objects: "), "\(outcome.messages)")
    // No drawing was asked for.
    #expect(try !FileManager.default.contentsOfDirectory(atPath: images).contains { $0.contains("detections") })
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: coco))) as? [String: [[String: Any]]])
    let annotations = try #require(object["annotations"])
    #expect(annotations.count == found.reduce(0) { $0 + $1.detections.count } && object["images"]?.count == found.count)
    let scores = found.flatMap { $0.detections.map(\.score) }
    #expect(zip(annotations, scores).allSatisfy { abs(($0["score"] as? Double ?? .nan) - $1) < 1e-12 })
    #expect(try detect(images, "--coco", "-").succeeded().output == String(contentsOfFile: coco, encoding: .utf8))
    try detect(images, "--coco", "-", "--json", "-").ended(with: 64)
    try detect(images, "--voc", "-").ended(with: 64)
    try FileManager.default.createSymbolicLink(atPath: yolo + "/images", withDestinationPath: images)
    try FileManager.default.createSymbolicLink(atPath: voc + "/JPEGImages", withDestinationPath: images)
    try FileManager.default.createSymbolicLink(atPath: voc + "/Annotations", withDestinationPath: ".")
    try FileManager.default.createDirectory(atPath: voc + "/ImageSets/Main", withIntermediateDirectories: true)
    let names = found.map { URL(fileURLWithPath: $0.image).deletingPathExtension().lastPathComponent }
    try workspace.write(names.joined(separator: "\n"), to: voc + "/ImageSets/Main/all.txt")
    let dataset = try Dataset(.pascalVOC, [DatasetSource(root: voc, split: "all")], classes: classes)
    #expect(dataset.images.count == found.count)
    for (image, expected) in zip(dataset.images, found) {
      let label = try String(contentsOfFile: "\(yolo)/\(image.identifier).txt", encoding: .utf8).split(separator: "\n")
      #expect(label.count == expected.detections.count)
      // Boxes without an area are no annotations.
      let boxes = expected.detections.filter { $0.box[2] > $0.box[0] && $0.box[3] > $0.box[1] }
      #expect(image.objects.count == boxes.count)
      for (object, detection) in zip(image.objects, boxes) {
        #expect(
          abs(object.pixelBox.xMin - detection.box[0]) < 1e-6
            && classes[object.groundTruth.label - 1] == detection.class)
      }
    }
  }

  @Test func `Parts of an image add what is in them`() throws {
    let image = images + "/000001.jpg"
    let all = "evaluation.keep=100000"
    let whole = try detect(image, "--json", "-", "--set", all).succeeded().decoded([Found].self)[0]
    let parts = try detect(image, "--json", "-", "--set", all, "--tile", "100").succeeded().decoded([Found].self)[0]
    let once = try detect(image, "--json", "-", "--set", all, "--tile", "4000").succeeded().decoded([Found].self)[0]
    #expect(parts.detections.count > whole.detections.count && once.detections.count <= whole.detections.count)
    for detection in parts.detections {
      #expect(
        detection.box[0] >= 0 && detection.box[2] <= Double(parts.width) && detection.box[3] <= Double(parts.height))
    }
    try detect(image, "--tile", "5").ended(with: 64)
    let alone = try detect(image, "--tile-overlap", "0.5").ended(with: 64)
    #expect(alone.messages.contains("--tile-overlap has no meaning without --tile"))
  }

  @Test func `Without ffmpeg a video is named with what it needs, and images are done`() throws {
    let video = workspace.path + "/a.mp4"
    try workspace.write("no video", to: video)
    let outcome = try MultiboxProcess(
      ["detect", workspace.checkpoint(1), video, images + "/000001.jpg", "--json", "-"],
      environment: ["PATH": "/nowhere"]
    ).wait().ended(with: 65)
    #expect(outcome.messages.contains("\(video): videos need the program ffmpeg"), "\(outcome.messages)")
    #expect(try outcome.decoded([Found].self).count == 1)
  }

  private static let hasFFmpeg = FileManager.default.isExecutableFile(atPath: "/usr/bin/ffmpeg")

  @Test(.enabled(if: hasFFmpeg, "there is no ffmpeg")) func `A video is its frames, and its drawing a video`() throws {
    let video = workspace.path + "/a.mp4"
    try ChildProcess(
      URL(fileURLWithPath: "/usr/bin/ffmpeg"),
      [
        "-v", "error", "-framerate", "5", "-pattern_type", "glob", "-i", images + "/*.jpg", "-vf", "scale=320:240",
        "-q:v", "2", video,
      ]
    ).wait().succeeded()
    let output = workspace.path + "/drawn"
    let outcome = try detect(video, "--json", "-", "--output", output, "--yolo", workspace.path + "/labels").succeeded()
    let found = try outcome.decoded([Found].self)
    let count = try FileManager.default.contentsOfDirectory(atPath: images).count
    #expect(found.map(\.frame) == Array(0..<count) && found.allSatisfy { $0.width == 320 && $0.height == 240 })
    let drawn = try VideoReader(output + "/a.detections.mp4")
    var frames = 0
    while let frame = try drawn.next() {
      frames += 1
      #expect(frame.width == 320)
    }
    #expect(frames == count)
    #expect(FileManager.default.fileExists(atPath: workspace.path + "/labels/a-000003.txt"))
    try workspace.cut(video, to: 0.3)
    let broken = try detect(video, "--output", output).ended(with: 65)
    #expect(broken.messages.contains("\(video): ffmpeg cannot decode it"), "\(broken.messages)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: output) == ["a.detections.mp4"])
  }
}
