import Datasets
import Evaluation
import Foundation
import Images
import TestSupport
import Testing
import multibox

/// The way from nothing to images with boxes, as a user walks it.
struct WorkflowTests {
  private struct Evaluation: Decodable {
    let metric: String
    let mAP: Double
    let AP: [String: Double?]
  }

  private struct COCOResult: Decodable {
    let image_id: String
    let category_id: Int
    let bbox: [Double]
    let score: Double
  }

  private struct DetectedImage: Decodable {
    struct Object: Decodable {
      let `class`: String
      let score: Double
      let box: [Double]
    }
    let image: String
    let width: Int
    let height: Int
    let detections: [Object]
  }

  private let directory: TemporaryDirectory
  private let data: String
  private let run: String
  private let classes = ["circle", "square", "triangle", "star", "cross", "ring"]

  init() throws {
    directory = try TemporaryDirectory()
    data = directory.path + "/shapes"
    run = directory.path + "/run"
  }

  private func read<Value: Decodable>(_ type: Value.Type, from path: String) throws -> Value {
    try JSONDecoder().decode(type, from: Data(contentsOf: URL(fileURLWithPath: path)))
  }

  @Test func `Synthesize, train, evaluate and detect`() throws {
    try MultiboxProcess.run("synthesize", data, "--images", "12", "--seed", "1").succeeded()
    let config = directory.path + "/narrow.yaml"
    try NarrowExperiment.yaml(data: data, output: directory.path + "/elsewhere").write(
      toFile: config, atomically: true, encoding: .utf8)

    try MultiboxProcess.run("train", config, "--output", run, "--set", "training.iterations=3").succeeded()
    #expect(try NarrowExperiment.metrics(ofRun: run).count == 3)
    let latest = try String(contentsOfFile: run + "/checkpoints/latest", encoding: .utf8)
    #expect(latest == "iteration-0000003.safetensors\n")
    let checkpoint = run + "/checkpoints/iteration-0000003.safetensors"

    try evaluate(checkpoint)
    try detect(checkpoint)
  }

  private func evaluate(_ checkpoint: String) throws {
    let dataset = try Dataset.pascalVOC(roots: [data], split: "test", classes: classes)
    for metric in ["voc07", "voc12"] {
      let output = "\(directory.path)/\(metric)"
      let table = try MultiboxProcess.run("evaluate", checkpoint, "--metric", metric, "--output", output).succeeded()
        .output
      for name in classes { #expect(table.contains(name)) }
      #expect(table.contains("mAP (\(metric))") && table.contains("on 2 images"))
      let evaluation = try read(Evaluation.self, from: output + "/evaluation.json")
      #expect(evaluation.metric == metric && Set(evaluation.AP.keys) == Set(classes))
      let defined = evaluation.AP.values.compactMap { $0 }
      #expect(defined.allSatisfy { (0...1).contains($0) })
      #expect(abs(evaluation.mAP - defined.reduce(0, +) / Double(defined.count)) < 1e-12)
      let results = try read([COCOResult].self, from: output + "/detections.json")
      #expect(!results.isEmpty)
      for result in results {
        let image = try #require(dataset.images.first { $0.identifier == result.image_id })
        #expect((1...classes.count).contains(result.category_id) && (0.01...1).contains(result.score))
        // x, y, width, height within the image, as far as float32 fractions of its sides are exact.
        let box = result.bbox
        #expect(box.count == 4 && box[0] >= 0 && box[1] >= 0 && box[2] >= 0 && box[3] >= 0)
        #expect(box[0] + box[2] <= Double(image.width) * (1 + 0x1p-23))
        #expect(box[1] + box[3] <= Double(image.height) * (1 + 0x1p-23))
      }
    }
    try evaluateByCOCO(checkpoint)
    // Another split, and the checkpoint's directory when no other is named.
    let table = try MultiboxProcess.run("evaluate", checkpoint, "--split", "val").succeeded().output
    #expect(table.contains("on 1 images"))
    let beside = try read(Evaluation.self, from: run + "/checkpoints/evaluation.json")
    #expect(beside.metric == "voc07")
  }

  /// An evaluation's metric and every number that is not in a list or an object.
  private struct COCONumbers: Decodable {
    let metric: String
    var numbers: [String: Double] = [:]

    private struct Key: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Key.self)
      metric = try container.decode(String.self, forKey: Key(stringValue: "metric"))
      for key in container.allKeys { numbers[key.stringValue] = try? container.decode(Double.self, forKey: key) }
    }
  }

  private func evaluateByCOCO(_ checkpoint: String) throws {
    let output = directory.path + "/coco"
    let table = try MultiboxProcess.run("evaluate", checkpoint, "--metric", "coco", "--output", output).succeeded()
      .output
    #expect(table.contains("AP50") && table.contains("mAP (coco)") && table.contains("on 2 images"))
    let names = ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"]
    // Foundation's other reader, JSONSerialization, loses the last bit of some numbers.
    let evaluation = try read(COCONumbers.self, from: output + "/evaluation.json")
    #expect(evaluation.metric == "coco")
    #expect(try Image(contentsOf: output + "/precision-recall.png").width == 900)
    // The files that evaluation leaves score the same.
    let scored = try MultiboxProcess(
      [
        "score", "--ground-truth", data, "--detections", output + "/detections.json", "--metric", "coco", "--json", "-",
        "--classes",
      ] + classes
    ).wait().succeeded().decoded([String: Double].self)
    #expect(Set(scored.keys) == Set(names))
    for name in names { #expect(evaluation.numbers[name] == scored[name], "\(name)") }
  }

  private func detect(_ checkpoint: String) throws {
    let photos = ["000005", "000010"].map { "\(data)/JPEGImages/\($0).jpg" }
    let (pictures, json) = (directory.path + "/pictures", directory.path + "/detections.json")
    try MultiboxProcess.run(
      "detect", checkpoint, photos[0], photos[1], "--score-threshold", "0.02", "--output", pictures, "--json", json
    ).succeeded()
    let images = try read([DetectedImage].self, from: json)
    #expect(images.map(\.image) == photos)
    #expect(images.contains { !$0.detections.isEmpty })
    for image in images {
      let photo = try Image(contentsOf: image.image)
      #expect(image.width == photo.width && image.height == photo.height)
      for object in image.detections {
        #expect(classes.contains(object.class) && (0.02...1).contains(object.score))
        #expect(object.box.count == 4 && object.box[0] <= object.box[2] && object.box[1] <= object.box[3])
      }
      let name = URL(fileURLWithPath: image.image).deletingPathExtension().lastPathComponent
      let picture = try Image(contentsOf: "\(pictures)/\(name).detections.png")
      #expect(picture.width == photo.width && picture.height == photo.height)
      // Something is drawn exactly when something is found; JPEG decodes to the same samples every time.
      #expect((picture == photo) == image.detections.isEmpty)
    }
    // What a program reads goes to standard output, alone.
    let streamed = try MultiboxProcess.run("detect", checkpoint, photos[0], "--score-threshold", "0.02", "--json", "-")
      .succeeded().decoded([DetectedImage].self)
    #expect(streamed.count == 1 && streamed[0].detections.count == images[0].detections.count)
  }
}
