import Detection
import Evaluation

/// What the edges of a box are.
enum EdgeRule: CaseIterable {
  /// Numbers of pixels from 1, the last included, as in Pascal VOC's files and its development kit.
  case inclusive
  /// Positions from 0.
  case continuous
}

/// A box in multiples of a quarter pixel, so that no arithmetic rounds.
struct VOCBox {
  var xMin: Double
  var yMin: Double
  var xMax: Double
  var yMax: Double

  /// The box that the evaluator takes.
  func pixels(_ rule: EdgeRule) -> PixelBox {
    let first: Double = rule == .inclusive ? 1 : 0
    return PixelBox(xMin: xMin - first, yMin: yMin - first, xMax: xMax, yMax: yMax)
  }

  /// Intersection over union; for inclusive edges as the development kit has it, with 1 added to each side.
  func overlap(_ other: VOCBox, _ rule: EdgeRule) -> Double {
    let last: Double = rule == .inclusive ? 1 : 0
    let width = min(xMax, other.xMax) - max(xMin, other.xMin) + last
    let height = min(yMax, other.yMax) - max(yMin, other.yMin) + last
    if width <= 0 || height <= 0 { return 0 }
    let area = (xMax - xMin + last) * (yMax - yMin + last)
    let otherArea = (other.xMax - other.xMin + last) * (other.yMax - other.yMin + last)
    return width * height / (area + otherArea - width * height)
  }
}

/// An image of the reference evaluation.
struct VOCImage {
  var objects: [(box: VOCBox, label: Int, isDifficult: Bool)]
  var detections: [(box: VOCBox, label: Int, score: Double)]
}

/// Average precision of one class step by step as `VOCevaldet.m` and `VOCap.m` do it, nil without objects.
func referenceAveragePrecision(_ images: [VOCImage], label: Int, metric: VOCMetric, _ rule: EdgeRule) -> Double? {
  let positives = images.reduce(0) { sum, image in
    sum + image.objects.count { $0.label == label && !$0.isDifficult }
  }
  if positives == 0 { return nil }
  var ids: [(image: Int, detection: Int)] = []
  for (image, content) in images.enumerated() {
    for detection in content.detections.indices where content.detections[detection].label == label {
      ids.append((image, detection))
    }
  }
  func score(_ id: (image: Int, detection: Int)) -> Double { images[id.image].detections[id.detection].score }
  // Insertion keeps the order of equal scores.
  var order: [(image: Int, detection: Int)] = []
  for id in ids {
    let place = order.firstIndex { score($0) < score(id) } ?? order.count
    order.insert(id, at: place)
  }
  var truePositive = [Double](repeating: 0, count: order.count)
  var falsePositive = [Double](repeating: 0, count: order.count)
  var detected: [[Bool]] = images.map { $0.objects.map { _ in false } }
  for (rank, id) in order.enumerated() {
    let box = images[id.image].detections[id.detection].box
    var largest = -Double.infinity
    var match = -1
    for (object, candidate) in images[id.image].objects.enumerated() where candidate.label == label {
      let overlap = box.overlap(candidate.box, rule)
      if overlap > largest {
        largest = overlap
        match = object
      }
    }
    if largest >= 0.5 {
      if !images[id.image].objects[match].isDifficult {
        if !detected[id.image][match] {
          truePositive[rank] = 1
          detected[id.image][match] = true
        } else {
          falsePositive[rank] = 1
        }
      }
    } else {
      falsePositive[rank] = 1
    }
  }
  var recall: [Double] = []
  var precision: [Double] = []
  var found = 0.0
  var wrong = 0.0
  for rank in order.indices {
    found += truePositive[rank]
    wrong += falsePositive[rank]
    recall.append(found / Double(positives))
    precision.append(found + wrong > 0 ? found / (found + wrong) : 0)
  }
  switch metric {
  case .voc07:
    var sum = 0.0
    for step in 0...10 {
      let reached = precision.indices.filter { recall[$0] >= Double(step) / 10 }
      sum += reached.map { precision[$0] }.max() ?? 0
    }
    return sum / 11
  case .voc12:
    let recalls = [0] + recall + [1]
    var precisions = [0] + precision + [0]
    for index in (0..<precisions.count - 1).reversed() {
      precisions[index] = max(precisions[index], precisions[index + 1])
    }
    return (1..<recalls.count).reduce(0) { $0 + (recalls[$1] - recalls[$1 - 1]) * precisions[$1] }
  }
}
