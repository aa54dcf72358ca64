import Datasets
import Detection
import Foundation

/// How the objects of the training split are spread over classes, sizes and default boxes.
package struct ObjectStatistics {
  private let classNames: [String]
  private let imageCount: Int
  /// Objects of each class that are trained on.
  package let counts: [Int]
  /// The names of images without any such object.
  package let emptyImages: [String]
  private let boxes: [CornerBox]
  /// The class of each box, 0 … classes − 1.
  private let classes: [Int]

  /// Counts what is trained on.
  package init(_ dataset: Dataset, difficult policy: DifficultPolicy) {
    classNames = dataset.classNames
    imageCount = dataset.images.count
    var counts = [Int](repeating: 0, count: dataset.classNames.count)
    var (boxes, classes, empty) = ([CornerBox](), [Int](), [String]())
    for image in dataset.images {
      let objects = image.trainingObjects(difficult: policy)
      if objects.isEmpty { empty.append(image.imagePath) }
      for object in objects { counts[object.label - 1] += 1 }
      boxes += objects.map(\.box)
      classes += objects.map { $0.label - 1 }
    }
    (self.counts, self.boxes, self.classes, emptyImages) = (counts, boxes, classes, empty)
  }

  /// Images that add nothing to the loss.
  var trouble: Trouble? {
    emptyImages.isEmpty
      ? nil
      : Trouble(
        .imageWithoutObjects, count: emptyImages.count,
        lines: emptyImages.prefix(FaultLog.linesPerKind).map { "\($0): has no object to train on" })
  }

  /// How often each class is there; a warning for those that are not.
  package var classFinding: Finding {
    let order = counts.indices.sorted { (counts[$1], $0) < (counts[$0], $1) }
    let present = order.filter { counts[$0] > 0 }.map { "\(classNames[$0]) \(counts[$0])" }
    let message = "\(boxes.count) objects: \(present.joined(separator: ", "))"
    if boxes.isEmpty {
      return .error(
        "classes", .data, "no image has an object to train on: there is nothing to learn",
        remedy: "mend what is said of the training data above, or annotate objects")
    }
    let missing = classNames.indices.filter { counts[$0] == 0 }.map { classNames[$0] }
    guard !missing.isEmpty else { return .ok("classes", message) }
    return .warning(
      "classes", "\(message); no object of \(missing.joined(separator: ", "))",
      remedy: "nothing, if that is meant; else list under data.classes what the data have")
  }

  /// Sides of boxes, the square root of their area, in pixels of the network's input; a warning when most are too small to
  /// be told apart there.
  package func sizeFinding(inputSide: Int) -> Finding {
    let bounds: [Float] = [8, 16, 32, 64, 128, 256]
    var bins = [Int](repeating: 0, count: bounds.count + 1)
    for box in boxes {
      let side = box.area.squareRoot() * Float(inputSide)
      bins[bounds.firstIndex { side < $0 } ?? bounds.count] += 1
    }
    let names =
      ["under 8"] + zip(bounds, bounds.dropFirst()).map { "\(Int($0)) to \(Int($1))" } + ["256 and more"]
    let shares = zip(names, bins).filter { $1 > 0 }.map { "\($0): \($1)" }
    let message = "sides in pixels of the \(inputSide)×\(inputSide) input: \(shares.joined(separator: ", "))"
    let smallCount = bins[0] + bins[1]
    guard 2 * smallCount > boxes.count else { return .ok("box sizes", message) }
    return .warning(
      "box sizes",
      "\(message); \(smallCount) of \(boxes.count) objects have less than 16, of which little can be learnt",
      remedy:
        "cut the images into tiles, so that objects are larger in them, or annotate only what is large enough to be recognised"
    )
  }

  /// The share of objects with a default box of their own below which ``reachFinding(_:)`` warns.
  private static let leastReach = 0.8

  /// How many objects have a default box that training matches by overlap, and which layout would have more; a warning when
  /// they are few.
  package func reachFinding(_ layout: DefaultBoxLayout) -> Finding? {
    guard !boxes.isEmpty else { return nil }
    func share(_ reach: DefaultBoxReach) -> String {
      String(format: "%.1f %%", 100 * Double(reach.reachedCount) / Double(boxes.count))
    }
    let now = DefaultBoxReach(boxes, defaultBoxes: DefaultBoxes(layout))
    var message =
      "\(now.reachedCount) of \(boxes.count) objects (\(share(now)))\(poorlyReached(now)) overlap a default box by an IoU of 0.5 or more; each other one is matched with its best default box alone"
    let better = layout.reachingMore(boxes)
    if better != layout {
      let then = DefaultBoxReach(boxes, defaultBoxes: DefaultBoxes(better))
      let number =
        better.boxCount == layout.boxCount
        ? "as many other default boxes" : "\(better.boxCount) instead of \(layout.boxCount) default boxes"
      message +=
        "\nwith \(number) it would be \(then.reachedCount) (\(share(then))), before augmentation:\nmodel.default_boxes: \(better.yaml)"
    }
    guard Double(now.reachedCount) < Self.leastReach * Double(boxes.count) else { return .ok("default boxes", message) }
    let preview = "see with 'multibox preview' whether boxes sit on objects"
    return .warning(
      "default boxes", message,
      remedy: better == layout
        ? "\(preview); objects that are very small or very long in the network's input are hardly learnt"
        : "put this line into the configuration, and \(preview)")
  }

  /// ", of Platelets 157 of 292,": the classes of which less than three quarters are reached, the worst three at most.
  private func poorlyReached(_ reach: DefaultBoxReach) -> String {
    var reached = [Int](repeating: 0, count: counts.count)
    for (index, overlap) in zip(classes, reach.overlaps) where overlap >= reach.threshold { reached[index] += 1 }
    func share(_ index: Int) -> Double { Double(reached[index]) / Double(counts[index]) }
    let poor = counts.indices.filter { counts[$0] > 0 && share($0) < 0.75 }.sorted { share($0) < share($1) }.prefix(3)
    return poor.map { ", of \(classNames[$0]) \(reached[$0]) of \(counts[$0])" }.joined() + (poor.isEmpty ? "" : ",")
  }
}

extension DefaultBoxLayout {
  /// The mapping that the configuration takes.
  fileprivate var yaml: String {
    func list(_ values: [Double]) -> String {
      "[\(values.map { $0 == $0.rounded() ? "\(Int($0))" : "\($0)" }.joined(separator: ", "))]"
    }
    let ratios = featureMaps.map { list($0.aspectRatios) }.joined(separator: ", ")
    return
      "{minimum_sizes: \(list(featureMaps.map(\.minimumSize))), maximum_sizes: \(list(featureMaps.map(\.maximumSize))), steps: \(list(featureMaps.map(\.step))), aspect_ratios: [\(ratios)], clip: \(clipping.rawValue)}"
  }
}
