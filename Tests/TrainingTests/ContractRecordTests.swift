import Files
import MessagePassing
import Testing
import Training

struct ContractRecordTests {
  private let record: ContractRecord = {
    var record = ContractRecord(configuration: 1, dataset: 2, plan: 3)
    record.iteration = 7
    record.positives = 10
    return record
  }()

  /// What the ranks agree on when each has changed the record in its way.
  private func agree(
    _ worldSize: Int, _ change: @escaping @Sendable (Int, inout ContractRecord) -> Void
  ) throws -> [Agreement] {
    try ThreadCommunicator.run(worldSize: worldSize) { [record] communicator in
      var own = record
      change(communicator.rank, &own)
      return try ContractRecord.agreement(communicator.allGather(own))
    }
  }

  @Test(arguments: 1...9)
  func `Positives are added, and one rank that wants to stop stops all`(worldSize: Int) throws {
    for agreement in try agree(worldSize, { rank, record in record.positives = 100 * rank + 10 }) {
      #expect(agreement.positives == 50 * worldSize * (worldSize - 1) + 10 * worldSize && !agreement.stops)
    }
    for rank in 0..<worldSize {
      #expect(try agree(worldSize) { $1.wantsToStop = $0 == rank }.allSatisfy(\.stops))
      let replacing = try agree(worldSize) { $1.replacements = $0 == rank ? 3 : 0 }
      #expect(replacing.allSatisfy { $0.replacements == 3 })
    }
  }

  @Test(arguments: 2...9)
  func `A rank that believes something else is named, with what`(worldSize: Int) throws {
    func fault(_ change: @escaping @Sendable (Int, inout ContractRecord) -> Void) -> String? {
      #expect(throws: ContractError.self) { try agree(worldSize, change) }?.description
    }
    let prefix = "after iteration 7 these differ from rank 0: "
    for odd in 1..<worldSize {
      #expect(fault { $1.configuration += $0 == odd ? 1 : 0 } == prefix + "configuration of rank \(odd)")
      #expect(fault { $1.program += $0 == odd ? 1 : 0 } == prefix + "program of rank \(odd)")
      #expect(fault { $1.dataset += $0 == odd ? 1 : 0 } == prefix + "training data of rank \(odd)")
      #expect(fault { $1.plan += $0 == odd ? 1 : 0 } == prefix + "bucket plan of rank \(odd)")
      #expect(fault { $1.parameters += $0 == odd ? 1 : 0 } == prefix + "weights and momentum of rank \(odd)")
      #expect(fault { $1.iteration += $0 == odd ? 1 : 0 } == prefix + "iteration of rank \(odd)")
    }
    // Rank 0 alone cannot be told from all others.
    let others = (1..<worldSize).map(String.init).joined(separator: ", ")
    let ranks = worldSize == 2 ? "rank 1" : "ranks \(others)"
    #expect(
      fault { rank, record in
        record.plan += rank == 0 ? 1 : 0
        record.dataset += rank == 0 ? 1 : 0
      } == prefix + "training data of \(ranks); bucket plan of \(ranks)")
  }

  @Test func `A hash notices every value and its place`() {
    func hash(_ words: UInt64...) -> UInt64 {
      var hash = ContentHash()
      for word in words { hash.add(word) }
      return hash.value
    }
    let hashes = [hash(), hash(0), hash(0, 0), hash(1, 0), hash(0, 1), hash(1 << 63, 0), hash(0, 1 << 63)]
    #expect(Set(hashes).count == hashes.count)
    var (one, other) = (ContentHash(), ContentHash())
    one.add("ab")
    one.add("c")
    other.add("a")
    other.add("bc")
    #expect(one.value != other.value)
  }
}
