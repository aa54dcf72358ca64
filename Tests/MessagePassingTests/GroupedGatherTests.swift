import Foundation
import MessagePassing
import Testing

/// Records of ranks that are threads of this process.
struct GroupedGatherTests {
  private static func gathered(_ sizes: [Int], _ own: [UInt16], _ communicator: ThreadCommunicator) throws -> [UInt16] {
    let gather = own.withUnsafeBytes { GroupedGather(communicator, SumGroups(sizes: sizes), $0) }
    try gather.begin()
    var pause = PollingPause()
    while !gather.isOver { if try gather.advance() { pause.reset() } else { pause.wait() } }
    return Array(gather.all.bindMemory(to: UInt16.self))
  }

  @Test(arguments: [[], [2], [3], [2, 2], [7], [4, 3], [2, 2, 3], [4, 4], [8, 3], [2, 2, 2, 2, 2], [16, 4]])
  func `All ranks see what each has, in the order of ranks`(sizes: [Int]) throws {
    let ranks = sizes.reduce(1, *)
    for count in [1, 3] {
      let expected = (0..<ranks).flatMap { rank in (0..<count).map { UInt16(100 * rank + $0) } }
      let results = try ThreadCommunicator.run(worldSize: ranks) { communicator in
        // Several, one after the other: some ranks are further than others.
        try (0..<3).map { round in
          if communicator.rank % 3 == round { usleep(500) }
          let own = (0..<count).map { UInt16(100 * communicator.rank + $0 + round) }
          return try Self.gathered(sizes, own, communicator)
        }
      }
      for result in results {
        for round in 0..<3 { #expect(result[round] == expected.map { $0 + UInt16(round) }) }
      }
    }
  }

  @Test(arguments: [[], [2], [3], [2, 2], [7], [4, 3], [2, 2, 3], [16, 4]])
  func `Ranks may have any number of bytes`(sizes: [Int]) throws {
    let groups = SumGroups(sizes: sizes)
    let all = (0..<groups.worldSize).map { rank in [UInt8](repeating: UInt8(rank), count: rank * rank % 7) }
    let results = try ThreadCommunicator.run(worldSize: groups.worldSize) { communicator in
      try communicator.allGather(all[communicator.rank], along: groups)
    }
    for result in results { #expect(result == all) }
  }

  @Test(arguments: [[], [2], [3], [2, 2], [7], [4, 3], [2, 2, 3], [16, 4]])
  func `What one rank has comes to all`(sizes: [Int]) throws {
    let groups = SumGroups(sizes: sizes)
    for (root, count) in [0, 1, 15, 16, 17, 1000, 4099].enumerated() where root < groups.worldSize {
      let expected = (0..<count).map { UInt8($0 * 7 % 251) }
      let results = try ThreadCommunicator.run(worldSize: groups.worldSize) { communicator in
        var bytes = communicator.rank == root ? expected : [UInt8](repeating: 255, count: count)
        try bytes.withUnsafeMutableBufferPointer { (buffer) throws(MessagePassingError) in
          try communicator.broadcast(UnsafeMutableRawBufferPointer(buffer), from: root, along: groups)
        }
        return bytes
      }
      for result in results { #expect(result == expected) }
    }
  }
}
