import Datasets
import Detection
import Files
import Foundation
import Images
import Models
import Yams

extension Configuration {
  /// Reads a YAML file, and where it leaves the names of the classes to the data, those.
  ///
  /// - Parameter overrides: `KEY=VALUE` arguments, applied in order; KEY is dotted, VALUE is YAML.
  /// - Throws: ``ConfigurationError`` with every fault of the file and the overrides; `DatasetError` when the names of the
  ///   classes cannot be read.
  package init(contentsOf path: String, overrides: [String] = []) throws {
    let file = ConfigurationOrigin.file(path, line: nil)
    var isDirectory: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue {
      let inside = path + "/config.yaml"
      let hint = FileManager.default.fileExists(atPath: inside) ? "; that of this run is \(inside)" : ""
      throw ConfigurationError(file, "expected a configuration (YAML), found a directory\(hint)")
    }
    if let reason = FileSignature(ofFile: path)?.refusalAsConfiguration { throw ConfigurationError(file, reason) }
    let yaml: String
    do {
      yaml = try String(contentsOfFile: path, encoding: .utf8)
    } catch {
      let reason = SystemError(error).map { "cannot be read: \($0)" } ?? "is not UTF-8 text"
      throw ConfigurationError(file, reason)
    }
    self = try Configuration(yaml: yaml, name: path, overrides: overrides).namingClasses()
  }

  /// Reads YAML text.
  ///
  /// - Parameters:
  ///   - name: what messages call the text; its last component without extension names the default run directory.
  ///   - overrides: `KEY=VALUE` arguments, applied in order; KEY is dotted, VALUE is YAML.
  /// - Throws: ``ConfigurationError`` with every fault of the text and the overrides.
  package init(yaml: String, name: String, overrides: [String] = []) throws(ConfigurationError) {
    var tree = try ConfigurationNode(yaml: yaml, name: name)
    for argument in overrides {
      try tree.override(argument)
    }
    let report = ConfigurationReport()
    let root = ConfigurationSection(root: tree, report: report)
    root.readVersion()
    model = Model(root.section("model"))
    data = Data(root.section("data"))
    training = Training(root.section("training"))
    evaluation = Evaluation(root.section("evaluation"), hasSplit: data.evaluationSplit != nil)
    checkpoint = Checkpoint(root.section("checkpoint"))
    communication = Communication(root.section("communication"))
    let stem = URL(fileURLWithPath: name).deletingPathExtension().lastPathComponent
    output = root.path("output", default: "runs/\(stem)")
    root.noteUnknownKeys()
    try report.throwIfNeeded()
    source = name
    do {
      resolvedYAML = try Yams.serialize(node: root.resolvedNode, width: -1, allowUnicode: true)
    } catch {
      throw ConfigurationError(.file(name, line: nil), "cannot be written as YAML: \(error)")
    }
  }
}

extension Configuration.Model {
  package init(_ section: ConfigurationSection) {
    let architectures = Architecture.all.map { (name: $0.name, value: $0) }
    architecture = section.choice(
      "name", default: architectures[0].name, among: architectures,
      planned: ["ssd512-vgg16", "ssd300-mobilenet-v1", "ssd320-mobilenet-v2-lite"].filter {
        Architecture.named($0) == nil
      })
    widthMultiplier = section.number("width_multiplier", default: 1, .from(0.0625, to: 2))
    weights = section.optionalPath("weights")
    initialization = section.choice("initialization", default: .he)
    defaultBoxes =
      section.isMapping("default_boxes")
      ? DefaultBoxLayout(section.section("default_boxes"), like: architecture.defaultBoxes[0].layout)
      : section.choice(
        "default_boxes", default: architecture.defaultBoxes[0].name,
        among: architecture.defaultBoxes.map { (name: $0.name, value: $0.layout) })
    let variances = section.section("variances")
    let preset = BoxVariances()
    self.variances = BoxVariances(
      center: variances.number("center", default: preset.center, .above(0)),
      size: variances.number("size", default: preset.size, .above(0)))
    matching = section.choice("matching", default: .bipartite)
  }
}

extension DefaultBoxLayout {
  /// Reads default boxes given by lists with one element per feature map of the network; lengths in pixels of its input.
  ///
  /// - Parameter preset: boxes for the same maps.
  fileprivate init(_ section: ConfigurationSection, like preset: DefaultBoxLayout) {
    let count = preset.featureMaps.count
    let minimumSizes = section.numbers("minimum_sizes", count: count, .above(0))
    let maximumSizes = section.numbers("maximum_sizes", count: count, .above(0))
    let aspectRatios = section.numberLists("aspect_ratios", count: count, .above(1))
    let steps = section.numbers("steps", count: count, .above(0))
    let clipping = section.choice("clip", default: Clipping.none)
    do {
      try self.init(
        imageHeight: preset.imageHeight, imageWidth: preset.imageWidth,
        mapSizes: preset.featureMaps.map { ($0.rows, $0.columns) }, steps: steps, minimumSizes: minimumSizes,
        maximumSizes: maximumSizes, aspectRatios: aspectRatios, clipping: clipping)
    } catch {
      // A list of the wrong length has been reported by its reader; the preset lets reading go on.
      self = preset
    }
  }
}

extension Configuration.Data {
  package init(_ section: ConfigurationSection) {
    format = section.choice("format", default: .pascalVOC)
    roots = section.pathOrList("root")
    imageDirectories = section.optionalPaths("image_directory")
    if format != .coco, !imageDirectories.isEmpty {
      section.note("image_directory", "is for format: coco; other formats name the directory of images themselves")
    } else if imageDirectories.count > 1, imageDirectories.count != roots.count {
      let (count, directories) = (imageDirectories.count, Quantities.count(roots.count, "directory", "directories"))
      section.note(
        "image_directory", "a list of \(count) for \(directories) under data.root; expected one for each, or null")
    }
    trainSplit = section.splits("train_split", default: format == .coco ? "train2017" : "trainval")
    evaluationSplit = section.optionalSplits("evaluation_split", default: format == .coco ? "val2017" : "test")
    classNames = section.optionalNames("classes") ?? (format == .coco ? [] : PascalVOCClasses.names)
    augmentation = section.choice("augmentation", default: .ssd)
    difficult = section.choice("difficult", default: .trainOnly)
    damagedImages = section.choice("damaged_images", default: .stop)
    unannotatedImages = section.choice("unannotated_images", default: .stop)
    let megapixels: Double = section.number(
      "maximum_megapixels", default: Double(Image.largestPixelCount) / 1e6, .above(0, atMost: Self.mostMegapixels))
    imageLimit = ImageLimit(pixelCount: Int((megapixels * 1e6).rounded()), setting: "data.maximum_megapixels")
    loaderThreads = section.optionalInteger("loader_threads", .from(1, to: 1024))
    queueMegabytes = section.integer("queue_megabytes", default: 512, .atLeast(1))
    logImages = section.boolean("log_images", default: false)
  }

  /// What the largest sides that can be decoded give, in 10⁶ pixels.
  private static let mostMegapixels = Double(Image.largestSide * Image.largestSide) / 1e6
}

extension Configuration.Training {
  package init(_ section: ConfigurationSection) {
    globalBatch = section.integer("global_batch", default: 32, .atLeast(1))
    microBatch = section.integer("micro_batch", default: 4, .atLeast(1))
    if !globalBatch.isMultiple(of: microBatch) {
      section.note("global_batch", "\(globalBatch) is not divisible by micro_batch \(microBatch)")
    }
    length = section.runLength()
    let learningRate = section.number("learning_rate", default: 0.001, .above(0))
    let schedule = section.section("schedule")
    self.schedule = schedule.learningRatePlan(base: learningRate)
    momentum = section.number("momentum", default: 0.9, .from(0, below: 1))
    weightDecay = section.number("weight_decay", default: 0.0005, .atLeast(0))
    biasLearningRateMultiplier = section.number("bias_learning_rate_multiplier", default: 2, .atLeast(0))
    gradientClipNorm = section.optionalNumber("gradient_clip_norm", .above(0))
    averageDecay = section.optionalNumber("ema_decay", .above(0, below: 1))
    freeze = section.optionalString("freeze")
    seed = UInt64(section.integer("seed", default: 0, .atLeast(0)))
    threads = section.optionalInteger("threads", .from(1, to: 1024))
    convolution = section.choice("convolution", default: .fastest)
    precision = section.choice("precision", default: .float32)
    if precision == .bfloat16, convolution == .columns {
      section.note("precision", "bfloat16 needs another convolution than columns, which OpenBLAS multiplies in float32")
    }
  }
}

extension Configuration.Evaluation {
  /// - Parameter hasSplit: whether there is something to evaluate on.
  package init(_ section: ConfigurationSection, hasSplit: Bool) {
    every = section.optionalInteger("every", default: 5000, .atLeast(1))
    damagedImages = section.choice("damaged_images", default: .stop)
    patience = section.optionalInteger("patience", .atLeast(1))
    if patience != nil, every == nil { section.note("patience", "needs evaluations; evaluation.every is null") }
    if patience != nil, !hasSplit { section.note("patience", "needs evaluations; data.evaluation_split is null") }
    metric = section.choice("metric", default: .voc07)
    let preset = DetectionDecoder.Settings()
    detections = DetectionDecoder.Settings(
      scoreThreshold: section.number("score_threshold", default: preset.scoreThreshold, .from(0, below: 1)),
      nmsThreshold: section.number("nms_threshold", default: preset.nmsThreshold, .above(0, atMost: 1)),
      topK: section.integer("top_k", default: preset.topK, .atLeast(1)),
      keep: section.integer("keep", default: preset.keep, .atLeast(1)),
      clipping: section.choice("clip", default: Clip(preset.clipping)).clipping)
  }

  /// The values of `evaluation.clip`.
  private enum Clip: String, CaseIterable {
    case afterNMS = "after-nms"
    case beforeNMS = "before-nms"

    init(_ clipping: DetectionDecoder.Clipping) {
      self = clipping == .beforeNMS ? .beforeNMS : .afterNMS
    }

    var clipping: DetectionDecoder.Clipping {
      self == .beforeNMS ? .beforeNMS : .afterNMS
    }
  }
}

extension Configuration.Checkpoint {
  package init(_ section: ConfigurationSection) {
    every = section.integer("every", default: 1000, .atLeast(1))
    everySeconds = section.optionalNumber("every_seconds", .above(0))
    keep = section.integer("keep", default: 3, .atLeast(1))
    keepBest = section.boolean("keep_best", default: true)
  }
}

extension Configuration.Communication {
  package init(_ section: ConfigurationSection) {
    reduction = section.choice("reduction", default: .reproducible)
    wire = section.choice("wire", default: .float32)
    if reduction == .native, wire != .float32 {
      section.note("wire", "\(wire.rawValue) needs reduction: reproducible; MPI has no such numbers to add")
    }
    bucketMegabytes = section.number("bucket_megabytes", default: 8, .from(0.01, to: 1024))
    stallSeconds = section.number("stall_seconds", default: 300, .atLeast(1))
  }
}

extension ConfigurationSection {
  fileprivate func readVersion() {
    _ = read(
      "version", default: nil, expected: "1, the only version there is",
      parse: { $0.integer.flatMap { $0 == 1 ? .some($0) : nil } }, emit: { Node(String($0 ?? 1), Tag(.int)) })
    noteIfAbsent("version", "missing; expected 1")
  }
}
