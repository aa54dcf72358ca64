import Exchange
import Testing

struct BucketPlanTests {
  @Test(arguments: [1, 16, 17, 1000, 1_643_000], [Float(0.00001), 0.01, 0.1, 8, 1024])
  func `Buckets are all that is trained, from its end, in pieces of the size asked for`(count: Int, megabytes: Float) {
    for start in [0, 48] { check(start..<start + count, megabytes) }
  }

  /// Networks of 4 MB, 13.6 MB, 105 MB and 400 MB, as bytes of float32.
  @Test(arguments: [1_000_000, 3_400_000, 26_250_000, 100_000_000])
  func `Buckets that fit the network are smaller towards its start`(count: Int) throws {
    let buckets = BucketPlan(48..<48 + count).buckets
    #expect(buckets.first?.upperBound == 48 + count && buckets.last?.lowerBound == 48)
    for (bucket, next) in zip(buckets, buckets.dropFirst()) {
      #expect(next.upperBound == bucket.lowerBound && next.count <= bucket.count)
    }
    let most = min(2_000_000, max(64_000, count / 16))
    #expect(buckets[0].count > most - 16 && buckets[0].count <= most)
    let last = try #require(buckets.last)
    #expect(last.count <= 64_000 && buckets.dropLast().allSatisfy { $0.count >= 64_000 - 16 })
  }

  private func check(_ trained: Range<Int>, _ megabytes: Float) {
    let buckets = BucketPlan(trained, megabytes: megabytes).buckets
    #expect(buckets.first?.upperBound == trained.upperBound && buckets.last?.lowerBound == trained.lowerBound)
    for (bucket, next) in zip(buckets, buckets.dropFirst()) { #expect(next.upperBound == bucket.lowerBound) }
    #expect(buckets.allSatisfy { !$0.isEmpty && $0.count <= max(16, Int(megabytes * 250_000)) })
    #expect(Set(buckets.dropLast().map(\.count)).count <= 1)
  }
}
