import Configuration
import Testing

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
    ("freeze", "training.freeze"), ("epochs", "training.epochs"), ("max_batches", "training.iterations"),
    ("burn_in", "training.schedule.warmup_iterations"), ("eval_steps", "evaluation.every"), ("data-path", "data.root"),
    ("num_train_epochs", "training.epochs"), ("per_device_train_batch_size", "training.micro_batch"),
    ("image_dir", "data.image_directory"), ("dir", "data.root"), ("sede", "training.seed"),
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
    ("resume", "--resume auto|never|FILE"), ("resize", "fixed input"), ("height", "fixed input"),
    ("rect", "fixed input"), ("std", "is fixed"), ("mean", "is fixed"), ("lrf", "kind: cosine"),
    ("min_lr", "kind: cosine"),
    ("nbs", "nothing is scaled by the batch"), ("neg_pos_ratio", "3 negatives for each positive"),
  ])
  func `A key that nothing stands for is answered with what is to be known`(key: String, remark: String) throws {
    #expect(try message("\(key): 1").contains("a.yaml:2: \(key): unknown key; "))
    #expect(try message("training: {\(key): 1}").contains(remark))
  }

  @Test func `Keys in a section of another program are answered one by one`() throws {
    let text = try message(
      """
      MODEL: {WEIGHTS: a, BACKBONE: {FREEZE_AT: 2}, OTHER: 1}
      SOLVER: {BASE_LR: 0.1, IMS_PER_BATCH: 8, MAX_ITER: 9, STEPS: [5]}
      TEST: {EVAL_PERIOD: 5}
      train: {epochs: 3, amp: true}
      optimizer: {type: SGD}
      """)
    let answers = [
      ("2: MODEL.WEIGHTS", "model.weights"), ("2: MODEL.BACKBONE.FREEZE_AT", "training.freeze"),
      ("3: SOLVER.BASE_LR", "training.learning_rate"), ("3: SOLVER.IMS_PER_BATCH", "training.global_batch"),
      ("3: SOLVER.MAX_ITER", "training.iterations"), ("3: SOLVER.STEPS", "training.schedule.milestones"),
      ("4: TEST.EVAL_PERIOD", "evaluation.every"), ("5: train.epochs", "training.epochs"),
      ("5: train.amp", "training.precision"),
    ]
    let lines = text.split(separator: "\n")
    #expect(lines.count == answers.count + 1, "\(text)")
    for (line, (key, ours)) in zip(lines, answers) {
      #expect(line.hasPrefix("a.yaml:\(key): unknown key; did you mean '\(ours)'"), "\(line)")
    }
    #expect(text.contains("a.yaml:6: optimizer: unknown key; the optimizer is SGD"), "\(text)")
  }

  @Test(arguments: ["dax", "zeed2", "root12", "foo"])
  func `A key that is near to none gets no proposal`(key: String) throws {
    #expect(try message("data: {\(key): 1}").hasSuffix("a.yaml:2: data.\(key): unknown key"))
  }

  @Test func `A key of several sections is answered with that of its own`() throws {
    #expect(try message("data: {dir: a}").contains("data.dir: unknown key; did you mean 'data.root'?"))
  }

  @Test func `An answer is a key that exists, and never the key itself`() throws {
    let text = try message("lr: 1\nbatch: 2\nval: 3\nnc: 4")
    for match in text.matches(of: /did you mean '([a-z_.]+)'/) {
      let nested = match.output.1.split(separator: ".").reversed().reduce("[[]]") { "{\($1): \($0)}" }
      #expect(try !message("x: 1\n" + nested.dropFirst().dropLast()).contains("\(match.output.1): unknown key"))
    }
  }
}
