import Files
import Foundation
import Inference
import Kernels
import MessagePassing
import Training

/// Times the sum of equally many numbers over all ranks, as gradients are summed: by ``GroupedSum``, by ``ReproducibleSum`` and by MPI itself.
package struct AllreduceBenchmark {
  /// 4 KiB to 64 MiB.
  package static let defaultBytes = (0..<8).map { 4096 << (2 * $0) }

  /// The ways to sum.
  package enum Method: String, Sendable, CaseIterable {
    /// In a fixed order.
    case reproducible
    /// In a fixed order, with half the bytes.
    case reproducibleBFloat16 = "reproducible_bfloat16"
    /// `MPI_Allreduce`.
    case native
  }

  /// Seconds by method and size.
  package struct Result: Sendable {
    /// Ranks.
    package let worldSize: Int
    /// Of each rank, the number of its machine.
    package let hosts: [Int]
    /// The program that measured; nil where there is none around, as in tests.
    package let build: BuildIdentity?
    /// Sizes of the summed array.
    package let bytes: [Int]
    /// For each size the median of the repetitions; a repetition takes as long as its slowest rank.
    package let seconds: [Method: [Double]]
    /// Timed repetitions.
    package let iterations: Int
    /// The sizes of the groups in which `reproducible` sums, the innermost first.
    package let groups: [Int]
    /// Other ranks that rank 0 sends to in `reproducible` sums.
    package let peers: Int
    /// What rank 0 sends in a `reproducible` sum of each size.
    package let traffic: [GroupedSum.Traffic]
  }

  private let bytes: [Int]
  private let iterations: Int

  /// Describes a benchmark.
  ///
  /// - Precondition: `bytes` are positive multiples of 4, and `iterations` is positive.
  package init(bytes: [Int], iterations: Int) {
    precondition(
      bytes.allSatisfy { $0 > 0 && $0.isMultiple(of: 4) } && iterations > 0, "\(iterations) of \(bytes) bytes")
    self.bytes = bytes
    self.iterations = iterations
  }

  /// Runs one repetition of each size and method that is not counted, then the others. Collective.
  ///
  /// - Throws: `MessagePassingError`, also when a sum is wrong.
  package func run(_ job: Job) throws -> Result {
    let capacity = (bytes.max() ?? 0) / MemoryLayout<Float>.stride
    let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: capacity)
    defer { values.deallocate() }
    // One term a rank, as with a power of two of them.
    let order = SummationOrder(count: job.communicator.worldSize)
    let kernels = try job.kernels.kernels()
    let groups = job.layout.groups(order)
    var seconds: [Method: [Double]] = [:]
    var traffic: [GroupedSum.Traffic] = []
    for method in Method.allCases {
      let wire: WireFormat = method == .reproducibleBFloat16 ? .bfloat16 : .float32
      let grouped = groups.map {
        GroupedSum(job.communicator, $0, capacity: capacity, wire: wire, hosts: job.layout.hosts, kernels: kernels)
      }
      let direct = ReproducibleSum(job.communicator, order: order, capacity: capacity, wire: wire, kernels: kernels)
      let sum: (UnsafeMutableBufferPointer<Float>) throws -> Void =
        switch method {
        case .native: { try job.communicator.sum($0) }
        case .reproducible, .reproducibleBFloat16:
          grouped.map { sum in { try sum.add($0) } } ?? { try direct.add([$0]) }
        }
      for size in bytes {
        let part = UnsafeMutableBufferPointer(rebasing: values[..<(size / MemoryLayout<Float>.stride)])
        job.board.enter("summing \(size) bytes (\(method.rawValue))")
        let before = grouped?.traffic ?? GroupedSum.Traffic()
        let own = try (0...iterations).map { _ in
          fill(part, rank: job.communicator.rank)
          try job.communicator.barrier()
          let start = ContinuousClock.now
          try sum(part)
          job.board.progress()
          return (ContinuousClock.now - start) / .seconds(1)
        }.dropFirst()
        try check(part, worldSize: job.communicator.worldSize, method)
        let all = try job.communicator.allGather(Array(own))
        seconds[method, default: []].append(Self.medianOfSlowest(all, repetitions: iterations))
        if method == .reproducible, let grouped {
          let sent = grouped.traffic
          traffic.append(
            GroupedSum.Traffic(
              messages: (sent.messages - before.messages) / (iterations + 1),
              bytes: (sent.bytes - before.bytes) / (iterations + 1)))
        }
      }
    }
    return Result(
      worldSize: job.communicator.worldSize, hosts: job.layout.hosts, build: job.build, bytes: bytes, seconds: seconds,
      iterations: iterations, groups: groups?.levels.map(\.size) ?? [], peers: groups?.peers ?? 0, traffic: traffic)
  }

  /// The median over repetitions of the slowest rank's seconds, which lie rank by rank.
  package static func medianOfSlowest(_ seconds: [Double], repetitions: Int) -> Double {
    (0..<repetitions).map { repetition in
      stride(from: repetition, to: seconds.count, by: repetitions).map { seconds[$0] }.max() ?? 0
    }.median
  }

  /// Whole numbers, whose sum is exact in any order.
  private func fill(_ values: UnsafeMutableBufferPointer<Float>, rank: Int) {
    for index in values.indices { values[index] = Float(index % 61 + rank) }
  }

  private func check(
    _ values: UnsafeMutableBufferPointer<Float>, worldSize: Int, _ method: Method
  ) throws(MessagePassingError) {
    for index in values.indices {
      let expected = Float(worldSize * (index % 61) + worldSize * (worldSize - 1) / 2)
      // bfloat16 rounds terms and sums to 8 binary digits, on each level of the tree.
      let levels = Float(Int.bitWidth - worldSize.leadingZeroBitCount + 1)
      let tolerance = method == .reproducibleBFloat16 ? expected * levels / 256 : 0
      guard abs(values[index] - expected) <= tolerance else {
        throw MessagePassingError(
          "a sum of \(values.count) numbers (\(method.rawValue)) is wrong: number \(index) is \(values[index]), not \(expected)"
        )
      }
    }
  }
}

extension AllreduceBenchmark.Result {
  private struct Summary: Encodable {
    let measurement = "allreduce"
    let build: BuildIdentity?
    let host_of_rank: [Int]
    let world_size: Int
    let bytes: [Int]
    let seconds: [String: [Double]]
    let iterations: Int
    let groups: [Int]
    let peers: Int
    let messages: [Int]
    let bytes_sent: [Int]
  }

  /// One JSON object.
  package func json() throws -> String {
    let summary = Summary(
      build: build, host_of_rank: hosts, world_size: worldSize, bytes: bytes,
      seconds: Dictionary(uniqueKeysWithValues: seconds.map { ($0.rawValue, $1) }), iterations: iterations,
      groups: groups, peers: peers, messages: traffic.map(\.messages), bytes_sent: traffic.map(\.bytes))
    return try JSONText.line(summary)
  }

  /// A table for people.
  package var text: String {
    let methods = AllreduceBenchmark.Method.allCases
    let header = ["bytes"] + methods.flatMap { [$0.rawValue, "GB/s"] }
    let rows = bytes.indices.map { index in
      ["\(bytes[index])"]
        + methods.flatMap { method in
          let seconds = seconds[method]?[index] ?? .nan
          let rate = String(format: "%.3f", Double(bytes[index]) / seconds / 1e9)
          return [Quantities.seconds(seconds), worldSize > 1 ? rate : "-"]
        }
    }
    let title =
      worldSize == 1
      ? "one process: nothing is sent" : "\(worldSize) ranks, median of \(iterations), the slowest rank of each"
    return "\(title)\n\(TextTable([header] + rows).text)"
  }
}
