import Doctor
import MessagePassing
import Testing

struct LinkTests {
  @Test(arguments: 1...20)
  func `No rank is in two pairs of a round, and all ranks are connected`(count: Int) {
    for hosts in [
      [String](repeating: "a", count: count), (0..<count).map { "host\($0 % 3)" }, (0..<count).map { "host\($0 / 4)" },
    ] {
      let rounds = Link.rounds(hosts: hosts)
      var group = Array(0..<count)
      for round in rounds {
        let ranks = round.flatMap { [$0.first, $0.second] }
        #expect(Set(ranks).count == ranks.count)
        for pair in round {
          #expect(pair.first < pair.second && pair.second < count)
          let (kept, joined) = (group[pair.first], group[pair.second])
          group = group.map { $0 == joined ? kept : $0 }
        }
      }
      #expect(Set(group).count == 1)
      let pairs = rounds.joined().map { [$0.first, $0.second] }
      #expect(Set(pairs).count == pairs.count)
      #expect(pairs.count == (count <= 8 ? count * (count - 1) / 2 : count))
      #expect(count <= 8 || rounds.count <= 3)
    }
  }

  @Test func `A ring enters every host once`() {
    let hosts = (0..<12).map { "host\($0 % 3)" }
    let between = Link.rounds(hosts: hosts).joined().filter { hosts[$0.first] != hosts[$0.second] }
    #expect(between.count == 3)
  }

  private func link(_ first: Int, _ second: Int, _ bandwidth: Double, _ latency: Double = 20e-6) -> Link {
    Link(first: first, second: second, latency: latency, bandwidth: bandwidth)
  }

  private let hosts = ["a", "a", "b", "c"]

  private func findings(_ links: [Link]) -> [Finding] {
    Link.findings(links, hosts: hosts, carriers: ["eth0"], gradientBytes: 100_000_000)
  }

  @Test func `Links are judged by kind, and the slowest is named`() throws {
    let good = findings([link(0, 1, 8e9, 1e-6), link(0, 2, 1.1e9), link(1, 3, 1e9), link(2, 3, 1.2e9)])
    #expect(good.map(\.check) == ["links inside hosts", "links between hosts"])
    #expect(good.allSatisfy { $0.status == .ok })
    #expect(good[1].message.contains("slowest 1.00 GB/s (ranks 1 and 3, a and c)"))
    // Two ranks on a: they send 2 · 2 · 100 MB · (4 − 2) / 4 over the slowest link.
    #expect(good[1].message.hasSuffix(", over eth0; gradients of an iteration take 200 ms here"))

    let slow = findings([link(0, 1, 8e9), link(0, 2, 11e6), link(1, 3, 1e9), link(2, 3, 1e9)])
    #expect(slow[1].status == .warning && slow[1].message.contains("slowest 11.0 MB/s (ranks 0 and 2, a and b)"))
    #expect(slow[1].remedy?.contains(NetworkChoice.option(nil, of: .built)) == true)

    let uneven = findings([link(0, 2, 150e6), link(1, 3, 1e9), link(2, 3, 1e9)])
    #expect(uneven.map(\.status) == [.warning] && uneven[0].message.contains("half of them reach 1.00 GB/s"))
    #expect(uneven[0].remedy?.contains("cable") == true)

    let late = findings([link(0, 2, 1e9, 4e-3)])
    #expect(late.map(\.status) == [.warning] && late[0].message.contains("latency 4.00 ms"))
  }
}
