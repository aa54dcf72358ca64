import Detection
import Models
import Randomness
import Testing

@Suite struct MatcherTests {
  /// Ground truth that crowds: a box may be followed by copies and near copies of itself.
  private func crowd(_ stream: inout RandomStream, count: Int) -> [GroundTruth] {
    var boxes: [CornerBox] = []
    for _ in 0..<count {
      if let last = boxes.last, stream.chance(0.5) {
        let shift = stream.chance(0.5) ? 0 : stream.uniform(-0.02, 0.02)
        boxes.append(
          CornerBox(xMin: last.xMin + shift, yMin: last.yMin, xMax: last.xMax + shift, yMax: last.yMax))
      } else {
        boxes.append(stream.box())
      }
    }
    return boxes.map { GroundTruth(box: $0, label: 1 + stream.integer(below: 20)) }
  }

  private func expectAgreement(_ matcher: Matcher, _ groundTruth: [GroundTruth]) {
    let targets = matcher.match(groundTruth)
    let expected = referenceMatches(
      matcher.defaultBoxes.corners, groundTruth.map(\.box), rule: matcher.rule, threshold: matcher.threshold)
    let labels = expected.map { $0.map { Int32(groundTruth[$0].label) } ?? 0 }
    let locations = zip(expected, matcher.defaultBoxes.centered).map { match, defaultBox in
      match.map { matcher.coder.encode(groundTruth[$0].box, relativeTo: defaultBox) } ?? .zero
    }
    #expect(targets.labels == labels)
    #expect(targets.locations == locations)
    #expect(targets.positiveCount == labels.count { $0 != 0 })
  }

  @Test(arguments: MatchingRule.allCases)
  func agreesWithReference(rule: MatchingRule) throws {
    let matcher = Matcher(defaultBoxes: DefaultBoxes(try smallLayout()), rule: rule)
    for seed in 0..<200 as Range<UInt64> {
      var stream = RandomStream(seed: seed, purpose: .test)
      expectAgreement(matcher, crowd(&stream, count: stream.integer(below: 12)))
    }
  }

  @Test(arguments: MatchingRule.allCases)
  func agreesWithReferenceOnSSD300(rule: MatchingRule) {
    let matcher = Matcher(
      defaultBoxes: DefaultBoxes(.caffeVOC), coder: BoxCoder(variances: BoxVariances(center: 0.2, size: 0.1)),
      rule: rule)
    for seed in 0..<3 as Range<UInt64> {
      var stream = RandomStream(seed: seed, purpose: .test, key: 300)
      expectAgreement(matcher, crowd(&stream, count: 10))
    }
  }

  /// More copies of one box than there are default boxes overlapping it: ground truth is left over, not mismatched.
  @Test func moreGroundTruthThanDefaultBoxes() throws {
    let layout = try DefaultBoxLayout(
      imageHeight: 100, imageWidth: 100, mapSizes: [(rows: 1, columns: 1)], steps: [100], minimumSizes: [20],
      maximumSizes: [40], aspectRatios: [[]], clipping: .none)
    let object = GroundTruth(box: CornerBox(xMin: 0.4, yMin: 0.4, xMax: 0.6, yMax: 0.6), label: 3)
    let corner = GroundTruth(box: CornerBox(xMin: 0, yMin: 0, xMax: 0.1, yMax: 0.1), label: 4)
    let targets = Matcher(defaultBoxes: DefaultBoxes(layout)).match([object, object, object, corner])
    #expect(targets.labels == [3, 3])
    #expect(targets.positiveCount == 2)
  }

  /// An IoU of exactly the threshold is enough for a default box that no ground truth needs.
  @Test(arguments: MatchingRule.allCases)
  func thresholdIsInclusive(rule: MatchingRule) throws {
    let layout = try DefaultBoxLayout(
      imageHeight: 100, imageWidth: 100, mapSizes: [(rows: 1, columns: 1)], steps: [100], minimumSizes: [50],
      maximumSizes: [50], aspectRatios: [[]], clipping: .none)
    let half = GroundTruth(box: CornerBox(xMin: 0.25, yMin: 0.25, xMax: 0.75, yMax: 0.5), label: 6)
    let less = GroundTruth(box: CornerBox(xMin: 0.25, yMin: 0.25, xMax: 0.75, yMax: 0.49), label: 6)
    let matcher = Matcher(defaultBoxes: DefaultBoxes(layout), rule: rule)
    #expect(matcher.match([half]).labels == [6, 6])
    #expect(matcher.match([less]).labels == [6, 0])
  }

  @Test(arguments: MatchingRule.allCases)
  func noGroundTruthIsAllNegative(rule: MatchingRule) {
    let targets = Matcher(defaultBoxes: DefaultBoxes(.caffeVOC), rule: rule).match([])
    #expect(targets.labels == [Int32](repeating: 0, count: 8732))
    #expect(targets.positiveCount == 0)
  }

  /// Two objects whose best default box is the same: one to one pairing serves both, the other rule only the last.
  @Test func rulesDifferOnASharedBestDefaultBox() throws {
    let layout = try DefaultBoxLayout(
      imageHeight: 100, imageWidth: 100, mapSizes: [(rows: 1, columns: 2)], steps: [50], minimumSizes: [20],
      maximumSizes: [20], aspectRatios: [[]], clipping: .none)
    let defaultBoxes = DefaultBoxes(layout)
    // Default boxes: two equal ones around (0.25, 0.25), two around (0.75, 0.25). Both objects are at the left, too small
    // for the threshold.
    let small = CornerBox(xMin: 0.24, yMin: 0.24, xMax: 0.26, yMax: 0.26)
    let larger = CornerBox(xMin: 0.23, yMin: 0.23, xMax: 0.27, yMax: 0.27)
    let groundTruth = [GroundTruth(box: larger, label: 1), GroundTruth(box: small, label: 2)]
    #expect(Matcher(defaultBoxes: defaultBoxes, rule: .argmax).match(groundTruth).labels == [2, 0, 0, 0])
    #expect(Matcher(defaultBoxes: defaultBoxes, rule: .bipartite).match(groundTruth).labels == [1, 2, 0, 0])
  }

  /// Whoever is not positive overlaps everything by less than the threshold, so it may be mined.
  @Test(arguments: MatchingRule.allCases)
  func negativesOverlapLittle(rule: MatchingRule) {
    let defaultBoxes = DefaultBoxes(.caffeVOC)
    var stream = RandomStream(seed: 9, purpose: .test)
    let groundTruth = crowd(&stream, count: 20)
    let targets = Matcher(defaultBoxes: defaultBoxes, rule: rule).match(groundTruth)
    for index in 0..<defaultBoxes.count where targets.labels[index] == 0 {
      for object in groundTruth {
        #expect(defaultBoxes.corners[index].intersectionOverUnion(with: object.box) < 0.5)
      }
    }
  }
}
