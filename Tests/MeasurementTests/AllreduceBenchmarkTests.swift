import Foundation
import Measurement
import MessagePassing
import Testing
import Training

struct AllreduceBenchmarkTests {
  @Test func `A repetition takes as long as its slowest rank, and the median counts`() {
    // Two ranks, three repetitions: the slowest take 4, 2 and 9.
    #expect(AllreduceBenchmark.medianOfSlowest([1, 2, 9, 4, 1, 3], repetitions: 3) == 4)
    #expect(AllreduceBenchmark.medianOfSlowest([1, 3], repetitions: 2) == 2)
    #expect(AllreduceBenchmark.medianOfSlowest([1, 3, 5, 2], repetitions: 2) == 4)
  }

  @Test func `One process runs every method and size`() throws {
    let result = try AllreduceBenchmark(bytes: [4, 4096], iterations: 2).run(Job(SingleProcessCommunicator()))
    #expect(result.worldSize == 1)
    for method in AllreduceBenchmark.Method.allCases { #expect(result.seconds[method]?.count == 2) }
    let json = try JSONSerialization.jsonObject(with: Data(result.json().utf8)) as? [String: Any]
    #expect(json?["bytes"] as? [Int] == [4, 4096])
    #expect(
      Set((json?["seconds"] as? [String: Any] ?? [:]).keys) == ["reproducible", "reproducible_bfloat16", "native"])
  }

  @Test(arguments: [2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64])
  func `Counters of messages, bytes and peers are what the groups say`(ranks: Int) throws {
    let bytes = 4 * 16 * ranks
    let result = try ThreadCommunicator.run(worldSize: ranks) {
      try AllreduceBenchmark(bytes: [bytes, 8 * bytes], iterations: 2).run(Job($0))
    }[0]
    let peers = result.groups.reduce(0) { $0 + $1 - 1 }
    #expect(result.groups.reduce(1, *) == ranks && result.peers == peers)
    #expect(
      result.traffic
        == [1, 8].map {
          GroupedSum.Traffic(messages: 2 * peers, bytes: 2 * $0 * bytes * (ranks - 1) / ranks)
        })
  }
}
