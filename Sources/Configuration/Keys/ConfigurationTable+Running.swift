/// The sections beside model, data and training.
extension ConfigurationTable {
  mutating func addEvaluation() {
    addOptional(
      "every", \.evaluation.every, .integer(.atLeast(1)), change: .neutral,
      "iterations between evaluations; the last iteration is evaluated too. `null`: no evaluation while training")
    add(
      "damaged_images", \.evaluation.damagedImages, .choice, change: .neutral,
      "image that cannot be decoded: exit code 65, or left out with its objects")
    addOptional(
      "patience", \.evaluation.patience, .integer(.atLeast(1)), change: .neutral,
      "training ends after so many evaluations in a row without a better one")
    rule("patience") { configuration in
      configuration.evaluation.patience != nil && configuration.evaluation.every == nil
        ? "needs evaluations; evaluation.every is null" : nil
    }
    rule("patience") { configuration in
      configuration.evaluation.patience != nil && configuration.data.evaluationSplit == nil
        ? "needs evaluations; data.evaluation_split is null" : nil
    }
    add("metric", \.evaluation.metric, .choice, "[metric](commands.md#metrics)")
    add(
      "score_threshold", \.evaluation.detections.scoreThreshold, .number(.from(0, below: 1)),
      "detections with a lower score are dropped")
    add(
      "nms_threshold", \.evaluation.detections.nmsThreshold, .number(.above(0, atMost: 1)),
      "IoU above which non-maximum suppression drops the weaker box")
    add(
      "top_k", \.evaluation.detections.topK, .integer(.atLeast(1)),
      "boxes of a class that enter non-maximum suppression")
    add("keep", \.evaluation.detections.keep, .integer(.atLeast(1)), "detections of an image that are kept")
    add(
      "clip", \.evaluation.detections.clipping,
      .choice([(name: "after-nms", value: .afterNMS), (name: "before-nms", value: .beforeNMS)]),
      "when boxes are clipped to the image: as the authors do, or as torchvision does")
    add(
      "report", \.evaluation.writesReport, .boolean, change: .neutral,
      "write [`report.html`](files.md#report) after each evaluation and at the end of training")
  }

  mutating func addCheckpoint() {
    add("every", \.checkpoint.every, .integer(.atLeast(1)), change: .neutral, "iterations between checkpoints")
    addOptional(
      "every_seconds", \.checkpoint.everySeconds, .interval, expected: "a number greater than 0.0, auto or null",
      change: .neutral,
      "also write one when so much time has passed; `auto`: [what costs least](clusters.md#how-often)")
    addOptional(
      "memory_every_seconds", \.checkpoint.memoryEverySeconds, .interval,
      expected: "a number greater than 0.0, auto or null", change: .neutral,
      "up to four hosts keep a [copy in memory](clusters.md#copies-in-memory) when so much time has passed")
    add("keep", \.checkpoint.keep, .integer(.atLeast(1)), change: .neutral, "newest checkpoints that are kept")
    add(
      "keep_best", \.checkpoint.keepBest, .boolean, change: .neutral,
      "keep the checkpoint of the best evaluation too, as `best.safetensors`")
  }

  mutating func addTensorBoard() {
    add(
      "enabled", \.tensorBoard.isEnabled, .boolean, change: .neutral,
      "write [events for TensorBoard](files.md#tensorboard) into the run directory")
    add(
      "images", \.tensorBoard.images, .integer(.from(0, to: 100)), change: .neutral,
      "images of the evaluation split that are drawn after each evaluation; TensorBoard shows at most 10 times of each")
    add(
      "histograms", \.tensorBoard.histograms, .boolean, change: .neutral,
      "write the distribution of every weight tensor with each checkpoint")
  }

  mutating func addCommunication() {
    add(
      "reduction", \.communication.reduction, .choice,
      "order in which gradients are added over ranks: [fixed](decisions/0012-sums-over-ranks.md), so that any number of ranks gives the same bits; or that of `MPI_Allreduce`"
    )
    add(
      "wire", \.communication.wire, .choice,
      "format of gradients between ranks. `bfloat16` halves the bytes: every [sum of two gradients](decisions/0031-bfloat16-at-the-nodes.md) is rounded, on one rank too. It needs `reduction: reproducible`"
    )
    rule("wire") { configuration in
      let communication = configuration.communication
      guard communication.reduction == .native, communication.wire != .float32 else { return nil }
      return "\(communication.wire.rawValue) needs reduction: reproducible; MPI has no such numbers to add"
    }
    addOptional(
      "bucket_megabytes", \.communication.bucketMegabytes, .number(.from(0.01, to: 1024)), change: .neutral,
      "size of the parts in which gradients are sent while backward goes on; `null` is a sixteenth of the network, 0.256 to 8, and less towards the end of backward"
    )
    add(
      "stall_seconds", \.communication.stallSeconds, .number(.atLeast(1)), change: .neutral,
      "a job without progress for so long ends with exit code 77")
  }
}
