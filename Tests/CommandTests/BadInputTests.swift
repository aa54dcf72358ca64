import Foundation
import TestSupport
import Testing

/// Every fault of a user's input: its exit code, and a message that names the file and the reason.
struct BadInputTests {
  struct Fault: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let exitCode: Int32
    /// Brings the fault about and runs the program.
    let outcome: @Sendable (Workspace) throws -> MultiboxProcess.Outcome
    /// What standard error must say.
    let messages: @Sendable (Workspace) -> [String]

    init(
      _ description: String, _ exitCode: Int32, says messages: @escaping @Sendable (Workspace) -> [String],
      _ outcome: @escaping @Sendable (Workspace) throws -> MultiboxProcess.Outcome
    ) {
      (testDescription, self.exitCode, self.outcome, self.messages) = (description, exitCode, outcome, messages)
    }
  }

  @Test(arguments: usage + data + disk + machine)
  func `A fault is named and has its exit code`(fault: Fault) throws {
    let workspace = try Workspace()
    let outcome = try fault.outcome(workspace)
    #expect(outcome.exitCode == fault.exitCode, "\(outcome.messages)")
    #expect(outcome.output.isEmpty)
    for text in fault.messages(workspace) {
      #expect(outcome.messages.contains(text), "\(text) is not in: \(outcome.messages)")
    }
    for trace in ["Fatal error", "Crash", "stack trace"] { #expect(!outcome.messages.contains(trace)) }
  }

  static let usage = [
    Fault("an unknown option", 64, says: { _ in ["Unknown option '--stop'"] }) {
      try MultiboxProcess.run("train", $0.config, "--stop", "3")
    },
    Fault("an unknown command", 64, says: { _ in ["trian"] }) {
      try MultiboxProcess.run("trian", $0.config)
    },
    Fault("an option out of range", 64, says: { _ in ["--stop-at", "not 0"] }) {
      try MultiboxProcess.run("train", $0.config, "--stop-at", "0")
    },
    Fault(
      "a micro-batch that does not divide the batch", 64, says: { _ in ["--micro-batch 3 does not divide --batch 8"] }
    ) { _ in
      try MultiboxProcess.run("benchmark", "step", "--batch", "8", "--micro-batch", "3")
    },
    Fault("no iterations", 64, says: { _ in ["--iterations", "must be positive"] }) { _ in
      try MultiboxProcess.run("benchmark", "inference", "--iterations", "0")
    },
    Fault("a warm-up of less than nothing", 64, says: { _ in ["--warm-up must not be negative"] }) { _ in
      try MultiboxProcess.run("benchmark", "step", "--warm-up=-1")
    },
    Fault("a single class", 64, says: { _ in ["--classes must be at least 2"] }) { _ in
      try MultiboxProcess.run("benchmark", "step", "--classes", "1")
    },
    Fault(
      "a width that the network does not have", 64,
      says: { _ in ["model.width_multiplier: expected a number from 0.0625 to 2.0, found '3.0'"] }
    ) { _ in
      try MultiboxProcess.run("benchmark", "step", "--width-multiplier", "3")
    },
    Fault("no loader threads", 64, says: { _ in ["--threads must be from 1 to 1024"] }) {
      try MultiboxProcess.run("benchmark", "loader", $0.config, "--threads", "0")
    },
    Fault("a missing configuration", 64, says: { ["\($0.path)/none.yaml: cannot be read: No such file or directory"] })
    {
      try MultiboxProcess.run("train", $0.path + "/none.yaml")
    },
    Fault(
      "an unknown key", 64,
      says: { ["\($0.config):2: training.learning_rte: unknown key; did you mean 'training.learning_rate'?"] }
    ) {
      try $0.write("version: 1\ntraining: {learning_rte: 0.1}", to: $0.config)
      return try $0.train()
    },
    Fault(
      "a value of the wrong type", 64,
      says: { ["\($0.config):2: training.global_batch: expected an integer of at least 1, found 'many'"] }
    ) {
      try $0.write("version: 1\ntraining: {global_batch: many}", to: $0.config)
      return try $0.train()
    },
    Fault(
      "an override of an unknown key", 64,
      says: { _ in ["--set data.rot=x: data.rot: unknown key; did you mean 'data.root'?"] }
    ) { try $0.train("data.rot=x") },
    Fault("a configuration without data", 64, says: { ["\($0.config): data.root: missing"] }) {
      try $0.write("version: 1", to: $0.config)
      return try $0.train()
    },
    Fault(
      "two pictures of one name", 64,
      says: { _ in ["a/x.jpg and b/x.jpg would all be drawn as x.jpg.detections.png"] }
    ) { try MultiboxProcess.run("detect", $0.path + "/any.safetensors", "a/x.jpg", "b/x.jpg") },
    Fault("fewer synthetic images than splits", 64, says: { _ in ["--images", "at least 5", "not 3"] }) {
      try MultiboxProcess.run("synthesize", $0.path + "/new", "--images", "3")
    },
    Fault("a metric that there is not", 64, says: { _ in ["--metric", "map", "voc07"] }) {
      try score($0, metric: "map")
    },
    Fault(
      "a split of a COCO file", 64,
      says: { ["--split is for a directory of Pascal VOC or YOLO, which \($0.path)/truth.json is not"] }
    ) {
      try score($0, "--split", "val")
    },
    Fault("inclusive boxes for COCO's metric", 64, says: { _ in ["--pixels inclusive is for voc07 and voc12"] }) {
      try score($0, "--pixels", "inclusive")
    },
  ]

  /// Scores the workspace's `truth.json` and `found.json`.
  private static func score(
    _ workspace: Workspace, metric: String = "coco", _ options: String...
  ) throws -> MultiboxProcess.Outcome {
    try MultiboxProcess(
      [
        "score", "--ground-truth", workspace.path + "/truth.json", "--detections", workspace.path + "/found.json",
        "--metric", metric,
      ] + options
    ).wait()
  }

  /// Scores a record beside one image and one category.
  private static func score(_ workspace: Workspace, record: String) throws -> MultiboxProcess.Outcome {
    try workspace.write(
      #"{"images": [{"id": 1}], "categories": [{"id": 1, "name": "a"}], "annotations": []}"#,
      to: workspace.path + "/truth.json")
    let good = #"{"image_id": 1, "category_id": 1, "bbox": [0, 0, 1, 1], "score": 1}"#
    try workspace.write("[\(good), \(record)]", to: workspace.path + "/found.json")
    return try score(workspace)
  }

  static let data = [
    Fault("a missing split", 65, says: { ["\($0.data)/ImageSets/Main/nothing.txt: ", "trainval"] }) {
      try $0.train("data.train_split=nothing")
    },
    Fault("an empty split", 65, says: { _ in ["none", "no image"] }) {
      try $0.write("\n", to: $0.data + "/ImageSets/Main/none.txt")
      return try $0.train("data.train_split=none")
    },
    Fault(
      "a split without an object", 65, says: { _ in ["of the split trainval, of which", "has an object to train on"] }
    ) {
      try $0.removeObjects()
      return try $0.train()
    },
    Fault("a cut-off annotation", 65, says: { ["\($0.data)/Annotations/000002.xml:", "cut off"] }) {
      try $0.cut($0.data + "/Annotations/000002.xml", to: 0.5)
      return try $0.train()
    },
    Fault("an unknown class", 65, says: { ["\($0.data)/Annotations/0000", "unknown class", "the classes are dog"] }) {
      try $0.train("data.classes=[dog]")
    },
    Fault("a missing image", 65, says: { ["image 000002 has no file \($0.data)/JPEGImages/000002.jpg"] }) {
      try FileManager.default.removeItem(atPath: $0.data + "/JPEGImages/000002.jpg")
      return try $0.train()
    },
    Fault(
      "images in another folder", 65,
      says: {
        [
          "trainval.txt: ", " images are missing: ",
          "looked in \($0.data)/JPEGImages; files of these names are elsewhere: ",
        ]
      }
    ) {
      try FileManager.default.moveItem(atPath: $0.data + "/JPEGImages", toPath: $0.data + "/photos")
      try FileManager.default.createDirectory(atPath: $0.data + "/JPEGImages", withIntermediateDirectories: true)
      return try $0.train()
    },
    Fault(
      "boxes as fractions", 65,
      says: { ["\($0.data)/Annotations/0000", "look like fractions of the image; boxes must be in pixels"] }
    ) {
      for name in try FileManager.default.contentsOfDirectory(atPath: $0.data + "/Annotations") {
        let path = "\($0.data)/Annotations/\(name)"
        var text = try String(contentsOfFile: path, encoding: .utf8)
        for (key, value) in [("xmin", 0.125), ("ymin", 0.25), ("xmax", 0.5), ("ymax", 0.75)] {
          text.replace(try Regex("<\(key)>[^<]+"), with: "<\(key)>\(value)")
        }
        try $0.write(text, to: path)
      }
      return try $0.train()
    },
    Fault("a cut-off image", 65, says: { ["\($0.data)/JPEGImages/000002.jpg: Premature end of JPEG file"] }) {
      try $0.cut($0.data + "/JPEGImages/000002.jpg", to: 0.5)
      return try $0.train()
    },
    Fault("a detection in an unknown image", 65, says: { ["\($0.path)/found.json:1: results[1].image_id: 2 is none"] })
    {
      try score($0, record: #"{"image_id": 2, "category_id": 1, "bbox": [0, 0, 1, 1], "score": 1}"#)
    },
    Fault("a detection of a negative size", 65, says: { ["\($0.path)/found.json:1: results[1].bbox: the size"] }) {
      try score($0, record: #"{"image_id": 1, "category_id": 1, "bbox": [0, 0, -1, 1], "score": 1}"#)
    },
    Fault("a detection without a score", 65, says: { ["\($0.path)/found.json:1: results[1]: score is missing"] }) {
      try score($0, record: #"{"image_id": 1, "category_id": 1, "bbox": [0, 0, 1, 1]}"#)
    },
    Fault("detections of unknown names of images", 65, says: { _ in ["found.json:1: results[0].image_id: 77 is none"] })
    {
      try $0.write(#"[{"image_id": 77}]"#, to: $0.path + "/found.json")
      return try MultiboxProcess(
        ["score", "--ground-truth", $0.data, "--detections", $0.path + "/found.json", "--metric", "voc07", "--classes"]
          + ["circle", "square", "triangle", "star", "cross", "ring"]
      ).wait()
    },
    Fault("a folder of other classes", 65, says: { ["\($0.data)/Annotations/0000", "unknown class", "aeroplane"] }) {
      try MultiboxProcess.run("score", "--ground-truth", $0.data, "--detections", "found.json", "--metric", "voc07")
    },
    Fault("a picture that is not there", 65, says: { ["\($0.path)/none.jpg: No such file or directory"] }) {
      try $0.train(stopAt: 1).succeeded()
      return try MultiboxProcess.run("detect", $0.checkpoint(1), $0.path + "/none.jpg")
    },
  ]

  static let disk = [
    Fault("missing annotations to score", 74, says: { ["\($0.path)/truth.json: cannot read: No such file"] }) {
      try score($0)
    },
    Fault("a missing checkpoint", 74, says: { ["\($0.path)/none.safetensors: cannot open: No such file or directory"] })
    {
      try MultiboxProcess.run("evaluate", $0.path + "/none.safetensors")
    },
    Fault("a missing checkpoint to resume", 74, says: { _ in ["none.safetensors: cannot open: No such file"] }) {
      try MultiboxProcess.run("train", $0.config, "--resume", "none.safetensors")
    },
    Fault(
      "a checkpoint of another model", 74,
      says: {
        ["\($0.checkpoint(1)): tensor ", "has shape", "the checkpoint is of ssd300-vgg16, width 0.0625, 6 classes"]
      }
    ) {
      try $0.train(stopAt: 1).succeeded()
      return try $0.train("model.width_multiplier=0.1")
    },
    Fault("an evaluation of another model", 74, says: { ["\($0.checkpoint(1)): tensor ", "the model needs"] }) {
      try $0.train(stopAt: 1).succeeded()
      return try MultiboxProcess.run("evaluate", $0.checkpoint(1), "--set", "model.width_multiplier=0.1")
    },
    Fault(
      "a header that lies", 74,
      says: { ["\($0.path)/bad.safetensors: tensor a: shape [1000000] of F32 takes 4000000 bytes"] }
    ) {
      let header = #"{"a":{"dtype":"F32","shape":[1000000],"data_offsets":[0,4]}}"#
      var bytes = Data([UInt8(header.utf8.count), 0, 0, 0, 0, 0, 0, 0]) + Data(header.utf8)
      bytes += Data(repeating: 0, count: 4)
      try bytes.write(to: URL(fileURLWithPath: $0.path + "/bad.safetensors"))
      return try MultiboxProcess.run("evaluate", $0.path + "/bad.safetensors")
    },
    Fault("no valid checkpoint to continue from", 74, says: { ["\($0.run)/checkpoints: none of the 1 checkpoints"] }) {
      try $0.train(stopAt: 1).succeeded()
      try $0.cut($0.checkpoint(1), to: 0.9)
      return try $0.train()
    },
    Fault("a run directory below a file", 74, says: { ["\($0.config)/run: cannot create the directory: "] }) {
      try $0.train("output=\($0.config)/run")
    },
    Fault("a directory that takes no files", 74, says: { _ in ["/proc/multibox"] }) {
      try $0.train("output=/proc/multibox")
    },
    Fault("a data set where a file is", 74, says: { ["\($0.config): not a directory"] }) {
      try MultiboxProcess.run("synthesize", $0.config, "--images", "5")
    },
    // A limit below the size of a checkpoint stands in for the disk: it fails the same system call.
    Fault("a disk that is full", 74, says: { ["\($0.checkpoint(1)): cannot write ", "File too large"] }) {
      let outcome = try $0.train(stopAt: 1, shellPrefix: "ulimit -f 500")
      #expect(try FileManager.default.contentsOfDirectory(atPath: $0.run + "/checkpoints") == [])
      return outcome
    },
  ]

  static let machine = [
    Fault(
      "an instruction set that does not exist", 71, says: { _ in ["MULTIBOX_ISA=mmx: this processor can run baseline"] }
    ) {
      try $0.train(environment: ["MULTIBOX_ISA": "mmx"])
    },
    Fault(
      "a loss that is not finite", 76,
      says: { _ in ["the loss is not finite", "on the images 0000", "try a lower learning rate"] }
    ) { try $0.train("training.learning_rate=1e6", "training.iterations=30") },
  ]
}

extension Workspace {
  /// Leaves the annotations without objects.
  fileprivate func removeObjects() throws {
    for file in try FileManager.default.contentsOfDirectory(atPath: data + "/Annotations") {
      let path = "\(data)/Annotations/\(file)"
      let text = try String(contentsOfFile: path, encoding: .utf8)
      try write(text.replacing(#/<object>(.|\n)*<\/object>/#, with: ""), to: path)
    }
  }
}
