import Detection
import Randomness

/// Cuts a random region that shows at least one object well enough ("zoom in").
///
/// Seven samplers each try to find a region. The first takes the whole view. The others draw regions of scale
/// 0.3 … 1 and aspect ratio 0.5 … 2 until one has, with **any** object, an IoU of at least 0.1, 0.3, 0.5, 0.7 or 0.9, or
/// of at most 1, and give up after 50 trials. One of the regions found is taken, all with equal probability; samplers
/// that found nothing do not take part. Without objects only the whole view remains.
///
/// An object survives when its centre lies in the region, edges included, and is clipped to the region. A region may
/// lose every object (a large IoU with an object does not keep the centre of a smaller one): such a sample contributes
/// nothing to the loss.
///
/// ### Source
/// Liu et al. 2016, section 2.2; numbers and the rule "any" from the authors' release (`GenerateBatchSamples`,
/// emit constraint `CENTER`).
package struct RandomCrop: Sendable {
  /// The condition on the IoU of a region and some object.
  package enum Constraint: Sendable, Equatable {
    /// An object overlaps the region at least this much.
    case atLeast(Float)
    /// An object overlaps the region at most this much.
    case atMost(Float)

    package func isMet(by region: CornerBox, objects: [GroundTruth]) -> Bool {
      objects.contains { object in
        let overlap = region.intersectionOverUnion(with: object.box)
        return switch self {
        case .atLeast(let bound): overlap >= bound
        case .atMost(let bound): overlap <= bound
        }
      }
    }
  }

  /// The samplers besides the whole view.
  package static let constraints: [Constraint] = [
    .atLeast(0.1), .atLeast(0.3), .atLeast(0.5), .atLeast(0.7), .atLeast(0.9), .atMost(1),
  ]

  /// How often a sampler tries.
  package static let trials = 50

  /// The region to keep, in fractions of the view.
  package let region: CornerBox
  /// What the region was drawn for; nil for the whole view and for a given region.
  package let constraint: Constraint?

  /// Keeps a given region.
  package init(region: CornerBox) {
    self.region = region
    constraint = nil
  }

  /// Draws a region for a view that shows these objects.
  package init(from stream: inout RandomStream, objects: [GroundTruth]) {
    var found: [(region: CornerBox, constraint: Constraint?)] = [(CornerBox(xMin: 0, yMin: 0, xMax: 1, yMax: 1), nil)]
    if !objects.isEmpty {
      for constraint in Self.constraints {
        for _ in 0..<Self.trials {
          let region = Self.drawRegion(from: &stream)
          if constraint.isMet(by: region, objects: objects) {
            found.append((region, constraint))
            break
          }
        }
      }
    }
    (region, constraint) = found[stream.integer(below: found.count)]
  }

  /// Draws a region regardless of objects: scale √(width · height) in 0.3 … 1, aspect ratio width / height in 0.5 … 2 as
  /// far as the region fits, all places equally likely.
  package static func drawRegion(from stream: inout RandomStream) -> CornerBox {
    let scale = stream.uniform(0.3, 1)
    let aspectRatio = stream.uniform(max(0.5, scale * scale), min(2, 1 / (scale * scale)))
    // Rounding may push a side past 1 by one unit in the last place.
    let width = min(scale * aspectRatio.squareRoot(), 1)
    let height = min(scale / aspectRatio.squareRoot(), 1)
    let x = stream.uniform(0, 1 - width)
    let y = stream.uniform(0, 1 - height)
    return CornerBox(xMin: x, yMin: y, xMax: min(x + width, 1), yMax: min(y + height, 1))
  }

  /// Cuts the region out of the view and drops or clips the objects.
  package func apply(to view: inout SourceView, objects: inout [GroundTruth]) {
    view = view.cropped(to: region)
    objects = objects.compactMap { project($0) }
  }

  /// The object as the region shows it, or nothing when its centre is outside.
  package func project(_ object: GroundTruth) -> GroundTruth? {
    let box = object.box
    let (centerX, centerY) = ((box.xMin + box.xMax) / 2, (box.yMin + box.yMax) / 2)
    guard
      region.xMin <= centerX, centerX <= region.xMax, region.yMin <= centerY, centerY <= region.yMax
    else { return nil }
    let (width, height) = (region.xMax - region.xMin, region.yMax - region.yMin)
    let clipped = CornerBox(
      xMin: max((box.xMin - region.xMin) / width, 0), yMin: max((box.yMin - region.yMin) / height, 0),
      xMax: min((box.xMax - region.xMin) / width, 1), yMax: min((box.yMax - region.yMin) / height, 1))
    guard clipped.xMin < clipped.xMax, clipped.yMin < clipped.yMax else { return nil }
    return GroundTruth(box: clipped, label: object.label, isDifficult: object.isDifficult)
  }
}
