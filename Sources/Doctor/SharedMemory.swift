import Files
import Foundation
import MessagePassing

/// How ranks of one machine reach each other's memory: Open MPI keeps queues in files of a memory file system, and copies large
/// messages straight from the other process, which containers may forbid.
package struct SharedMemory: Codable, Sendable, Equatable {
  /// The directory of the queues.
  package var directory: String
  /// The size of its file system, in bytes; nil when it does not tell.
  package var capacity: Int?
  /// Bytes of it that are free; nil when it does not tell.
  package var free: Int?
  /// Bytes of a rank's queues.
  package var segment: Int
  /// "cma" when messages are copied straight from the other process, "none" when they go through the queues, "unknown" when the library
  /// does not tell; nil when Open MPI does not use shared memory at all.
  package var mechanism: String?
  /// The system's error number when this rank tried to read its neighbour's memory; 0 when it could; nil without a neighbour.
  package var copyError: Int32?

  package init(
    directory: String, capacity: Int?, free: Int?, segment: Int, mechanism: String?, copyError: Int32?
  ) {
    self.directory = directory
    self.capacity = capacity
    self.free = free
    self.segment = segment
    self.mechanism = mechanism
    self.copyError = copyError
  }

  /// The settings of the library that matter here.
  package static let parameters = [
    "btl_vader_backing_directory", "btl_vader_segment_size", "btl_vader_single_copy_mechanism",
  ]

  /// Asks the system, and tries to read the memory of the next rank on this machine. Collective.
  init(_ communicator: any Communicator, hosts: [String], launch: LaunchFacts) throws {
    let directory = launch.parameters["btl_vader_backing_directory"] ?? "/dev/shm"
    var status = statvfs()
    let isKnown = statvfs(directory, &status) == 0 && status.f_blocks > 0
    self.init(
      directory: directory, capacity: isKnown ? Int(status.f_blocks) * Int(status.f_frsize) : nil,
      free: isKnown ? Int(status.f_bavail) * Int(status.f_frsize) : nil,
      segment: launch.parameters["btl_vader_segment_size"].flatMap(Int.init) ?? 4 << 20,
      mechanism: Self.mechanism(launch),
      copyError: try Self.copyFromNeighbour(communicator, hosts: hosts))
  }

  /// Open MPI 4 tells; of others it is enough that they have worked so far.
  private static func mechanism(_ launch: LaunchFacts) -> String? {
    guard launch.library.hasPrefix("Open MPI v4") else { return unknown }
    return launch.transports.contains("btl_vader")
      ? launch.parameters["btl_vader_single_copy_mechanism"] ?? unknown : nil
  }

  private static let unknown = "unknown"

  /// The word that a neighbour is to read, and where.
  private struct Offer: BitwiseCopyable {
    var process: pid_t
    var address: UInt
    var word: UInt64
  }

  private static func copyFromNeighbour(_ communicator: any Communicator, hosts: [String]) throws -> Int32? {
    let place = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
    defer { place.deallocate() }
    place.pointee = .random(in: 1 ... .max)
    let offers = try communicator.allGather(
      Offer(process: getpid(), address: UInt(bitPattern: place), word: place.pointee))
    let rank = communicator.rank
    let neighbours = hosts.indices.filter { hosts[$0] == hosts[rank] }
    var result: Int32?
    if neighbours.count > 1, let position = neighbours.firstIndex(of: rank) {
      let other = offers[neighbours[(position + 1) % neighbours.count]]
      result = read(other)
    }
    // The words stay until all have read them.
    try communicator.barrier()
    return result
  }

  private typealias Copy =
    @convention(c) (
      pid_t, UnsafePointer<iovec>, UInt, UnsafePointer<iovec>, UInt, UInt
    ) -> Int

  /// Reads an offered word; the error number, 0 when it is the right one.
  private static func read(_ offer: Offer) -> Int32 {
    // Glibc has the call for GNU programs only.
    guard let symbol = dlsym(UnsafeMutableRawPointer(bitPattern: 0), "process_vm_readv") else { return ENOSYS }
    let copy = unsafeBitCast(symbol, to: Copy.self)
    var word: UInt64 = 0
    let count = withUnsafeMutableBytes(of: &word) { bytes in
      var own = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
      var others = iovec(iov_base: UnsafeMutableRawPointer(bitPattern: offer.address), iov_len: bytes.count)
      return copy(offer.process, &own, 1, &others, 1, 0)
    }
    if count < 0 { return errno }
    return word == offer.word ? 0 : ESRCH
  }

  /// Judges the machines with several ranks; `all` and `hosts` by rank.
  package static func findings(_ all: [SharedMemory], hosts: [String]) -> [Finding] {
    Finding.merged(
      hosts.firstOccurrences.compactMap { host in
        let ranks = hosts.indices.filter { hosts[$0] == host }
        return ranks.count > 1 ? (host, finding(ranks.map { all[$0] })) : nil
      })
  }

  private static func finding(_ ranks: [SharedMemory]) -> Finding {
    let first = ranks[0]
    guard let mechanism = first.mechanism else {
      return .warning(
        "shared memory", "Open MPI does not use it for the \(ranks.count) ranks here, which is slower",
        remedy: "leave out 'mpirun --mca btl …', or have vader among them")
    }
    let size = first.capacity.map { ", \(first.directory) holds \(Quantities.bytes($0))" } ?? ""
    if mechanism == unknown { return .ok("shared memory", "used as the library sees fit\(size)") }
    let need = ranks.count * first.segment
    if let capacity = first.capacity, let free = ranks.compactMap(\.free).min(), free < need {
      let isSmall = capacity < need
      return .error(
        "shared memory", .machine,
        "\(first.directory) holds \(Quantities.bytes(capacity))\(isSmall ? "" : ", of which \(Quantities.bytes(free)) are free"); the queues of \(ranks.count) ranks take \(Quantities.bytes(need)), and ranks that find no room die by SIGBUS",
        remedy: isSmall
          ? "docker run --ipc=host or --shm-size=\(max(1, 2 * need >> 30))g, or mpirun --mca btl_vader_backing_directory /tmp"
          : "remove what dead jobs have left there: rm \(first.directory)/vader_segment.*")
    }
    if mechanism == "cma", let error = ranks.compactMap(\.copyError).first(where: { $0 != 0 }) {
      return .warning(
        "shared memory",
        "ranks may not read each other's memory (process_vm_readv: \(SystemError(error))), as Open MPI tries to\(size)",
        remedy: "mpirun --mca btl_vader_single_copy_mechanism none, or docker run --cap-add=SYS_PTRACE")
    }
    let way = mechanism == "none" ? "messages go through queues" : "large messages are copied directly (\(mechanism))"
    return .ok("shared memory", "\(way)\(size)")
  }
}
