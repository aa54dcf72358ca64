import Evaluation
import Foundation

/// A detection or an object that is worth looking at.
struct ReportCase {
  /// Position of the image in its split.
  let imageIndex: Int
  /// What was detected, if anything was.
  let found: PixelDetection?
  /// What was annotated, if anything was.
  let truth: PixelGroundTruth?
  /// What is wrong, or right.
  let caption: String
}

extension DetectorAnalysis {
  private func name(_ label: Int) -> String { classes[label - 1].name }
  private func percent(_ share: Double) -> String { String(format: "%.2f", share) }

  /// Detections of a kind by falling score, at most so many, and of one class no more than a third as long as others have some; then what is left.
  private func cases(
    _ count: Int, from score: Double,
    _ choose: (JudgedImage, PixelDetection, JudgedImage.Kind) -> (truth: PixelGroundTruth?, caption: String)?
  ) -> [ReportCase] {
    let all = images.flatMap { image in
      image.detections(from: score).compactMap { detection, kind in
        choose(image, detection, kind).map {
          ReportCase(imageIndex: image.imageIndex, found: detection, truth: $0.truth, caption: $0.caption)
        }
      }
    }.sorted { $0.found!.score > $1.found!.score }
    var taken: [Int: Int] = [:]
    let share = max(1, count / 3)
    var (spread, others): ([ReportCase], [ReportCase]) = ([], [])
    for each in all {
      taken[each.found!.label, default: 0] += 1
      if taken[each.found!.label]! <= share { spread.append(each) } else { others.append(each) }
    }
    return Array((spread.prefix(count) + others.prefix(max(0, count - spread.count))))
  }

  /// Detections on nothing that is annotated.
  func falsePositives(_ count: Int) -> [ReportCase] {
    cases(count, from: threshold) { _, detection, kind in
      kind == .background ? (nil, "\(name(detection.label)) \(percent(detection.score)), nothing annotated") : nil
    }
  }

  /// Detections on objects of other classes.
  func confusedDetections(_ count: Int) -> [ReportCase] {
    cases(count, from: threshold) { image, detection, kind in
      guard case .confusion(let object) = kind else { return nil }
      let truth = image.objects[object]
      return (truth, "\(name(detection.label)) \(percent(detection.score)), annotated \(name(truth.label))")
    }
  }

  /// Detections beside an object of their class.
  func misplacedDetections(_ count: Int) -> [ReportCase] {
    cases(count, from: threshold) { image, detection, kind in
      guard case .localisation(let object) = kind else { return nil }
      let truth = image.objects[object]
      let overlap = truth.box.intersectionOverUnion(with: detection.box)
      return (truth, "\(name(detection.label)) \(percent(detection.score)), IoU \(percent(overlap))")
    }
  }

  /// The detections that fit best.
  func bestDetections(_ count: Int) -> [ReportCase] {
    cases(count, from: threshold) { image, detection, kind in
      guard case .correct(let object) = kind else { return nil }
      let truth = image.objects[object]
      let overlap = truth.box.intersectionOverUnion(with: detection.box)
      return (truth, "\(name(detection.label)) \(percent(detection.score)), IoU \(percent(overlap))")
    }
  }

  /// The largest objects that were missed.
  func missedTargets(_ count: Int) -> [ReportCase] {
    let missed = targets.filter { !$0.isFound }.sorted { $0.side > $1.side }
    var taken: [Int: Int] = [:]
    let spread = missed.filter { target in
      taken[target.object.label, default: 0] += 1
      return taken[target.object.label]! <= max(2, count / 3)
    }
    return spread.prefix(count).map { target in
      let hint =
        target.nearest.map { nearest in
          nearest.score >= threshold
            ? "IoU \(percent(nearest.box.intersectionOverUnion(with: target.object.box)))"
            : "seen with \(percent(nearest.score)) only"
        } ?? (target.reach < 0.5 ? "no default box fits" : "nothing on it")
      return ReportCase(
        imageIndex: target.imageIndex, found: target.nearest, truth: target.object,
        caption: "\(name(target.object.label)), \(Int(target.side)) pixels of the input: \(hint)")
    }
  }
}
