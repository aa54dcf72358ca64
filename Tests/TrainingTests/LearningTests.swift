import Kernels
import TestSupport
import Testing

struct LearningTests {
  private let runs: NarrowRuns

  init() throws {
    runs = try NarrowRuns()
  }

  /// Two images, without augmentation.
  private let few = [
    "data.train_split=few", "data.augmentation=none", "model.initialization=he", "training.global_batch=2",
  ]

  private func writeFewImages() throws {
    try "000001\n000002\n".write(
      toFile: runs.data + "/ImageSets/Main/few.txt", atomically: true, encoding: .utf8)
  }

  @Test func `A narrow network learns two images by heart`() throws {
    try writeFewImages()
    try runs.train(
      "run",
      few + [
        "training.iterations=100",
        "training.schedule={milestones: [80], warmup_iterations: 20, warmup_factor: 0.01}", "training.threads=2",
      ])
    let losses = try runs.losses("run")
    let last = losses[90...].reduce(0, +) / 10
    #expect(last < losses[0] / 4, "loss \(losses[0]) in the first iteration, \(last) in the last ten")
  }

  /// The narrow network magnifies any rounding: with a small learning rate the curves stay together, and fall by four percent.
  @Test(.enabled(if: Kernels.multiplyBFloat16, "this processor has no AVX512-BF16"))
  func `Training in bfloat16 stays near that in float32, whatever the threads`() throws {
    try writeFewImages()
    let overrides =
      few + [
        "training.iterations=20", "training.learning_rate=0.00003",
        "training.schedule={milestones: [20], warmup_iterations: 0}",
      ]
    let bfloat16 = overrides + ["training.precision=bfloat16"]
    let state = try runs.train("one", bfloat16, until: 3)
    #expect(try runs.train("three", bfloat16 + ["training.threads=3"], until: 3) == state)
    try runs.train("one", bfloat16)
    try runs.train("float32", overrides)
    let (losses, expected) = (try runs.losses("one"), try runs.losses("float32"))
    #expect(losses.count == 20 && losses != expected)
    #expect(abs(losses[0] - expected[0]) < 0.001 * expected[0], "\(losses[0]) beside \(expected[0])")
    for (loss, reference) in zip(losses, expected) {
      #expect(abs(loss - reference) < 0.025 * reference, "\(losses) beside \(expected)")
    }
    #expect(losses[19] < 0.98 * losses[0])
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
