import Datasets
import Detection
import Loading
import Randomness
import Testing

/// Boxes of augmented samples beside those that a direct computation in whole pixels and double precision gives.
struct AugmentationReferenceTests {
  /// Boxes are fractions in single precision of views that are at least a fifth of the canvas wide.
  private let tolerance = 5e-6

  /// An image of any size with up to six objects.
  private func annotated(_ stream: inout RandomStream) -> AnnotatedImage {
    let (width, height) = (20 + stream.integer(below: 900), 20 + stream.integer(below: 900))
    let objects = (0..<stream.integer(below: 7)).map { _ in
      let (left, top) = (stream.integer(below: width), stream.integer(below: height))
      let (right, bottom) = (
        left + 1 + stream.integer(below: width - left), top + 1 + stream.integer(below: height - top)
      )
      return AnnotatedObject(
        pixelBox: PixelBox(xMin: Double(left), yMin: Double(top), xMax: Double(right), yMax: Double(bottom)),
        label: 1 + stream.integer(below: 20), isDifficult: stream.chance(0.2), width: width, height: height)
    }
    return AnnotatedImage(
      identifier: "a", imagePath: "", annotationPath: "", width: width, height: height, objects: objects)
  }

  /// A box of the sample in fractions, in double precision.
  private struct Edges {
    var xMin: Double
    var yMin: Double
    var xMax: Double
    var yMax: Double

    func isNear(_ box: CornerBox, within tolerance: Double) -> Bool {
      zip([xMin, yMin, xMax, yMax], [box.xMin, box.yMin, box.xMax, box.yMax]).allSatisfy {
        abs($0 - Double($1)) <= tolerance
      }
    }
  }

  /// Where an object of the image is in a view; nil when its centre is not in it. `isClear` is false when rounding decides.
  private func project(_ object: AnnotatedObject, into view: SourceView) -> (edges: Edges?, isClear: Bool) {
    let box = object.pixelBox
    let (centerX, centerY) = ((box.xMin + box.xMax) / 2, (box.yMin + box.yMax) / 2)
    let distances = [
      (centerX - view.x) / view.width, (view.x + view.width - centerX) / view.width, (centerY - view.y) / view.height,
      (view.y + view.height - centerY) / view.height,
    ]
    let isClear = distances.allSatisfy { abs($0) > tolerance }
    guard distances.allSatisfy({ $0 >= 0 }) else { return (nil, isClear) }
    let left = max(box.xMin, view.x) - view.x
    let right = min(box.xMax, view.x + view.width) - view.x
    let top = max(box.yMin, view.y) - view.y
    let bottom = min(box.yMax, view.y + view.height) - view.y
    var edges = Edges(
      xMin: left / view.width, yMin: top / view.height, xMax: right / view.width, yMax: bottom / view.height)
    if view.isMirrored {
      (edges.xMin, edges.xMax) = ((view.width - right) / view.width, (view.width - left) / view.width)
    }
    return (edges, isClear)
  }

  @Test(arguments: [AugmentationPolicy.ssd, .flip, .none])
  func `The boxes of 100,000 samples are where the view shows the objects`(policy: AugmentationPolicy) {
    var (kept, lost, unclear, wrong) = (0, 0, 0, 0)
    for trial in 0..<100_000 {
      var stream = RandomStream(seed: 5, purpose: .test, key: UInt64(trial))
      let image = annotated(&stream)
      let sample = AugmentedSample(
        policy: policy, image: image, objects: image.objects.map(\.groundTruth), seed: 6, epoch: trial / 100,
        imageIndex: trial % 100)
      let expected = image.objects.map { (object: $0, projection: project($0, into: sample.view)) }
      guard expected.allSatisfy(\.projection.isClear) else {
        unclear += 1
        continue
      }
      let remaining = expected.filter { $0.projection.edges != nil }
      kept += remaining.count
      lost += expected.count - remaining.count
      let isSame =
        remaining.count == sample.objects.count
        && zip(remaining, sample.objects).allSatisfy { expected, found in
          expected.projection.edges!.isNear(found.box, within: tolerance)
            && expected.object.groundTruth.label == found.label
            && expected.object.groundTruth.isDifficult == found.isDifficult
        }
      wrong += isSame ? 0 : 1
    }
    #expect(wrong == 0)
    #expect(unclear < 100 && kept > 100_000 && (lost > 10_000) == (policy == .ssd), "\(unclear), \(kept), \(lost)")
  }

  /// The IoU in pixels of the expanded canvas, in double precision.
  private func overlap(_ region: CornerBox, _ box: CornerBox) -> Double {
    let width = min(Double(region.xMax), Double(box.xMax)) - max(Double(region.xMin), Double(box.xMin))
    let height = min(Double(region.yMax), Double(box.yMax)) - max(Double(region.yMin), Double(box.yMin))
    if width <= 0 || height <= 0 { return 0 }
    func area(_ box: CornerBox) -> Double {
      (Double(box.xMax) - Double(box.xMin)) * (Double(box.yMax) - Double(box.yMin))
    }
    return width * height / (area(region) + area(box) - width * height)
  }

  @Test func `Every region is of the shape and meets the bound that its sampler asks for`() {
    var counts = [Int](repeating: 0, count: RandomCrop.constraints.count)
    var wrong = 0
    for trial in 0..<100_000 {
      var stream = RandomStream(seed: 7, purpose: .test, key: UInt64(trial))
      let image = annotated(&stream)
      let crop = RandomCrop(from: &stream, objects: image.objects.map(\.groundTruth))
      guard let constraint = crop.constraint else {
        wrong += crop.region == CornerBox(xMin: 0, yMin: 0, xMax: 1, yMax: 1) ? 0 : 1
        continue
      }
      counts[RandomCrop.constraints.firstIndex(of: constraint)!] += 1
      let overlaps = image.objects.map { overlap(crop.region, $0.groundTruth.box) }
      let meets =
        switch constraint {
        case .atLeast(let bound): overlaps.contains { $0 >= Double(bound) - tolerance }
        case .atMost(let bound): overlaps.contains { $0 <= Double(bound) + tolerance }
        }
      let (width, height) = (crop.region.xMax - crop.region.xMin, crop.region.yMax - crop.region.yMin)
      let isOfShape =
        (0.3 - 1e-5...1).contains((width * height).squareRoot()) && (0.5 - 1e-5...2 + 1e-5).contains(width / height)
      wrong += meets && isOfShape ? 0 : 1
    }
    #expect(wrong == 0)
    // Few boxes are such that a region shares nine tenths with them.
    #expect(counts.allSatisfy { $0 > 20 }, "\(counts)")
  }
}
