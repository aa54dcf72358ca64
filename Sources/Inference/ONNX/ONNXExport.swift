import Configuration
import Detection
import Files
import ModelFiles
import Models
import Tensors

/// A detector as a file of ONNX: images in, boxes, labels and scores out.
///
/// ### Shapes
/// images: [batch, 3, height, width], red first, 0 to 255; of the network's size, or of any where the graph resizes. boxes: [batch, keep, 4], corners as fractions of
/// the image; labels, scores: [batch, keep]; num_detections: [batch]. Without suppression: boxes [batch, D, 4], scores [batch, D, classes], background first.
package struct ONNXExport {
  /// What an exported detector is like.
  package struct Options: Sendable, Equatable {
    /// The version of the operators, see `ONNXModel.operatorSets`.
    package var operatorSet = 17
    /// Whether images are of 8 bits a colour, not float32.
    package var takesBytes = false
    /// Whether images of any size are resized as by ``NetworkInput/sample(_:kernels:into:)``.
    package var resizes = false
    /// Whether the outputs are all boxes and scores, without suppression.
    package var isRaw = false

    package init() {}
  }

  private let experiment: Experiment
  private let weights: VariableArena
  private let options: Options

  /// Reads the weights of a checkpoint.
  ///
  /// - Throws: ``FileError`` when a tensor of the configured model is missing from the file or has another shape.
  package init(_ checkpoint: Checkpoint, _ experiment: Experiment, _ options: Options) throws {
    self.experiment = experiment
    self.options = options
    weights = VariableArena(experiment.model.layout)
    try checkpoint.fill(weights, classNames: experiment.classNames, naming: experiment.model.tensorNaming)
  }

  /// Writes the file, which appears complete and durable or not at all.
  ///
  /// - Parameters:
  ///   - build: which program writes.
  ///   - facts: what else the file says of itself.
  package func write(
    to path: String, build: BuildIdentity, facts: [(key: String, value: String)] = []
  ) throws(FileError) {
    let model = ONNXModel(
      graph, operatorSet: options.operatorSet, producer: ("multibox", build.version),
      metadata: metadata + facts + [("version", build.name)])
    try model.write(to: path)
  }

  private var graph: ONNXGraph {
    let model = experiment.model
    var graph = ONNXGraph(name: model.architecture.name)
    let images = images(&graph)
    var network = NetworkExport(graph: graph, weights: weights, operatorSet: options.operatorSet)
    let (locations, confidences) = network.append(model, to: images)
    graph = network.graph
    let detection = DetectionExport(decoder: experiment.decoder)
    let boxes = detection.boxes(locations, &graph)
    if options.isRaw {
      let scores = detection.scores(confidences, named: "scores", &graph)
      let result = graph.add("Identity", [boxes], named: "boxes")
      let count = model.defaultBoxes.count
      graph.output(result, .float32, [.free("batch"), .fixed(count), 4])
      graph.output(scores, .float32, [.free("batch"), .fixed(count), .fixed(model.classCount)])
    } else {
      let scores = detection.scores(confidences, named: "all_scores", &graph)
      detection.objects(boxes: boxes, scores: scores, &graph)
    }
    return graph
  }

  /// The input and what is done with it before the network.
  private func images(_ graph: inout ONNXGraph) -> ONNXGraph.Value {
    let input = experiment.model.architecture.input
    let size: [ONNXGraph.Extent] =
      options.resizes ? [.free("height"), .free("width")] : [.fixed(input.height), .fixed(input.width)]
    var images = graph.input("images", options.takesBytes ? .unsigned8 : .float32, [.free("batch"), 3] + size)
    if options.takesBytes { images = graph.add("Cast", [images], ["to": .integer(1)], named: "images.float") }
    if options.resizes {
      let shape = graph.add("Shape", [images], named: "images.shape")
      let outer = graph.add(
        "Slice", [shape, graph.constant("images.outer.start", [0]), graph.constant("images.outer.end", [2])],
        named: "images.outer")
      let sides = graph.constant("images.sides", [input.height, input.width])
      let sizes = graph.add("Concat", [outer, sides], ["axis": .integer(0)], named: "images.sizes")
      images = graph.add(
        "Resize", [images, nil, nil, sizes],
        ["mode": .text("linear"), "coordinate_transformation_mode": .text("half_pixel")], named: "images.resized")
    }
    func perColour(_ name: String, _ values: [Float]) -> ONNXGraph.Value {
      graph.constant(name, shape: [1, 3, 1, 1], values)
    }
    let centered = graph.add("Sub", [images, perColour("input.mean", input.mean)], named: "images.centered")
    guard input.scale != [1, 1, 1] else { return centered }
    return graph.add("Mul", [centered, perColour("input.scale", input.scale)], named: "images.scaled")
  }

  private var metadata: [(key: String, value: String)] {
    let (model, classes) = (experiment.model, experiment.classNames)
    let detections = experiment.configuration.evaluation.detections
    let input = model.architecture.input
    let size =
      options.resizes
      ? "any size, resized to \(input.sizeText) inside" : "stretched to \(input.sizeText), bilinear"
    // Ultralytics' form, which its tools evaluate: a dictionary of Python.
    let names = classes.enumerated().map { index, name in
      "\(index + 1): '\(name.replacing("\\", with: "\\\\").replacing("'", with: "\\'"))'"
    }
    return [
      ("model", model.architecture.name),
      ("classes", JSONLiteral(array: classes.map { JSONLiteral($0) }).description),
      ("names", "{0: 'background', " + names.joined(separator: ", ") + "}"),
      ("input", "RGB, 0 to 255, \(size); mean and scale are inside"),
      ("box_format", "xmin, ymin, xmax, ymax as fractions of the image's width and height"),
      ("score_threshold", "\(detections.scoreThreshold)"), ("nms_threshold", "\(detections.nmsThreshold)"),
      ("top_k", "\(detections.topK)"), ("keep", "\(detections.keep)"),
      ("metric", experiment.configuration.evaluation.metric.rawValue),
      ("parameters_sha256", weights.tensorSources().parametersSHA256()),
    ]
  }
}
