import Foundation
import MessagePassing
import Training

/// Sends messages to and fro between pairs of ranks and takes the time.
struct LinkMeasurement {
  private let communicator: MPICommunicator
  private let board: PhaseBoard

  private static let smallCount = 8
  private static let smallRepetitions = 50
  private static let probeCount = 1 << 16
  private static let largestCount = 4 << 20
  private static let largeRepetitions = 5
  /// How long a large message may take, in seconds; on slow networks it is made smaller.
  private static let largeSeconds = 0.1

  init(_ communicator: MPICommunicator, board: PhaseBoard) {
    self.communicator = communicator
    self.board = board
  }

  /// Measures the pairs of each round. Collective; all ranks get all results.
  func measure(_ rounds: [[(first: Int, second: Int)]]) throws -> [Link] {
    var own: [Link] = []
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.largestCount, alignment: 64)
    defer { buffer.deallocate() }
    buffer.initializeMemory(as: UInt8.self, repeating: 0)
    for round in rounds {
      if let pair = round.first(where: { $0.first == communicator.rank || $0.second == communicator.rank }) {
        let isFirst = pair.first == communicator.rank
        let other = isFirst ? pair.second : pair.first
        board.enter("measuring the link to rank \(other)")
        if isFirst {
          own.append(try lead(other, buffer))
        } else {
          try follow(other, buffer)
        }
      }
      board.enter("waiting for other links to be measured", waitsForOthers: true)
      try communicator.barrier()
    }
    let texts = try communicator.allGather(String(decoding: JSONEncoder().encode(own), as: UTF8.self))
    return try texts.flatMap { try JSONDecoder().decode([Link].self, from: Data($0.utf8)) }
  }

  private func lead(_ other: Int, _ buffer: UnsafeMutableRawBufferPointer) throws -> Link {
    let small = UnsafeMutableRawBufferPointer(rebasing: buffer[..<Self.smallCount])
    var seconds: [Double] = []
    for _ in 0..<Self.smallRepetitions { seconds.append(try pass(small, to: other)) }
    let latency = seconds.median / 2

    let probe = UnsafeMutableRawBufferPointer(rebasing: buffer[..<Self.probeCount])
    let probeSeconds = try min(pass(probe, to: other), pass(probe, to: other)) / 2
    var count = Int(Double(Self.probeCount) * Self.largeSeconds / probeSeconds)
    count = max(Self.probeCount, min(Self.largestCount, count))
    try withUnsafeBytes(of: &count) { try communicator.send($0, to: other) }
    let large = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
    var fastest = Double.infinity
    for _ in 0..<Self.largeRepetitions { fastest = min(fastest, try pass(large, to: other)) }
    return Link(first: communicator.rank, second: other, latency: latency, bandwidth: Double(count) / (fastest / 2))
  }

  private func follow(_ other: Int, _ buffer: UnsafeMutableRawBufferPointer) throws {
    try answer(other, buffer, bytes: Self.smallCount, times: Self.smallRepetitions)
    try answer(other, buffer, bytes: Self.probeCount, times: 2)
    var count = 0
    try withUnsafeMutableBytes(of: &count) { try communicator.receive($0, from: other) }
    try answer(other, buffer, bytes: count, times: Self.largeRepetitions)
  }

  /// Seconds of a message to another rank and back.
  private func pass(_ bytes: UnsafeMutableRawBufferPointer, to other: Int) throws -> Double {
    let start = ContinuousClock.now
    try communicator.send(UnsafeRawBufferPointer(bytes), to: other)
    try communicator.receive(bytes, from: other)
    board.progress()
    return (ContinuousClock.now - start) / .seconds(1)
  }

  private func answer(_ other: Int, _ buffer: UnsafeMutableRawBufferPointer, bytes: Int, times: Int) throws {
    let message = UnsafeMutableRawBufferPointer(rebasing: buffer[..<bytes])
    for _ in 0..<times {
      try communicator.receive(message, from: other)
      try communicator.send(UnsafeRawBufferPointer(message), to: other)
      board.progress()
    }
  }
}
