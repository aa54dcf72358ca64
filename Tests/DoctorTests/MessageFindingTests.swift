import Doctor
import MessagePassing
import Testing

/// What carries messages: shared memory, networks, links, clocks.
struct MessageFindingTests {
  // MARK: Shared memory

  private func shared(
    _ capacity: Int, _ mechanism: String?, copyError: Int32? = 0, used: Int = 0
  ) -> SharedMemory {
    SharedMemory(
      directory: "/dev/shm", capacity: capacity, free: capacity - used, segment: 4 << 20, mechanism: mechanism,
      copyError: copyError)
  }

  private func finding(_ memory: SharedMemory) -> Finding? {
    SharedMemory.findings([memory, memory], hosts: ["a", "a"]).first
  }

  @Test func `The trap of containers is named with the option that mends it`() throws {
    #expect(finding(shared(64 << 20, "cma"))?.status == .ok)
    let forbidden = try #require(finding(shared(64 << 20, "cma", copyError: 1)))
    #expect(forbidden.status == .warning && forbidden.message.contains("Operation not permitted"))
    #expect(forbidden.remedy?.contains("--mca btl_vader_single_copy_mechanism none") == true)
    #expect(finding(shared(64 << 20, "none", copyError: 1))?.status == .ok)
    let small = try #require(finding(shared(6 << 20, "none")))
    #expect(small.status == .error(.machine) && small.remedy?.contains("--shm-size=1g") == true)
    let full = try #require(finding(shared(64 << 20, "cma", used: 60 << 20)))
    #expect(full.status == .error(.machine) && full.remedy?.contains("rm /dev/shm/vader_segment.*") == true)
    #expect(finding(shared(64 << 20, nil))?.status == .warning)
    // What other libraries take is not known.
    #expect(finding(shared(6 << 20, "unknown", copyError: 1))?.status == .ok)
  }

  @Test func `A rank that is alone on its host needs no shared memory`() {
    #expect(SharedMemory.findings([shared(0, "cma"), shared(0, "cma")], hosts: ["a", "b"]).isEmpty)
  }

  // MARK: Networks

  private func interface(_ name: String, _ address: [UInt32], _ prefix: Int, bytes: Int = 0) -> NetworkInterface {
    NetworkInterface(name: name, address: address.reduce(0) { $0 << 8 | $1 }, prefix: prefix, bytes: bytes)
  }

  private func networks(
    _ lists: [[NetworkInterface]], _ parameters: [String: String] = [:], mpi: MPILibrary = .openMPI
  ) -> Finding {
    NetworkChoice(
      hosts: lists.indices.map { "node\($0)" }, interfaces: lists,
      launch: LaunchFacts(library: "Open MPI", parameters: parameters), mpi: mpi
    ).finding
  }

  private var ethernet: [[NetworkInterface]] {
    [[interface("eth0", [10, 1, 2, 3], 24)], [interface("eth0", [10, 1, 2, 4], 24)]]
  }

  @Test func `Interfaces of containers are warned of, with the network that all hosts share`() throws {
    #expect(networks(ethernet).status == .ok)
    let docker = [
      ethernet[0] + [interface("docker0", [172, 17, 0, 1], 16)],
      [interface("docker0", [172, 17, 0, 1], 16)] + ethernet[1],
    ]
    let remedy = "mpirun --mca btl_tcp_if_include 10.1.2.0/24 --mca oob_tcp_if_include 10.1.2.0/24"
    #expect(networks(docker).message.contains("both have the address 172.17.0.1"))
    #expect(networks(docker).remedy == remedy)
    let bridge = networks([ethernet[0] + [interface("virbr0", [192, 168, 122, 1], 24)], ethernet[1]])
    #expect(bridge.status == .warning && bridge.message.contains("virbr0") && bridge.remedy == remedy)
    #expect(networks(docker, ["btl_tcp_if_include": "10.1.2.0/24"]).status == .ok)
    #expect(networks(docker, ["btl_tcp_if_include": "eth0"]).status == .ok)
    #expect(networks(docker, ["btl_tcp_if_exclude": "lo,docker0"]).status == .ok)
    #expect(networks(docker, ["btl_tcp_if_include": "10.9.0.0/16"]).status == .warning)
    #expect(
      networks(docker, mpi: .mpich).remedy == "mpirun -iface eth0 -genv UCX_NET_DEVICES eth0 -genv FI_TCP_IFACE eth0")
    #expect(networks(docker, ["UCX_NET_DEVICES": "eth0"], mpi: .mpich).status == .ok)
  }

  @Test func `A list of interfaces has names and networks`() {
    let one = interface("eth0", [10, 1, 2, 3], 24)
    #expect(one.network == "10.1.2.0/24")
    for list in ["eth0", "lo,eth0", "10.1.0.0/16", "0.0.0.0/0", "10.1.2.3/32"] { #expect(one.isListed(in: list)) }
    for list in ["", "eth", "10.2.0.0/16", "10.1.2.4/32", "nonsense/24", "10.1.2.3/99"] {
      #expect(!one.isListed(in: list), "\(list)")
    }
  }

  @Test func `The interface that carried the messages is the one whose counters grew`() {
    let table = """
      Inter-|   Receive                                                |  Transmit
       face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
          lo: 2506866   19801    0    0    0     0          0         0  2506866   19801    0    0    0     0       0          0
        eth0:3412236224   66401    0    0    0     0          0         0  3228895   47069    0    0    0     0       0          0
      """
    #expect(NetworkInterface.bytes(inDeviceTable: table) == ["lo": 5_013_732, "eth0": 3_415_465_119])
    let before = [interface("eth0", [10, 0, 0, 1], 8, bytes: 5_000_000), interface("eth1", [11, 0, 0, 1], 8)]
    var after = before
    #expect(NetworkInterface.carrier(before: before, after: after) == nil)
    after[1].bytes = 40_000_000
    #expect(NetworkInterface.carrier(before: before, after: after) == "eth1")
  }

  // MARK: Clocks

  @Test func `Only a clock that is surely off is warned of`() throws {
    func finding(_ seconds: Double, _ uncertainty: Double) -> Finding? {
      ClockOffset.finding(
        [
          ClockOffset(host: "b", seconds: 0.001, uncertainty: 0.0001),
          ClockOffset(host: "c", seconds: seconds, uncertainty: uncertainty),
        ], reference: "a")
    }
    #expect(ClockOffset.finding([], reference: "a") == nil)
    #expect(finding(0.5, 0.001)?.status == .ok && finding(-2, 1.5)?.status == .ok)
    let late = try #require(finding(-7, 0.001))
    #expect(late.status == .warning && late.message.hasPrefix("c is 7.00 s behind a (± 1.00 ms)"))
  }
}
