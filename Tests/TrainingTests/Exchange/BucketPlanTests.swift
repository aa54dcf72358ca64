import Testing
import Training

struct BucketPlanTests {
  @Test(arguments: [1, 16, 17, 1000, 1_643_000], [Float(0.00001), 0.01, 0.1, 8, 1024])
  func `Buckets are all that is trained, from its end, in pieces of the size asked for`(count: Int, megabytes: Float) {
    for start in [0, 48] { check(start..<start + count, megabytes) }
  }

  private func check(_ trained: Range<Int>, _ megabytes: Float) {
    let buckets = BucketPlan(trained, megabytes: megabytes).buckets
    #expect(buckets.first?.upperBound == trained.upperBound && buckets.last?.lowerBound == trained.lowerBound)
    for (bucket, next) in zip(buckets, buckets.dropFirst()) { #expect(next.upperBound == bucket.lowerBound) }
    #expect(buckets.allSatisfy { !$0.isEmpty && $0.count <= max(16, Int(megabytes * 250_000)) })
    #expect(Set(buckets.dropLast().map(\.count)).count <= 1)
  }
}
