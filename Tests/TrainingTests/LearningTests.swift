import TestSupport
import Testing
import Training

struct LearningTests {
  private let runs: NarrowRuns

  init() throws {
    runs = try NarrowRuns()
  }

  @Test func `A narrow network learns two images by heart`() throws {
    try "000001\n000002\n".write(
      toFile: runs.data + "/ImageSets/Main/few.txt", atomically: true, encoding: .utf8)
    try runs.train(
      "run",
      [
        "data.train_split=few", "data.augmentation=none", "model.initialization=he",
        "training.global_batch=2", "training.iterations=100",
        "training.schedule={milestones: [80], warmup_iterations: 20, warmup_factor: 0.01}", "training.threads=2",
      ])
    let losses = try runs.losses("run")
    let last = losses[90...].reduce(0, +) / 10
    #expect(last < losses[0] / 4, "loss \(losses[0]) in the first iteration, \(last) in the last ten")
  }

  /// The variants that other releases of SSD use.
  @Test(arguments: [
    ["model.variances={center: 0.2, size: 0.1}"],
    ["model.default_boxes=torchvision", "model.matching=argmax"],
    ["model.default_boxes=caffe-coco"],
    ["model.initialization=he", "data.augmentation=flip", "data.difficult=always"],
  ])
  func `Every variant trains`(overrides: [String]) throws {
    let variant = try runs.train("variant", overrides, until: 2)
    #expect(variant.iteration == 2)
    try runs.train("plain", until: 2)
    let (losses, plain) = (try runs.losses("variant"), try runs.losses("plain"))
    #expect(losses.count == 2 && losses.allSatisfy { $0.isFinite && $0 > 0 })
    #expect(losses != plain)
  }
}
