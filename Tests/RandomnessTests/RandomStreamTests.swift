import Randomness
import Testing

@Suite struct RandomStreamTests {
  /// Checkpoints and data order depend on these numbers: they must never change.
  @Test func theNumbersAreFixed() {
    var stream = RandomStream(seed: 0, purpose: .samplingOrder, key: 3, 5)
    #expect(stream.next() == 13_205_779_848_658_700_099)
    #expect(stream.permutation(count: 5) == [1, 3, 0, 4, 2])
  }

  @Test func everyPartOfTheKeyMatters() {
    func first(_ seed: UInt64, _ purpose: RandomStream.Purpose, _ a: UInt64, _ b: UInt64) -> UInt64 {
      var stream = RandomStream(seed: seed, purpose: purpose, key: a, b)
      return stream.next()
    }
    let values = [
      first(0, .test, 0, 0), first(1, .test, 0, 0), first(0, .augmentation, 0, 0), first(0, .test, 1, 0),
      first(0, .test, 0, 1),
    ]
    #expect(Set(values).count == values.count)
  }

  @Test func distributionsHaveTheirMoments() {
    var stream = RandomStream(seed: 42, purpose: .test)
    let count = 100_000
    let uniform = (0..<count).map { _ in Double(stream.uniform(-1, 3)) }
    let normal = (0..<count).map { _ in Double(stream.normal()) }
    var faces = [Int](repeating: 0, count: 7)
    for _ in 0..<count { faces[stream.integer(below: 7)] += 1 }
    func moments(_ values: [Double]) -> (mean: Double, variance: Double) {
      let mean = values.reduce(0, +) / Double(values.count)
      return (mean, values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count))
    }
    // Five standard errors each.
    #expect(abs(moments(uniform).mean - 1) < 5 * 1.1547 / 316)
    #expect(abs(moments(uniform).variance - 4.0 / 3) < 0.02)
    #expect(abs(moments(normal).mean) < 5.0 / 316)
    #expect(abs(moments(normal).variance - 1) < 5 * 1.4142 / 316)
    #expect(faces.allSatisfy { abs($0 - count / 7) < 5 * 111 })
    #expect(uniform.allSatisfy { $0 >= -1 && $0 < 3 })
  }

  @Test func aPermutationHoldsEveryIndexOnce() {
    var stream = RandomStream(seed: 9, purpose: .test)
    for count in [0, 1, 2, 17, 300] {
      let order = stream.permutation(count: count)
      #expect(order.sorted() == Array(0..<count))
    }
  }
}
