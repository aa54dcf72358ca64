import Files
import Testing
import Training

struct ContractRecordTests {
  private let record: ContractRecord = {
    var record = ContractRecord(configuration: 1, dataset: 2, plan: 3)
    record.iteration = 7
    record.positives = 10
    return record
  }()

  private func agree(_ others: @escaping (Int, inout ContractRecord) -> Void) throws -> Agreement {
    try record.agree(
      ScriptedCommunicator { rank, bytes in others(rank, &bytes.bindMemory(to: ContractRecord.self)[0]) })
  }

  @Test func `Positives are added, and one rank that wants to stop stops all`() throws {
    let agreement = try agree { rank, record in record.positives = 100 * rank }
    #expect(agreement.positives == 310 && !agreement.stops)
    #expect(try agree { rank, record in record.wantsToStop = rank == 2 }.stops)
  }

  @Test func `Ranks that believe something else are named, with what`() {
    func fault(_ others: @escaping (Int, inout ContractRecord) -> Void) -> String? {
      #expect(throws: ContractError.self) { try agree(others) }?.description
    }
    let prefix = "after iteration 7 these differ from rank 0: "
    #expect(fault { rank, record in record.configuration += rank == 2 ? 1 : 0 } == prefix + "configuration of rank 2")
    #expect(fault { rank, record in record.dataset = 9 } == prefix + "training data of ranks 1, 2")
    #expect(fault { rank, record in record.plan = UInt64(rank) + 2 } == prefix + "bucket plan of rank 2")
    #expect(fault { rank, record in record.parameters = UInt64(rank) } == prefix + "weights and momentum of ranks 1, 2")
    #expect(
      fault { rank, record in
        record.iteration += rank - 1
        record.plan += UInt64(rank - 1)
      } == prefix + "bucket plan of rank 2; iteration of rank 2")
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
