import Foundation
import Kernels
import MessagePassing
import Randomness
import Testing

/// Sums of ranks that are threads of this process.
struct GroupedSumTests {
  /// Values far apart, and those that have bits of their own: −0, denormal and infinite ones, and none at all.
  private static func values(_ rank: Int, _ number: Int, count: Int) -> [Float] {
    var random = RandomStream(seed: UInt64(number), purpose: .test, key: UInt64(rank))
    let special: [Float] = [
      -0.0, 0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .greatestFiniteMagnitude, .infinity,
    ]
    return (0..<count).map { index in
      index % 97 == 13
        ? special[(index / 97 + rank) % special.count]
        : random.uniform(-1, 1) * Float(1 << random.integer(below: 20))
    }
  }

  /// The sum along the tree, in one process.
  private static func sum(_ terms: [[Float]], _ wire: WireFormat) -> [UInt32] {
    var stack: [[Float]] = []
    for (term, merges) in zip(terms, SummationOrder(count: terms.count).merges) {
      stack.append(term)
      for _ in 0..<merges {
        let right = stack.removeLast()
        wire.add(right, to: &stack[stack.count - 1], count: right.count, Kernels.available[0])
      }
    }
    return stack[0].map(\.bitPattern)
  }

  /// The bits of several sums at every rank, and what each has sent.
  private static func sums(
    _ sizes: [Int], counts: [Int], wire: WireFormat = .float32, hosts: [Int]? = nil, pauses: UInt64? = nil
  ) throws -> [(bits: [[UInt32]], traffic: GroupedSum.Traffic)] {
    let groups = SumGroups(sizes: sizes)
    return try ThreadCommunicator.run(worldSize: groups.worldSize) { communicator in
      let sum = GroupedSum(
        communicator, groups, capacity: counts.max()!, wire: wire,
        hosts: hosts ?? Array(repeating: 0, count: groups.worldSize), kernels: Kernels.available.last!)
      let buffers = counts.enumerated().map { number, count in
        let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
        _ = buffer.initialize(fromContentsOf: values(communicator.rank, number, count: count))
        return buffer
      }
      defer { for buffer in buffers { buffer.deallocate() } }
      var random = pauses.map { RandomStream(seed: $0, purpose: .test, key: UInt64(communicator.rank)) }
      var next = 0
      var pause = PollingPause()
      while sum.ended < counts.count {
        if let length = random?.integer(below: 400) { usleep(UInt32(length)) }
        if next < counts.count, sum.hasRoom {
          try sum.begin(buffers[next])
          next += 1
        }
        if try sum.advance() { pause.reset() } else { pause.wait() }
      }
      return (buffers.map { $0.map(\.bitPattern) }, sum.traffic)
    }
  }

  private static func expected(_ ranks: Int, counts: [Int], wire: WireFormat = .float32) -> [[UInt32]] {
    counts.enumerated().map { number, count in sum((0..<ranks).map { values($0, number, count: count) }, wire) }
  }

  /// Not a number has many bits, of which an addition may give any.
  private static func areEqual(_ one: [[UInt32]], _ other: [[UInt32]]) -> Bool {
    zip(one.joined(), other.joined()).allSatisfy {
      $0 == $1 || Float(bitPattern: $0).isNaN && Float(bitPattern: $1).isNaN
    }
      && one.map(\.count) == other.map(\.count)
  }

  @Test(arguments: [
    [2], [3], [4], [2, 2], [5], [2, 3], [7], [8], [2, 4], [4, 2], [2, 2, 2], [4, 3], [2, 2, 3], [16], [4, 4],
    [2, 2, 2, 2],
    [8, 3], [4, 2, 3], [16, 2], [2, 16], [4, 4, 3], [8, 8], [4, 4, 4], [2, 2, 2, 2, 2, 2],
  ])
  func `A grouped sum has the bits of the tree in one process`(sizes: [Int]) throws {
    let ranks = sizes.reduce(1, *)
    let counts = [0, 1, 15, 16, 33, 16 * ranks - 1, 48 * ranks + 7, 4999]
    for wire in WireFormat.allCases {
      let expected = Self.expected(ranks, counts: counts, wire: wire)
      for result in try Self.sums(sizes, counts: counts, wire: wire) {
        #expect(Self.areEqual(result.bits, expected), "\(sizes), \(wire)")
      }
    }
  }

  @Test func `Random pauses change nothing`() throws {
    let seed = UInt64.random(in: 0..<1 << 32)
    for (number, sizes) in [[2, 2, 2], [4, 3], [2, 4], [3]].enumerated() {
      let ranks = sizes.reduce(1, *)
      let counts = (0..<9).map { 100 * $0 + 7 }
      let wire: WireFormat = number.isMultiple(of: 2) ? .float32 : .bfloat16
      let expected = Self.expected(ranks, counts: counts, wire: wire)
      for result in try Self.sums(sizes, counts: counts, wire: wire, pauses: seed + UInt64(number)) {
        #expect(Self.areEqual(result.bits, expected), "\(sizes), seed \(seed)")
      }
    }
  }

  @Test(arguments: [[2], [4], [8], [2, 2], [4, 2], [4, 4], [2, 2, 3], [8, 8]])
  func `A rank sends as many messages as its groups have others, and as many bytes as a ring`(sizes: [Int]) throws {
    let ranks = sizes.reduce(1, *)
    let count = 16 * ranks * 3
    for wire in WireFormat.allCases {
      for result in try Self.sums(sizes, counts: [count, count], wire: wire) {
        #expect(result.traffic.messages == 2 * 2 * SumGroups(sizes: sizes).peers)
        #expect(result.traffic.bytes == 2 * 2 * wire.byteCount * count * (ranks - 1) / ranks)
      }
    }
  }

  @Test func `Messages to other machines are short`() throws {
    let count = 2 * 40_000
    let results = try Self.sums([2, 2], counts: [count], hosts: [0, 0, 1, 1])
    // Half of the values inside, in one message each way; a quarter outside, 80,000 bytes in two.
    #expect(results.allSatisfy { $0.traffic.messages == 2 * (1 + 2) && $0.traffic.bytes == 2 * 4 * count * 3 / 4 })
    #expect(Self.areEqual(results[3].bits, Self.expected(4, counts: [count])))
  }

  @Test func `A long sum over machines goes in parts and has the same bits`() throws {
    let (count, groups, hosts) = (900_001, SumGroups(sizes: [2, 2]), [0, 0, 1, 1])
    let parts = GroupedSum.parts(of: count, groups, hosts: hosts)
    #expect(parts.count == 3 && parts.first?.lowerBound == 0 && parts.last?.upperBound == count)
    #expect(zip(parts, parts.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
    #expect(GroupedSum.parts(of: 500_000, groups, hosts: hosts) == [0..<500_000])
    #expect(GroupedSum.parts(of: count, groups, hosts: [0, 0, 0, 0]) == [0..<count])
    #expect(GroupedSum.parts(of: count, SumGroups(sizes: [4]), hosts: [0, 1, 2, 3]) == [0..<count])
    for wire in WireFormat.allCases {
      let results = try ThreadCommunicator.run(worldSize: 4) { communicator in
        let sum = GroupedSum(
          communicator, groups, capacity: count, wire: wire, hosts: hosts, kernels: Kernels.available.last!)
        var values = Self.values(communicator.rank, 0, count: count)
        try values.withUnsafeMutableBufferPointer { values in try sum.add(values) }
        return [values.map(\.bitPattern)]
      }
      let expected = Self.expected(4, counts: [count], wire: wire)
      for result in results { #expect(Self.areEqual(result, expected), "\(wire)") }
    }
  }

  @Test func `A rank that ends is an error at those that wait for it`() throws {
    #expect {
      try ThreadCommunicator.run(worldSize: 4) { communicator in
        if communicator.rank == 3 { return }
        let sum = GroupedSum(
          communicator, SumGroups(sizes: [2, 2]), capacity: 64, hosts: [0, 0, 0, 0], kernels: Kernels.available[0])
        let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: 64)
        values.initialize(repeating: 1)
        defer { values.deallocate() }
        try sum.begin(values)
        while sum.ended == 0 { _ = try sum.advance() }
      }
    } throws: { error in
      "\(error)".contains("rank 3 has ended, where rank")
    }
  }
}
