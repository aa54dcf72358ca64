import CMPI
import Foundation

/// The ranks of an MPI job.
///
/// Waiting does not hold a processor: what is not done is tested again after a ``PollingPause``. What all ranks tell each other goes along
/// ``SumGroups``: Open MPI's collectives that do not block are linear, and connect every rank with every other.
package final class MPICommunicator: Communicator, @unchecked Sendable {
  /// This process.
  package let rank: Int
  /// All processes.
  package let worldSize: Int
  private let handle: cmpi_communicator
  private let groups: SumGroups

  /// Starts MPI; to be called once, on the main thread. Ranks are numbered machine by machine, in whatever order the launcher has placed
  /// them, and rank 0 is its first.
  ///
  /// - Throws: ``MessagePassingError`` when the library cannot be used from several threads.
  package convenience init() throws(MessagePassingError) {
    MPILibrary.built.setDefaults()
    var isThreaded: Int32 = 0
    try Self.check(cmpi_start(&isThreaded), "MPI_Init_thread", rank: -1)
    guard isThreaded != 0 else {
      throw MessagePassingError(
        "this MPI library cannot be called from several threads in turn (MPI_THREAD_SERIALIZED); Open MPI and MPICH can"
      )
    }
    let world = try MPICommunicator("MPI_Comm_dup", rank: -1) { cmpi_duplicate(cmpi_world(), &$0) }
    let numbers = RankPlacement.numbers(byHost: try world.allGather(ProcessInfo.processInfo.hostName))
    try self.init("MPI_Comm_split", rank: world.rank) {
      cmpi_renumber(world.handle, Int32(numbers[world.rank]), &$0)
    }
  }

  /// A communicator that `make` makes.
  private init(
    _ call: String, rank known: Int, _ make: (inout cmpi_communicator) -> Int32
  ) throws(MessagePassingError) {
    var made = cmpi_communicator()
    try Self.check(make(&made), call, rank: known)
    handle = made
    var (rank, size): (Int32, Int32) = (0, 0)
    try Self.check(cmpi_rank(handle, &rank), "MPI_Comm_rank", rank: known)
    try Self.check(cmpi_size(handle, &size), "MPI_Comm_size", rank: Int(rank))
    (self.rank, worldSize) = (Int(rank), Int(size))
    groups = SumGroups(sizes: SumGroups.sizes(worldSize: Int(size), ranksOnHosts: []))
  }

  /// See ``Communicator/broadcast(_:from:)-9vq1f``.
  package func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(MessagePassingError) {
    // Pieces, because a count is an int.
    for start in stride(from: 0, to: bytes.count, by: Self.largestBroadcast) {
      let count = min(Self.largestBroadcast, bytes.count - start)
      try complete("MPI_Ibcast") {
        cmpi_broadcast(bytes.baseAddress! + start, Int32(count), Int32(root), handle, &$0)
      }
    }
  }

  /// See ``Communicator/allGather(_:into:)``.
  package func allGather(
    _ own: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer
  ) throws(MessagePassingError) {
    precondition(all.count == own.count * worldSize, "\(own.count) bytes of \(worldSize) ranks into \(all.count)")
    try allGather(own, into: all, along: groups)
  }

  /// See ``Communicator/gather(_:)``.
  package func gather(_ own: [UInt8]) throws(MessagePassingError) -> [[UInt8]] { try gather(own, along: groups) }

  /// See ``Communicator/exchange(_:parts:senders:received:)``.
  package func exchange<Element: WireElement>(
    _ own: UnsafeMutableBufferPointer<Element>, parts: [Range<Int>], senders: [Int],
    received: UnsafeMutableBufferPointer<Element>
  ) throws(MessagePassingError) {
    let part = parts[rank].count
    precondition(parts.count == worldSize && received.count >= senders.count * part, "a part has no room")
    _ = try count(max(own.count, senders.count * part), "MPI_Ialltoallv")
    let layout = Layout(senders.contains(rank) ? parts : parts.map { $0.lowerBound..<$0.lowerBound })
    var incoming = [Range<Int>](repeating: 0..<0, count: worldSize)
    for (position, sender) in senders.enumerated() { incoming[sender] = position * part..<(position + 1) * part }
    let incomingLayout = Layout(incoming)
    try layout.withPointers { (counts, offsets) throws(MessagePassingError) in
      try incomingLayout.withPointers { (incomingCounts, incomingOffsets) throws(MessagePassingError) in
        try complete("MPI_Ialltoallv") {
          cmpi_all_to_all(
            own.baseAddress, counts, offsets, received.baseAddress, incomingCounts, incomingOffsets,
            Self.element(of: Element.self), handle, &$0)
        }
      }
    }
  }

  /// See ``Communicator/allGather(_:parts:)``.
  package func allGather<Element: WireElement>(
    _ values: UnsafeMutableBufferPointer<Element>, parts: [Range<Int>]
  ) throws(MessagePassingError) {
    _ = try count(values.count, "MPI_Iallgatherv")
    try Layout(parts).withPointers { (counts, offsets) throws(MessagePassingError) in
      try complete("MPI_Iallgatherv") {
        cmpi_all_gather_parts(
          values.baseAddress, counts, offsets, Self.element(of: Element.self), handle, &$0)
      }
    }
  }

  /// See ``Communicator/start(_:)``.
  package func start(_ messages: [Message]) throws(MessagePassingError) -> any MessagesUnderWay {
    let requests = MPIMessages(rank: rank)
    for message in messages {
      let (call, bytes) = (message.isOutgoing ? "MPI_Isend" : "MPI_Irecv", message.bytes)
      let count = try count(bytes.count, call)
      let start = message.isOutgoing ? cmpi_start_send : cmpi_start_receive
      try requests.add(call) { start(bytes.baseAddress, count, Int32(message.other), Int32(message.tag), handle, &$0) }
    }
    return requests
  }

  /// See ``Communicator/sum(_:)``.
  package func sum(_ values: UnsafeMutableBufferPointer<Float>) throws(MessagePassingError) {
    let count = try self.count(values.count, "MPI_Allreduce")
    try check(cmpi_sum(values.baseAddress, count, handle), "MPI_Allreduce")
  }

  /// Sends bytes to one rank, which calls ``receive(_:from:)``. For measurements.
  package func send(_ bytes: UnsafeRawBufferPointer, to other: Int) throws(MessagePassingError) {
    let count = try self.count(bytes.count, "MPI_Send")
    try check(cmpi_send(bytes.baseAddress, count, Int32(other), handle), "MPI_Send")
  }

  /// Receives what ``send(_:to:)`` sends.
  package func receive(_ bytes: UnsafeMutableRawBufferPointer, from other: Int) throws(MessagePassingError) {
    let count = try self.count(bytes.count, "MPI_Recv")
    try check(cmpi_receive(bytes.baseAddress, count, Int32(other), handle), "MPI_Recv")
  }

  /// See ``Communicator/duplicate()``.
  package func duplicate() throws(MessagePassingError) -> any Communicator {
    try MPICommunicator("MPI_Comm_dup", rank: rank) { cmpi_duplicate(handle, &$0) }
  }

  /// See ``Communicator/abort(_:)``. MPI's own abort is given five seconds: it talks to the launcher over the network.
  package func abort(_ code: Int32) -> Never {
    let fallback = Thread {
      Thread.sleep(forTimeInterval: 5)
      _exit(code)
    }
    fallback.start()
    _ = cmpi_abort(handle, code)
    _exit(code)
  }

  /// See ``Communicator/finish()``.
  package func finish() throws(MessagePassingError) {
    try check(cmpi_finish(), "MPI_Finalize")
  }

  // MARK: Calls

  private static let largestBroadcast = 1 << 28

  private static func element<Element>(of type: Element.Type) -> cmpi_element {
    MemoryLayout<Element>.stride == 2 ? CMPI_BITS16 : CMPI_FLOAT32
  }

  /// Starts a collective and waits for its end.
  private func complete(
    _ call: String, _ start: (inout cmpi_request) -> Int32
  ) throws(MessagePassingError) {
    var request = cmpi_request()
    try check(start(&request), call)
    var isDone: Int32 = 0
    var pause = PollingPause()
    while true {
      try check(cmpi_test(&request, &isDone), call)
      if isDone != 0 { return }
      pause.wait()
    }
  }

  /// A count that fits MPI's.
  private func count(_ count: Int, _ call: String) throws(MessagePassingError) -> Int32 {
    guard let small = Int32(exactly: count) else {
      throw MessagePassingError(call: call, rank: rank, text: "\(count) elements are more than 2^31 − 1")
    }
    return small
  }

  private func check(_ status: Int32, _ call: String) throws(MessagePassingError) {
    try Self.check(status, call, rank: rank)
  }

  static func check(_ status: Int32, _ call: String, rank: Int) throws(MessagePassingError) {
    guard status != 0 else { return }
    throw MessagePassingError(call: call, rank: rank, text: MPILibrary.text(ofError: status))
  }

  /// Counts and offsets as MPI takes them.
  private struct Layout {
    private let counts: [Int32]
    private let offsets: [Int32]

    init(_ parts: [Range<Int>]) {
      counts = parts.map { Int32($0.count) }
      offsets = parts.map { Int32($0.lowerBound) }
    }

    func withPointers(
      _ body: (UnsafePointer<Int32>, UnsafePointer<Int32>) throws(MessagePassingError) -> Void
    ) throws(MessagePassingError) {
      try counts.withUnsafeBufferPointer { (counts) throws(MessagePassingError) in
        try offsets.withUnsafeBufferPointer { (offsets) throws(MessagePassingError) in
          try body(counts.baseAddress!, offsets.baseAddress!)
        }
      }
    }
  }
}
