import Foundation
import Kernels
import MessagePassing
import Testing
import Threads

/// What one rank says reaches the others, whatever the number of ranks.
struct ThreadCommunicatorTests {
  @Test(arguments: 1...9) func `Collectives mean the same at all ranks`(worldSize: Int) throws {
    let results = try ThreadCommunicator.run(worldSize: worldSize) { communicator in
      let rank = communicator.rank
      var value = rank == worldSize / 2 ? 4711 : 0
      try communicator.broadcast(&value, from: worldSize / 2)
      let text = try communicator.broadcast(rank == 0 ? "from rank 0" : "")
      let all = try communicator.allGather([rank, 10 * rank])
      let gathered = try communicator.gather([UInt8](repeating: UInt8(rank), count: rank))
      var numbers: [Float] = [Float(rank), 1]
      try numbers.withUnsafeMutableBufferPointer { try communicator.sum($0) }
      return "\(value) \(text) \(all) \(gathered.map(\.count)) \(numbers)"
    }
    for (rank, result) in results.enumerated() {
      let all = (0..<worldSize).flatMap { [$0, 10 * $0] }
      let gathered = rank == 0 ? Array(0..<worldSize) : []
      let sum = [Float(worldSize * (worldSize - 1) / 2), Float(worldSize)]
      #expect(result == "4711 from rank 0 \(all) \(gathered) \(sum)")
    }
  }

  /// Sums of 1 to 9 ranks, with one piece a rank or several, as the tree of all terms adds them in one process.
  @Test(arguments: 1...9, WireFormat.allCases)
  func `A reproducible sum has the bits of one process`(worldSize: Int, wire: WireFormat) throws {
    for microBatches in [worldSize, 2 * worldSize, 3 * worldSize, 5 * worldSize] {
      let order = SummationOrder(count: microBatches)
      for count in [1, 15, 16, 33, 4099] {
        let terms: [[Float]] = (0..<microBatches).map { term in
          (0..<count).map { index -> Float in
            let phase = Double(term * 7919 + index)
            return Float(sin(phase)) * Float(1 << (term % 9))
          }
        }
        let alone = Self.sum(terms, order.share(0..<microBatches), wire)
        #expect(alone.count == 1)
        let results = try ThreadCommunicator.run(worldSize: worldSize) { communicator in
          let own = WorkDivision(communicator).share(of: microBatches)
          let pieces = Self.sum(Array(terms[own]), order.share(own), wire)
          let sum = ReproducibleSum(
            communicator, order: order, capacity: count, wire: wire, kernels: Kernels.available.last!)
          let buffers = pieces.map { piece in
            let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
            _ = buffer.initialize(fromContentsOf: piece)
            return buffer
          }
          defer { for buffer in buffers { buffer.deallocate() } }
          // Twice, because memory is used again.
          let copies = buffers.map(Array.init)
          try sum.add(buffers)
          let first = Array(buffers[0])
          for (buffer, copy) in zip(buffers, copies) { _ = buffer.update(fromContentsOf: copy) }
          try sum.add(buffers)
          return first == Array(buffers[0]) ? first : []
        }
        for result in results {
          let areEqual = zip(result, alone[0]).allSatisfy { $0.bitPattern == $1.bitPattern } && result.count == count
          #expect(areEqual, "\(microBatches) of \(count)")
        }
      }
    }
  }

  /// The pieces that a process is left with.
  private static func sum(_ terms: [[Float]], _ share: SummationOrder.Share, _ wire: WireFormat) -> [[Float]] {
    var stack: [[Float]] = []
    for (term, merges) in zip(terms, share.merges) {
      stack.append(term)
      for _ in 0..<merges {
        let right = stack.removeLast()
        wire.add(right, to: &stack[stack.count - 1], count: right.count, Kernels.available[0])
      }
    }
    return stack
  }

  @Test func `Duplicates do not hear each other`() throws {
    let results = try ThreadCommunicator.run(worldSize: 3) { communicator in
      let other = try communicator.duplicate()
      let found = Monitor<Result<[Int], any Error>?>(nil)
      Thread {
        let result = Result { try other.allGather(communicator.rank + 100) }; found.withLock { $0 = result }
      }.start()
      let own = try (0..<50).map { try communicator.allGather(communicator.rank + $0) }
      return try own.last! + found.wait { $0 }.get()
    }
    #expect(results == Array(repeating: [49, 50, 51, 100, 101, 102], count: 3))
  }

  struct Broken: Error, Equatable {}

  @Test func `A rank that ends is named to those who wait`() throws {
    #expect(throws: Broken()) {
      try ThreadCommunicator.run(worldSize: 4) { communicator in
        try communicator.barrier()
        if communicator.rank == 2 { throw Broken() }
        try communicator.barrier()
      }
    }
    let messages = try ThreadCommunicator.run(worldSize: 4) { communicator -> String in
      if communicator.rank == 2 { return "" }
      do {
        try communicator.duplicate().barrier()
        return "no error"
      } catch { return "\(error)" }
    }
    #expect(messages[2] == "" && [0, 1, 3].allSatisfy { messages[$0].contains("rank 2 has ended, where rank ") })
  }

  @Test func `Ranks that call different things fail`() throws {
    let messages = try ThreadCommunicator.run(worldSize: 2) { communicator -> String in
      do {
        var value = 1
        if communicator.rank == 0 { try communicator.barrier() } else { try communicator.broadcast(&value, from: 0) }
        return "no error"
      } catch { return "\(error)" }
    }
    #expect(messages.allSatisfy { $0.contains("calls ") && $0.contains(" where rank ") })
  }
}
