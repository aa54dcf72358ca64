import Datasets
import Foundation
import Images
import Kernels
import Loading
import Synthetic
import TestSupport
import Testing

/// `multibox preview` as users start it.
struct PreviewTests {
  private let workspace: Workspace
  private var pictures: String { workspace.path + "/pictures" }

  init() throws {
    workspace = try Workspace()
  }

  private func preview(_ arguments: String..., to directory: String? = nil) throws -> MultiboxProcess.Outcome {
    try MultiboxProcess(["preview", workspace.config, "--output", directory ?? pictures] + arguments).wait()
  }

  private func names(_ directory: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
  }

  @Test func `Without augmentation an image is the resized image with its boxes`() throws {
    try preview("--images", "5", "--set", "data.augmentation=none").succeeded()
    let dataset = try Dataset.pascalVOC(
      roots: [workspace.data], split: "trainval", classes: SyntheticDataset.classNames)
    var schedule = SampleSchedule(seed: 0, count: dataset.images.count, globalBatch: 4)
    let samples = (0..<5).map { schedule.sample(at: $0) }
    let files = try names(pictures)
    #expect(
      files
        == samples.map { sample in
          let place = String(format: "%07d-%03d", sample.position / 4 + 1, sample.position % 4 + 1)
          return "\(place)-\(dataset.images[sample.imageIndex].identifier).png"
        })
    // The mean by default; values half way between two whole numbers are rounded as it has them.
    let input = NetworkInput(width: 300, height: 300, mean: (122.99925, 116.9991, 103.9992))
    for (file, sample) in zip(files, samples) {
      let image = dataset.images[sample.imageIndex]
      var values = [Float](repeating: 0, count: 300 * 300 * 3)
      try input.sample(image.load(), kernels: Kernels.available[0], into: &values)
      let boxes = image.objects.map(\.groundTruth).map { object in
        LabelledBox(
          left: Double(object.box.xMin) * 300, top: Double(object.box.yMin) * 300, right: Double(object.box.xMax) * 300,
          bottom: Double(object.box.yMax) * 300,
          name: dataset.classNames[object.label - 1] + (object.isDifficult ? " (difficult)" : ""),
          classIndex: object.label - 1)
      }
      #expect(
        try Image(contentsOf: "\(pictures)/\(file)") == BoxPainter.paint(boxes, on: input.image(of: values)), "\(file)")
    }
  }

  @Test func `An image depends on its place in the run only`() throws {
    let messages = try preview("--images", "10").succeeded().messages
    let (later, other) = (workspace.path + "/later", workspace.path + "/other")
    try preview("--images", "5", "--iteration", "2", "--set", "data.loader_threads=3", to: later).succeeded()
    let files = try names(pictures)
    #expect(files.count == 10)
    #expect(try names(later) == Array(files[4..<9]))
    for file in files { #expect(messages.contains("\(pictures)/\(file): ")) }
    func bytes(_ directory: String, _ file: String) throws -> Data {
      try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\(file)"))
    }
    for file in files[4..<9] { #expect(try bytes(later, file) == bytes(pictures, file)) }
    try preview("--images", "4", "--set", "training.seed=5", to: other).succeeded()
    #expect(try names(other) != Array(files[..<4]))
  }

  @Test func `An iteration far away has its number in the name`() throws {
    try preview("--images", "1", "--iteration", "999999999999").succeeded()
    #expect(try names(pictures)[0].hasPrefix("999999999999-001-"))
    try preview("--images", "1", "--iteration", "9223372036854775807").ended(with: 64)
  }

  @Test func `Faults have their exit codes`() throws {
    try preview("--images", "0").ended(with: 64)
    try preview("--set", "data.train_split=none").ended(with: 65)
    try preview(to: "/proc/multibox").ended(with: 74)
    try workspace.cut(workspace.data + "/JPEGImages/000002.jpg", to: 0.5)
    #expect(try preview().ended(with: 65).messages.contains("000002.jpg: Premature end of JPEG file"))
  }
}
