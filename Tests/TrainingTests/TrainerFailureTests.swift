import Datasets
import Files
import Foundation
import Loading
import ModelFiles
import TestSupport
import Testing
import Training

/// Runs that cannot go on: the fault is named and what was reached stays.
struct TrainerFailureTests {
  private let runs: NarrowRuns

  init() throws {
    runs = try NarrowRuns()
  }

  @Test(arguments: [
    "model.width_multiplier=0.1", "data.classes=[circle, square, triangle, star, cross, ring, moon]",
  ])
  func `A checkpoint of another model is refused and the run stays as it is`(override: String) throws {
    let before = try runs.train("run", until: 1)
    let file = runs.path("run") + "/config.yaml"
    let configuration = try String(contentsOfFile: file, encoding: .utf8)
    let error = #expect(throws: FileError.self) { try runs.trainer("run", [override]) }
    #expect(error?.path == runs.path("run") + "/checkpoints/iteration-0000001.safetensors")
    #expect(error?.tensor != nil)
    #expect(error?.reason.hasSuffix("; the checkpoint is of ssd300-vgg16, width 0.0625, 6 classes") == true)
    #expect(try runs.state("run") == before)
    #expect(try String(contentsOfFile: file, encoding: .utf8) == configuration)
  }

  @Test func `A damaged image is named at the iteration that needs it, and training goes on once it is mended`() throws
  {
    let overrides = ["checkpoint.every=1", "training.iterations=4"]
    let whole = try runs.train("whole", overrides)
    let dataset = try runs.configuration("run").dataset(split: .same("trainval"))
    var schedule = SampleSchedule(seed: 0, count: dataset.images.count, globalBatch: 4)
    let image = dataset.images[schedule.samples(iteration: 1)[2].imageIndex].imagePath
    let bytes = try Data(contentsOf: URL(fileURLWithPath: image))
    // The header stays whole, so that reading the data set does not find the damage.
    try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: image))
    let error = #expect(throws: DatasetError.self) { try runs.train("run", overrides) }
    #expect(error == DatasetError(file: image, reason: "Premature end of JPEG file"))
    let reached = try runs.state("run")
    #expect(reached.iteration == 1 && reached.metrics == [whole.metrics[0]])
    try bytes.write(to: URL(fileURLWithPath: image))
    #expect(try runs.train("run", overrides) == whole)
  }

  private struct Line: Decodable { let damaged_images: Int }

  @Test func `Damaged images are replaced on request: the same by any number of threads and after a resume`() throws {
    let dataset = try runs.configuration("run").dataset(split: .same("trainval"))
    let damaged = dataset.images[3...4].map(\.imagePath)
    for path in damaged {
      let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: path))
    }
    let overrides = ["data.damaged_images=replace", "data.log_images=true"]
    let whole = try runs.train("whole", overrides)
    let counts = try whole.metrics.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)).damaged_images }
    // 28 samples are two epochs of ten images and eight of the third, which misses one or none of the two.
    var schedule = SampleSchedule(seed: 0, count: 10, globalBatch: 4)
    #expect(counts == (0..<7).map { schedule.samples(iteration: $0).count { (3...4).contains($0.imageIndex) } })
    let images = try String(contentsOfFile: runs.path("whole") + "/images.jsonl", encoding: .utf8)
    for image in dataset.images[3...4] { #expect(!images.contains("\"\(image.identifier)\"")) }
    for path in damaged {
      #expect(runs.messages.recorded.count { $0.contains("\(path): Premature end of JPEG file; 0000") } == 1)
    }
    _ = try runs.train("resumed", overrides, until: 2)
    #expect(try runs.train("resumed", overrides + ["data.loader_threads=3"]) == whole)
    #expect(throws: DatasetError.self) { try runs.train("stopped") }
  }

  @Test func `A loss that is not finite ends the run and the last checkpoint stays valid`() throws {
    let overrides = [
      "checkpoint.every=1", "training.iterations=30", "training.learning_rate=1e6",
      "training.schedule.warmup_iterations=0",
    ]
    let error = #expect(throws: NonFiniteLossError.self) { try runs.train("run", overrides) }
    let state = try runs.state("run")
    #expect(state.iteration < 30 && state.metrics.count == state.iteration)
    #expect(error?.description.hasPrefix("iteration \(state.iteration + 1): the loss is not finite") == true)
    #expect(try runs.losses("run").allSatisfy(\.isFinite))
    let file = try SafetensorsFile(runs.path("run") + "/checkpoints/iteration-000000\(state.iteration).safetensors")
    for tensor in file.tensors {
      #expect(try file.floats(of: tensor).allSatisfy(\.isFinite), "\(tensor.name)")
    }
  }
}
