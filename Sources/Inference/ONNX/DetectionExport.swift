import Detection
import ModelFiles

/// What ``DetectionDecoder`` does, in ONNX's operators.
struct DetectionExport {
  typealias Value = ONNXGraph.Value

  /// The boxes, the classes and what is kept of them.
  let decoder: DetectionDecoder

  private var boxCount: Int { decoder.defaultBoxes.count }
  private var objectClassCount: Int { decoder.classCount - 1 }
  private var settings: DetectionDecoder.Settings { decoder.settings }

  /// Corners as fractions of the image, [batch, D, 4], from locations, [batch, D, 4].
  func boxes(_ locations: Value, _ graph: inout ONNXGraph) -> Value {
    let (defaults, variances) = (decoder.defaultBoxes.centered, decoder.coder.variances)
    func part(_ columns: Range<Int>, _ name: String) -> Value {
      let start = graph.constant("\(name).start", [columns.lowerBound])
      let end = graph.constant("\(name).end", [columns.upperBound])
      let axis = graph.constant("\(name).axis", [2])
      return graph.add("Slice", [locations, start, end, axis], named: name)
    }
    func pairs(_ name: String, _ pair: (CenterBox) -> [Float]) -> Value {
      graph.constant(name, shape: [defaults.count, 2], defaults.flatMap(pair))
    }
    let sizes = pairs("default_boxes.sizes") { [$0.width, $0.height] }
    let offset = graph.add(
      "Mul", [part(0..<2, "offsets"), graph.constant("variances.center", shape: [], [variances.center])],
      named: "offsets.scaled")
    let shift = graph.add("Mul", [offset, sizes], named: "centers.shift")
    let center = graph.add(
      "Add", [shift, pairs("default_boxes.centers") { [$0.centerX, $0.centerY] }], named: "centers")
    let logarithm = graph.add(
      "Mul", [part(2..<4, "log_sizes"), graph.constant("variances.size", shape: [], [variances.size])],
      named: "log_sizes.scaled")
    let limited = graph.add(
      "Min", [logarithm, graph.constant("log_sizes.maximum", shape: [], [BoxCoder.maximumLogSize])],
      named: "log_sizes.limited")
    let factor = graph.add("Exp", [limited], named: "size_factors")
    let halves = pairs("default_boxes.half_sizes") { [$0.width / 2, $0.height / 2] }
    let half = graph.add("Mul", [factor, halves], named: "half_sizes")
    let upper = graph.add("Sub", [center, half], named: "corners.upper_left")
    let lower = graph.add("Add", [center, half], named: "corners.lower_right")
    let isClipped = settings.clipping == .beforeNMS
    let corners = graph.add(
      "Concat", [upper, lower], ["axis": .integer(2)], named: isClipped ? "corners" : "all_boxes")
    return isClipped ? clipped(corners, "all_boxes", &graph) : corners
  }

  private func clipped(_ boxes: Value, _ name: String, _ graph: inout ONNXGraph) -> Value {
    let lower = graph.constant("\(name).lower", shape: [], [Float(0)])
    let upper = graph.constant("\(name).upper", shape: [], [Float(1)])
    return graph.add("Clip", [boxes, lower, upper], named: name)
  }

  /// Probabilities, [batch, D, classes], background first.
  func scores(_ confidences: Value, named name: String, _ graph: inout ONNXGraph) -> Value {
    graph.add("Softmax", [confidences], ["axis": .integer(-1)], named: name)
  }

  /// The objects of each image by falling score: boxes, [batch, keep, 4], labels, 1 for the first class, and scores, [batch, keep], and how many there are, [batch];
  /// behind these all are 0.
  func objects(boxes: Value, scores: Value, _ graph: inout ONNXGraph) {
    let candidates = candidates(scores, &graph)
    let kept = suppressed(boxes, candidates, &graph)
    let rows = min(settings.keep, objectClassCount * boxCount)
    let flatShape = graph.constant("flat_scores.shape", [0, -1])
    let flat = graph.add("Reshape", [kept, flatShape], named: "flat_scores")
    let best = graph.add(
      "TopK", [flat, graph.constant("kept_count", [rows])], ["axis": .integer(1)], named: ["scores", "indices"])
    let count = graph.constant("box_count", shape: [], [boxCount])
    let one = graph.constant("one", shape: [], [1])
    let none = graph.constant("zero_score", shape: [], [Float(0)])
    let isObject = graph.add("Greater", [best[0], none], named: "is_object")
    let number = graph.add("Cast", [isObject], ["to": .integer(7)], named: "object_numbers")
    let label = graph.add(
      "Add", [graph.add("Div", [best[1], count], named: "class_indices"), one], named: "class_labels")
    let labels = graph.add("Mul", [label, number], named: "labels")
    let axis = graph.constant("row_axis", [2])
    let position = graph.add("Mod", [best[1], count], named: "box_indices")
    let rowsOfBoxes = graph.add("Unsqueeze", [position, axis], named: "box_rows")
    let found = graph.add("GatherND", [boxes, rowsOfBoxes], ["batch_dims": .integer(1)], named: "found_boxes")
    let inside = settings.clipping == .beforeNMS ? found : clipped(found, "clipped_boxes", &graph)
    let present = graph.add("Unsqueeze", [isObject, axis], named: "is_object_row")
    let result = graph.add("Where", [present, inside, none], named: "boxes")
    let imageAxis = graph.constant("image_axis", [1])
    let counts = graph.add("ReduceSum", [number, imageAxis], ["keepdims": .integer(0)], named: "num_detections")
    graph.output(result, .float32, [.free("batch"), .fixed(rows), 4])
    graph.output(labels, .signed64, [.free("batch"), .fixed(rows)])
    graph.output(best[0], .float32, [.free("batch"), .fixed(rows)])
    graph.output(counts, .signed64, [.free("batch")])
  }

  /// Scores without background, [batch, classes − 1, D]; of each class all but the best, which enter suppression, are 0.
  private func candidates(_ scores: Value, _ graph: inout ONNXGraph) -> Value {
    let classes = graph.add("Transpose", [scores], ["perm": .integers([0, 2, 1])], named: "scores_by_class")
    let start = graph.constant("object_classes.start", [1])
    let end = graph.constant("object_classes.end", [decoder.classCount])
    let axis = graph.constant("object_classes.axis", [1])
    guard settings.topK < boxCount else {
      return graph.add("Slice", [classes, start, end, axis], named: "candidates")
    }
    let objects = graph.add("Slice", [classes, start, end, axis], named: "object_scores")
    let best = graph.add(
      "TopK", [objects, graph.constant("candidate_count", [settings.topK])], ["axis": .integer(2)],
      named: ["best_scores", "best_indices"])
    let last = graph.add(
      "Slice",
      [
        best[0], graph.constant("last_score.start", [settings.topK - 1]),
        graph.constant("last_score.end", [settings.topK]), graph.constant("last_score.axis", [2]),
      ], named: "last_scores")
    let isBest = graph.add("GreaterOrEqual", [objects, last], named: "is_candidate")
    let zero = graph.constant("no_score", shape: [], [Float(0)])
    return graph.add("Where", [isBest, objects, zero], named: "candidates")
  }

  /// The same with 0 for what is suppressed.
  private func suppressed(_ boxes: Value, _ candidates: Value, _ graph: inout ONNXGraph) -> Value {
    let selection = graph.add(
      "NonMaxSuppression",
      [
        boxes, candidates, graph.constant("nms.maximum", [min(settings.topK, boxCount)]),
        graph.constant("nms.iou_threshold", [settings.nmsThreshold]),
        graph.constant("nms.score_threshold", [settings.scoreThreshold]),
      ], named: "selection")
    let chosen = graph.add("GatherND", [candidates, selection], named: "selected_scores")
    let shape = graph.add("Shape", [candidates], named: "candidates.shape")
    // Zeros, unless told otherwise.
    let empty = graph.add("ConstantOfShape", [shape], named: "no_scores")
    return graph.add("ScatterND", [empty, selection, chosen], named: "kept_scores")
  }
}
