import MessagePassing
import Testing

struct RankLayoutTests {
  private func placement(_ hosts: [String]) -> RankPlacement {
    RankPlacement(rank: 0, places: hosts.map { .init(host: $0, processors: [0]) })
  }

  @Test func `Machines are numbered by their first ranks`() throws {
    let layout = try RankLayout(placement(["b", "b", "a", "b", "c"]), environment: [:])
    #expect(layout.hosts == [0, 0, 1, 0, 2] && layout.groupSizes == nil)
  }

  @Test func `The environment may ask for groups`() throws {
    let four = placement(["a", "a", "b", "b"])
    #expect(try RankLayout(four, environment: ["MULTIBOX_GROUPS": "2x2"]).groupSizes == [2, 2])
    #expect(try RankLayout(four, environment: ["MULTIBOX_GROUPS": ""]).groupSizes == nil)
    #expect(try RankLayout(placement(["a"]), environment: ["MULTIBOX_GROUPS": "2x2"]).groupSizes == nil)
    for text in ["2x3", "4x1", "x", "2x", "-2x-2", "four", "2x2x9223372036854775807"] {
      let error = #expect(throws: MessagePassingError.self) {
        try RankLayout(four, environment: ["MULTIBOX_GROUPS": text])
      }
      #expect(error?.description.contains("MULTIBOX_GROUPS=\(text): expected") == true)
    }
  }
}
