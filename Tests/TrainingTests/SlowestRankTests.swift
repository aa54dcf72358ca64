import MessagePassing
import Testing
import Training

struct SlowestRankTests {
  private let placement = RankPlacement(
    rank: 0, places: ["a", "a", "b"].map { RankPlacement.Place(host: $0, processors: [0]) })

  @Test func `It is the one with most to do, beside the median of all`() {
    let slowest = SlowestRank(busySeconds: [1, 1.25, 2], placement)
    #expect(slowest?.rank == 2 && slowest?.host == "b" && slowest?.seconds == 2 && slowest?.median == 1.25)
    // Of two ranks the other one is the median.
    let two = RankPlacement(rank: 0, places: Array(placement.places.prefix(2)))
    #expect(SlowestRank(busySeconds: [1, 3], two)?.median == 1)
    #expect(two.description == "2 (2 on a)" && placement.description == "3 (2 on a, 1 on b)")
  }

  @Test func `There is none before the first iteration, and none of one rank`() {
    #expect(SlowestRank(busySeconds: [0, 0, 0], placement) == nil)
    #expect(SlowestRank(busySeconds: [1], placement) == nil)
  }

  @Test func `A line of the log has it`() {
    var record = MetricsLogTests.record(1)
    #expect(!"\(record.json)".contains("slowest_rank"))
    record.slowest = SlowestRank(busySeconds: [1, 1.25, 2], placement)
    #expect("\(record.json)".contains(#","slowest_rank":{"rank":2,"host":"b","seconds":2.0,"median":1.25},"#))
  }
}
