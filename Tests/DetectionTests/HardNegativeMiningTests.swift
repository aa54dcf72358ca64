import Detection
import Randomness
import Testing

@Suite struct HardNegativeMiningTests {
  private func select(_ mining: HardNegativeMining, losses: [Float], labels: [Int32]) -> [Bool] {
    var keys = [Int32](repeating: 0, count: losses.count)
    var selected = [Bool](repeating: true, count: losses.count)
    mining.select(
      losses: losses, labels: labels, count: losses.count, positiveCount: labels.count { $0 != 0 }, keys: &keys,
      selected: &selected)
    return selected
  }

  /// Positives, and the first of the negatives sorted by falling loss, then index.
  private func reference(_ mining: HardNegativeMining, losses: [Float], labels: [Int32]) -> [Bool] {
    let positives = labels.indices.filter { labels[$0] != 0 }
    let negatives = labels.indices.filter { labels[$0] == 0 }
      .sorted { (losses[$1], $0) < (losses[$0], $1) }
      .prefix(mining.negativesPerPositive * positives.count)
    let chosen = Set(positives).union(negatives)
    return labels.indices.map(chosen.contains)
  }

  /// Losses of a few distinct values, so that the last place is nearly always contested, and spread over all magnitudes.
  @Test(arguments: [0, 1, 3])
  func agreesWithSorting(negativesPerPositive: Int) {
    let mining = HardNegativeMining(negativesPerPositive: negativesPerPositive)
    for seed in 0..<200 as Range<UInt64> {
      var stream = RandomStream(seed: seed, purpose: .test)
      let count = 1 + stream.integer(below: 300)
      let positives = stream.uniform(0, 0.4)
      let labels = (0..<count).map { _ in stream.chance(positives) ? Int32(1 + stream.integer(below: 5)) : 0 }
      let isTied = stream.chance(0.5)
      let losses = (0..<count).map { _ in
        isTied
          ? Float(stream.integer(below: 4))
          : Float(sign: .plus, exponent: stream.integer(below: 200) - 140, significand: stream.uniform(1, 2))
      }
      #expect(select(mining, losses: losses, labels: labels) == reference(mining, losses: losses, labels: labels))
    }
  }

  /// As many default boxes as models have, whose losses are anyhow, one value, or such that an eighth of them, regularly spaced or at an
  /// end, tells nothing of the others.
  @Test func `Many losses are selected as sorting selects them`() {
    let mining = HardNegativeMining()
    let (count, positives) = (8732, 40)
    var stream = RandomStream(seed: 4, purpose: .test)
    let anyhow = (0..<count).map { _ in stream.uniform(0, 1) }
    let losses: [[Float]] =
      [anyhow, [Float](repeating: 0.5, count: count), anyhow.sorted(), anyhow.sorted().reversed()]
      + (0..<8).map { group in anyhow.indices.map { $0 / 8 % 8 == group ? 1 + anyhow[$0] : anyhow[$0] } }
      + (0..<8).map { group in anyhow.indices.map { $0 / 8 % 8 == group ? 0 : anyhow[$0] } }
      + [anyhow.map { $0 < 0.99 ? 0 : $0 }, anyhow.map { $0 < 0.01 ? $0 : .infinity }]
    for spacing in [1, 5, count / positives] {
      let labels = (0..<count).map { $0 % spacing == 0 && $0 / spacing < positives ? Int32(1) : 0 }
      for losses in losses {
        #expect(select(mining, losses: losses, labels: labels) == reference(mining, losses: losses, labels: labels))
      }
    }
  }

  @Test func undefinedLossIsTheHardest() {
    let labels: [Int32] = [1, 0, 0, 0, 0]
    let selected = select(
      HardNegativeMining(negativesPerPositive: 2), losses: [0, 1, 3, .nan, 2], labels: labels)
    #expect(selected == [true, false, true, true, false])
  }
}
