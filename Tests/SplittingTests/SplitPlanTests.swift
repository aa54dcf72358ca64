import Splitting
import Testing

/// Which images become those to test on.
struct SplitPlanTests {
  private func images(_ count: Int, _ objects: (Int) -> [String: Int] = { _ in ["thing": 1] }) -> [SplitImage] {
    (0..<count).map { SplitImage(name: "image \(1000 + $0)", path: nil, objects: objects($0)) }
  }

  private func plan(
    _ images: [SplitImage], _ groups: [[Int]]? = nil, test: Double = 0.2, validation: Double? = nil, seed: UInt64 = 1
  ) -> [SplitPart]? {
    SplitPlan(
      images, groups ?? images.indices.map { [$0] }, SplitFractions(test: test, validation: validation), seed: seed)?
      .parts
  }

  @Test func `Parts have their shares, and every seed has its own`() throws {
    let images = images(103)
    let first = try #require(plan(images, validation: 0.1))
    #expect(SplitPart.allCases.map { part in first.count { $0 == part } } == [72, 10, 21])
    #expect(plan(images, validation: 0.1) == first)
    #expect(plan(images, validation: 0.1, seed: 2) != first)
    #expect(try #require(plan(images)).count { $0 == .test } == 21)
    #expect(try #require(plan(self.images(2), test: 0.01)).count { $0 == .test } == 1)
    #expect(plan(self.images(1)) == nil)
    #expect(plan(self.images(2), validation: 0.1) == nil)
    for test in [0.01, 0.5, 0.99] {
      let parts = try #require(plan(self.images(3), test: test, validation: 0.005))
      #expect(Set(parts).count == 3, "\(test): \(parts)")
    }
  }

  @Test func `A group is in one part, and large groups come as close to the share as they can`() throws {
    let images = images(60)
    let groups = stride(from: 0, to: 60, by: 6).map { Array($0..<$0 + 6) }
    for seed in 1...20 as ClosedRange<UInt64> {
      let parts = try #require(plan(images, groups, test: 0.25, seed: seed))
      for group in groups { #expect(Set(group.map { parts[$0] }).count == 1) }
      #expect(parts.count { $0 == .test } == 12)
    }
    let uneven = try #require(plan(images, [Array(0..<40), Array(40..<60)]))
    #expect(uneven.count { $0 == .test } == 20, "the smaller one, however late it is drawn")
  }

  @Test func `A rare class is in every part, where there is a way`() throws {
    let images = images(50) { $0 < 2 ? ["rare": 1, "thing": 1] : ["thing": 1] }
    for seed in 1...20 as ClosedRange<UInt64> {
      let parts = try #require(plan(images, seed: seed))
      #expect(parts[0] != parts[1], "seed \(seed)")
    }
  }
}
