import Detection
import Models
import Randomness
import Testing

@Suite struct BoxTests {
  @Test func intersectionOverUnionAgreesWithDoublePrecision() {
    var stream = RandomStream(seed: 1, purpose: .test)
    var overlapping = 0
    for _ in 0..<2000 {
      let one = stream.box()
      let other = stream.box()
      let width = max(0, Double(min(one.xMax, other.xMax)) - Double(max(one.xMin, other.xMin)))
      let height = max(0, Double(min(one.yMax, other.yMax)) - Double(max(one.yMin, other.yMin)))
      func area(_ box: CornerBox) -> Double {
        (Double(box.xMax) - Double(box.xMin)) * (Double(box.yMax) - Double(box.yMin))
      }
      let expected = width * height / (area(one) + area(other) - width * height)
      let actual = one.intersectionOverUnion(with: other)
      // Edges are exact differences of numbers up to 1; a dozen roundings follow, relative to a union of at least 0.02².
      #expect(abs(Double(actual) - expected) <= 12 * Double(Float(1).ulp))
      #expect(actual == other.intersectionOverUnion(with: one))
      overlapping += expected > 0 ? 1 : 0
    }
    #expect(overlapping > 500 && overlapping < 1900)
  }

  @Test func touchingAndEmptyBoxesDoNotOverlap() {
    let left = CornerBox(xMin: 0, yMin: 0, xMax: 0.5, yMax: 1)
    let right = CornerBox(xMin: 0.5, yMin: 0, xMax: 1, yMax: 1)
    let point = CornerBox(xMin: 0.5, yMin: 0.5, xMax: 0.5, yMax: 0.5)
    #expect(left.intersectionOverUnion(with: right) == 0)
    #expect(left.intersectionOverUnion(with: left) == 1)
    #expect(point.intersectionOverUnion(with: point) == 0)
    #expect(!point.isNondegenerate && left.isNondegenerate)
  }

  @Test func cornersAndCenterAreInverse() {
    var stream = RandomStream(seed: 2, purpose: .test)
    for _ in 0..<500 {
      let box = stream.box()
      let back = box.centered.corners
      let pairs = [(box.xMin, back.xMin), (box.yMin, back.yMin), (box.xMax, back.xMax), (box.yMax, back.yMax)]
      for (expected, actual) in pairs {
        // Five roundings of numbers of at most 2.
        #expect(abs(expected - actual) <= 5 * Float(1).ulp)
      }
    }
  }

  /// The law decode(encode(g, d), d) == g, with the variances of the authors' release and with the two exchanged.
  @Test(arguments: [BoxVariances(), BoxVariances(center: 0.2, size: 0.1)])
  func decodingInvertsEncoding(variances: BoxVariances) {
    let coder = BoxCoder(variances: variances)
    let defaultBoxes = DefaultBoxes(.caffeVOC).centered
    var stream = RandomStream(seed: 3, purpose: .test)
    for _ in 0..<2000 {
      let box = stream.box()
      let defaultBox = defaultBoxes[stream.integer(below: defaultBoxes.count)]
      let back = coder.decode(coder.encode(box, relativeTo: defaultBox), relativeTo: defaultBox)
      let expected = box.centered
      // Four roundings of a distance below 1 (the sum with the default box's centre included).
      #expect(abs(back.centerX - expected.centerX) <= 4 * Float(1).ulp)
      #expect(abs(back.centerY - expected.centerY) <= 4 * Float(1).ulp)
      // The encoded logarithm is below 5 / 0.1 = 50, so two roundings of it move the size by 8 units, the rest by 4.
      #expect(abs(back.width - expected.width) <= 12 * Float(1).ulp * expected.width)
      #expect(abs(back.height - expected.height) <= 12 * Float(1).ulp * expected.height)
    }
  }

  /// A quarter of the width to the right and twice as high, by the equations of the paper.
  @Test func encodingHasTheFactorsOfItsVariances() {
    let defaultBox = CenterBox(centerX: 0.5, centerY: 0.5, width: 0.25, height: 0.25)
    let box = CenterBox(centerX: 0.5625, centerY: 0.5, width: 0.25, height: 0.5).corners
    let released = BoxCoder().encode(box, relativeTo: defaultBox)
    let article = BoxCoder(variances: BoxVariances(center: 0.2, size: 0.1)).encode(box, relativeTo: defaultBox)
    let log2: Float = 0.693_147_2
    #expect(abs(released.x - 0.25 * 10) <= 4e-7 && released.y == 0 && released.z == 0)
    #expect(abs(released.w - log2 * 5) <= 4e-7)
    #expect(abs(article.x - 0.25 * 5) <= 2e-7 && abs(article.w - log2 * 10) <= 1e-6)
  }

  @Test func decodingLimitsTheSize() {
    let defaultBox = CenterBox(centerX: 0.5, centerY: 0.5, width: 0.1, height: 0.2)
    let box = BoxCoder().decode(Location(0, 0, 1e6, 1e30), relativeTo: defaultBox)
    // exp(log 62.5) is off by the rounding of the logarithm, 4.1 · 2⁻²⁴, and its own.
    #expect(abs(box.width - 6.25) <= 6.25 * 4 * Float(1).ulp)
    #expect(abs(box.height - 12.5) <= 12.5 * 4 * Float(1).ulp)
  }
}
