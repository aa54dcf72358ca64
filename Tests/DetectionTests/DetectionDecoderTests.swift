import Detection
import Glibc
import Kernels
import Randomness
import Testing

@Suite struct DetectionDecoderTests {
  /// Keeps every box of every class.
  private static let everything = DetectionDecoder.Settings(
    scoreThreshold: 0, nmsThreshold: 1, topK: .max, keep: .max)

  private let classCount = 5
  private let kernels = Kernels.available.last!

  /// The decoding steps after scores, written slowly: threshold, best of each class, suppression, best of all.
  private func reference(_ objects: [DetectedObject], _ settings: DetectionDecoder.Settings) -> [DetectedObject] {
    var kept: [DetectedObject] = []
    var number = [Int](repeating: 0, count: classCount)
    for object in objects where object.score > settings.scoreThreshold {
      number[object.label] += 1
      if number[object.label] > settings.topK { continue }
      let isSuppressed = kept.contains { other in
        other.label == object.label
          && other.box.intersectionOverUnion(with: object.box) > settings.nmsThreshold
      }
      if !isSuppressed { kept.append(object) }
    }
    return Array(kept.prefix(settings.keep))
  }

  private func output(seed: UInt64, _ count: Int) -> (locations: [Float], confidences: [Float]) {
    var stream = RandomStream(seed: seed, purpose: .test)
    return (stream.normals(count * 4), stream.normals(count * classCount, scale: 2))
  }

  @Test func scoresAreTheSoftmax() throws {
    let defaultBoxes = DefaultBoxes(try smallLayout())
    let (locations, confidences) = output(seed: 1, defaultBoxes.count)
    let objects = DetectionDecoder(defaultBoxes: defaultBoxes, classCount: classCount, settings: Self.everything)
      .decode(locations: locations, confidences: confidences, kernels: kernels)
    #expect(objects.count == defaultBoxes.count * (classCount - 1))
    for index in 0..<defaultBoxes.count {
      let row = index * 4
      let location = Location(locations[row], locations[row + 1], locations[row + 2], locations[row + 3])
      let box = BoxCoder().decode(location, relativeTo: defaultBoxes.centered[index]).corners.clippedToImage
      let sum = (0..<classCount).reduce(0.0) { $0 + exp(Double(confidences[index * classCount + $1])) }
      for label in 1..<classCount {
        let expected = exp(Double(confidences[index * classCount + label])) / sum
        let object = try #require(objects.first { $0.label == label && $0.box == box })
        // Exponentials, their sum and a division: classes + 4 roundings.
        #expect(abs(Double(object.score) - expected) <= Double(classCount + 4) * Double(Float(1).ulp) * expected)
      }
    }
  }

  @Test(arguments: [
    DetectionDecoder.Settings(clipping: .beforeNMS),
    DetectionDecoder.Settings(scoreThreshold: 0.1, nmsThreshold: 0.3, topK: 20, keep: 30, clipping: .beforeNMS),
    DetectionDecoder.Settings(scoreThreshold: 0.3, nmsThreshold: 0.6, topK: 7, keep: 1000, clipping: .beforeNMS),
  ])
  func agreesWithReference(settings: DetectionDecoder.Settings) throws {
    let defaultBoxes = DefaultBoxes(try smallLayout())
    for seed in 10..<40 as Range<UInt64> {
      let (locations, confidences) = output(seed: seed, defaultBoxes.count)
      func decode(_ settings: DetectionDecoder.Settings) -> [DetectedObject] {
        DetectionDecoder(defaultBoxes: defaultBoxes, classCount: classCount, settings: settings)
          .decode(locations: locations, confidences: confidences, kernels: kernels)
      }
      let expected = reference(decode(Self.everything), settings)
      #expect(decode(settings) == expected)
      #expect(expected.count > 5)
    }
  }

  /// Equal scores come by class, then by default box, and the last places of a class go to the lowest default boxes.
  @Test func tiesAreOrdered() throws {
    let defaultBoxes = DefaultBoxes(try smallLayout())
    let locations = [Float](repeating: 0, count: defaultBoxes.count * 4)
    let confidences = [Float](repeating: 1, count: defaultBoxes.count * 3)
    let settings = DetectionDecoder.Settings(nmsThreshold: 1, topK: 10, keep: 15)
    let objects = DetectionDecoder(defaultBoxes: defaultBoxes, classCount: 3, settings: settings)
      .decode(locations: locations, confidences: confidences, kernels: kernels)
    let boxes = defaultBoxes.centered.map { BoxCoder().decode(.zero, relativeTo: $0).corners.clippedToImage }
    #expect(objects.map(\.label) == [Int](repeating: 1, count: 10) + [Int](repeating: 2, count: 5))
    #expect(objects.map(\.box) == Array(boxes[0..<10] + boxes[0..<5]))
  }

  /// A box that reaches far out of the image equals its neighbour only once it is clipped.
  @Test func clippingBeforeSuppressionSuppressesMore() throws {
    let layout = try DefaultBoxLayout(
      imageHeight: 10, imageWidth: 10, mapSizes: [(rows: 1, columns: 1)], steps: [10], minimumSizes: [5],
      maximumSizes: [5], aspectRatios: [[]], clipping: .none)
    let defaultBoxes = DefaultBoxes(layout)
    let inside = CornerBox(xMin: 0, yMin: 0, xMax: 0.5, yMax: 1)
    let outside = CornerBox(xMin: -1, yMin: 0, xMax: 0.5, yMax: 1)
    let locations = zip([inside, outside], defaultBoxes.centered).flatMap { box, defaultBox in
      let location = BoxCoder().encode(box, relativeTo: defaultBox)
      return [location.x, location.y, location.z, location.w]
    }
    for (clipping, expected) in [(DetectionDecoder.Clipping.beforeNMS, 1), (.afterNMS, 2)] {
      let decoder = DetectionDecoder(
        defaultBoxes: defaultBoxes, classCount: 2, settings: DetectionDecoder.Settings(clipping: clipping))
      let objects = decoder.decode(locations: locations, confidences: [0, 2, 0, 1], kernels: kernels)
      #expect(objects.count == expected)
      #expect(objects.allSatisfy { $0.box.xMin >= 0 && $0.box.xMax <= 1 && $0.box.yMin >= 0 && $0.box.yMax <= 1 })
    }
  }

  /// Boxes with undefined numbers drop out; the others are found as if these were background.
  @Test(arguments: [DetectionDecoder.Clipping.beforeNMS, .afterNMS])
  func undefinedNumbersDropOut(clipping: DetectionDecoder.Clipping) throws {
    let defaultBoxes = DefaultBoxes(try smallLayout())
    let (locations, confidences) = output(seed: 5, defaultBoxes.count)
    let decoder = DetectionDecoder(
      defaultBoxes: defaultBoxes, classCount: classCount, settings: DetectionDecoder.Settings(clipping: clipping))
    var brokenLocations = locations
    var brokenConfidences = confidences
    var background = confidences
    for (index, value) in [(3, Float.nan), (20, .infinity), (77, -.nan)] {
      brokenConfidences[index * classCount + 2] = value
      background[index * classCount] = 1000
    }
    for (index, value) in [(4, Float.nan), (50, .infinity), (90, -.infinity)] {
      brokenLocations[index * 4] = value
      background[index * classCount] = 1000
    }
    let objects = decoder.decode(locations: brokenLocations, confidences: brokenConfidences, kernels: kernels)
    #expect(objects == decoder.decode(locations: locations, confidences: background, kernels: kernels))
    #expect(objects != decoder.decode(locations: locations, confidences: confidences, kernels: kernels))
  }

  @Test func hugeLogitsStayFinite() throws {
    let defaultBoxes = DefaultBoxes(try smallLayout())
    let (locations, confidences) = output(seed: 6, defaultBoxes.count)
    let objects = DetectionDecoder(defaultBoxes: defaultBoxes, classCount: classCount)
      .decode(
        locations: locations.map { $0 * 1e4 }, confidences: confidences.map { $0 < 0 ? -1e4 : 1e4 }, kernels: kernels)
    #expect(!objects.isEmpty)
    #expect(objects.allSatisfy { $0.score > 0.01 && $0.score <= 1 && $0.box.area.isFinite })
  }

  @Test func suppressionIsIdempotentAndAgreesWithReference() {
    for seed in 0..<50 as Range<UInt64> {
      var stream = RandomStream(seed: seed, purpose: .test)
      let boxes = (0..<80).map { _ in stream.box(minimumSide: 0.2) }
      let kept = nonMaximumSuppression(boxes, threshold: 0.3, kernels: kernels)
      // A box falls if and only if one that stays comes before it and overlaps it too much.
      for index in boxes.indices {
        let rival = kept.first { $0 < index && boxes[$0].intersectionOverUnion(with: boxes[index]) > 0.3 }
        #expect(kept.contains(index) == (rival == nil))
      }
      #expect(kept.count < boxes.count)
      let survivors = kept.map { boxes[$0] }
      #expect(nonMaximumSuppression(survivors, threshold: 0.3, kernels: kernels) == Array(survivors.indices))
    }
  }

  /// An IoU of exactly the threshold suppresses nothing.
  @Test func suppressionThresholdIsExclusive() {
    let whole = CornerBox(xMin: 0, yMin: 0, xMax: 0.5, yMax: 0.5)
    let half = CornerBox(xMin: 0, yMin: 0, xMax: 0.5, yMax: 0.25)
    #expect(nonMaximumSuppression([whole, half], threshold: 0.5, kernels: kernels) == [0, 1])
    #expect(nonMaximumSuppression([whole, half], threshold: Float(0.5).nextDown, kernels: kernels) == [0])
  }
}
