import Testing
import Training

/// Keys of other programs are answered with what they are called here.
struct ForeignKeyTests {
  private func message(_ yaml: String) throws -> String {
    try #require(throws: ConfigurationError.self) { try Configuration(yaml: "version: 1\n" + yaml, name: "a.yaml") }
      .description
  }

  @Test(arguments: [
    ("lr", "training.learning_rate"), ("learning-rate", "training.learning_rate"), ("lr0", "training.learning_rate"),
    ("batch_size", "training.global_batch"), ("batch", "training.global_batch"), ("max_iter", "training.iterations"),
    ("epochs", "training.iterations"), ("steps", "training.iterations"), ("amp", "training.precision"),
    ("fp16", "training.precision"), ("half", "training.precision"), ("workers", "data.loader_threads"),
    ("num_workers", "data.loader_threads"), ("num_classes", "data.classes"), ("nc", "data.classes"),
    ("names", "data.classes"), ("pretrained", "model.weights"), ("backbone", "model.name"),
    ("lr_scheduler", "training.schedule"), ("warmup_epochs", "training.schedule.warmup_iterations"),
    ("weight_decay", "training.weight_decay"), ("train", "data.train_split"), ("val", "data.evaluation_split"),
    ("test", "data.evaluation_split"), ("path", "data.root"), ("save_dir", "output"), ("project", "output"),
    ("seed", "training.seed"), ("momentum", "training.momentum"), ("NUM_CLASSES", "data.classes"),
    ("iou_thres", "evaluation.nms_threshold"), ("damaged_images", "data.damaged_images"),
    ("wire", "communication.wire"), ("keep", "checkpoint.keep"), ("patience", "evaluation.patience"),
    ("ema", "training.ema_decay"),
    ("grad_clip", "training.gradient_clip_norm"), ("clip_grad_norm", "training.gradient_clip_norm"),
    ("freeze", "training.freeze"), ("epochs", "training.epochs"),
  ])
  func `A key of another program or level is answered with ours`(key: String, ours: String) throws {
    let text = try message("\(key): 1")
    #expect(text.hasPrefix("a.yaml:2: \(key): unknown key; did you mean "), "\(text)")
    #expect(text.contains("'\(ours)'"), "\(text)")
    // The same within another section.
    let nested = try message("communication: {x\(key.hasPrefix("w") ? "" : ""): 1, \(key == "wire" ? "lr" : key): 1}")
    #expect(nested.contains("did you mean"), "\(nested)")
  }

  @Test(arguments: [
    ("device", "mpirun -np N starts N ranks"), ("gpus", "training runs on the processors"), ("imgsz", "fixed input"),
    ("img_size", "fixed input"), ("input_size", "fixed input"), ("optimizer", "the optimizer is SGD"),
    ("resume", "--resume auto|never|FILE"),
  ])
  func `A key that nothing stands for is answered with what is to be known`(key: String, remark: String) throws {
    #expect(try message("\(key): 1").contains("a.yaml:2: \(key): unknown key; "))
    #expect(try message("training: {\(key): 1}").contains(remark))
  }

  @Test func `An answer is a key that exists, and never the key itself`() throws {
    let text = try message("lr: 1\nbatch: 2\nval: 3\nnc: 4")
    for match in text.matches(of: /did you mean '([a-z_.]+)'/) {
      let nested = match.output.1.split(separator: ".").reversed().reduce("[[]]") { "{\($1): \($0)}" }
      #expect(try !message("x: 1\n" + nested.dropFirst().dropLast()).contains("\(match.output.1): unknown key"))
    }
  }
}
