import Doctor
import MessagePassing
import Testing

/// Which program runs, and how it was started.
struct ProgramTests {
  private func identity(
    _ executable: String = "e", libm: String = "m", set: String = "avx512",
    sets: [String] = ["baseline", "avx2", "avx512"],
    kind: String = "SkylakeX"
  ) -> ProgramIdentity {
    ProgramIdentity(
      executable: executable, libraries: ["libm": libm], instructionSet: set, instructionSets: sets, matrixKind: kind)
  }

  private func statuses(_ all: [ProgramIdentity]) -> [Finding.Status] { ProgramIdentity.findings(all).map(\.status) }

  @Test func `Other builds are errors, other libraries and instruction sets warnings`() throws {
    #expect(statuses([identity(), identity()]) == [.ok, .ok])
    let builds = ProgramIdentity.findings([identity(), identity("f"), identity("f"), identity("f"), identity()])
    #expect(builds[0].status == .error(.machine) && builds[0].message.hasPrefix("ranks 1 to 3 run another build"))
    let libraries = ProgramIdentity.findings([identity(), identity(libm: "n")])
    #expect(libraries[0].status == .warning && libraries[0].message.hasPrefix("rank 1 has another libm than rank 0"))
    let sets = ProgramIdentity.findings([identity(), identity(set: "avx2", sets: ["baseline", "avx2"])])
    #expect(
      sets[1].status == .warning && sets[1].remedy == "mpirun \(MPILibrary.built.setting("MULTIBOX_ISA", "avx2"))")
    let kinds = ProgramIdentity.findings([identity(), identity(kind: "Zen")])
    #expect(kinds[1].status == .warning && kinds[1].remedy?.contains("OPENBLAS_CORETYPE") == true)
    var bad = identity()
    (bad.instructionSet, bad.instructionSetFault) = (nil, "MULTIBOX_ISA=mmx: this processor can run baseline")
    #expect(statuses([identity(), bad]) == [.ok, .error(.machine)])
  }

  private static let maps = """
    7f00-7f01 rw-s 00000000 00:1b 542   /dev/shm/vader_segment.vm.0.79140001.1
    7f00-7f01 r-xp 00004000 fe:00 1     /usr/lib/openmpi/lib/openmpi3/mca_pml_ob1.so
    7f00-7f01 r--p 00004000 fe:00 1     /usr/lib/openmpi/lib/openmpi3/mca_btl_tcp.so
    7f00-7f01 r-xp 00004000 fe:00 1     /usr/lib/openmpi/lib/openmpi3/mca_btl_tcp.so
    7f00-7f01 r-xp 00004000 fe:00 1     /usr/lib/openmpi/lib/openmpi3/mca_btl_self.so
    7f00-7f01 r-xp 00004000 fe:00 1     /usr/lib/openmpi/lib/openmpi3/mca_coll_tuned.so
    7f00-7f01 r-xp 00004000 fe:00 1     /usr/lib/x86_64-linux-gnu/openblas-pthread/libopenblasp-r0.3.21.so
    7f00-7f01 r-xp 00004000 fe:00 1     /usr/lib/x86_64-linux-gnu/libm.so.6
    7f00-7f01 r-xp 00004000 fe:00 1     /lib/x86_64-linux-gnu/libc-2.31.so
    7f00-7f01 r-xp 00004000 fe:00 1     /usr/lib/x86_64-linux-gnu/libmpi.so.40.30.4
    7f00-7f01 r-xp 00004000 fe:00 1     /usr/lib/x86_64-linux-gnu/libcrypto.so.3
    """

  @Test func `Loaded modules and libraries are found in the memory map`() {
    #expect(LaunchFacts.transports(inMaps: Self.maps) == ["btl_tcp", "pml_ob1"])
    #expect(
      ProgramIdentity.libraryPaths(inMaps: Self.maps) == [
        "libopenblas": "/usr/lib/x86_64-linux-gnu/openblas-pthread/libopenblasp-r0.3.21.so",
        "libm": "/usr/lib/x86_64-linux-gnu/libm.so.6", "libc": "/lib/x86_64-linux-gnu/libc-2.31.so",
      ])
  }

  private func launch(_ version: String = "Open MPI v4.1.4", slots: Int? = 4) -> LaunchFacts {
    LaunchFacts(library: version, threadLevel: "MPI_THREAD_SERIALIZED", slots: slots)
  }

  @Test func `The launch is described, and its faults are named`() throws {
    let hosts = ["a", "b", "a", "b"]
    let good = LaunchFacts.findings([LaunchFacts](repeating: launch(), count: 4), hosts: hosts, environment: [:])
    #expect(good.map(\.status) == [.ok, .ok, .ok])
    #expect(good[1].message == "4 ranks on 2 hosts (a: ranks 0, 2; b: ranks 1, 3)")
    let crowded = LaunchFacts.findings(
      [LaunchFacts](repeating: launch(slots: 2), count: 4), hosts: hosts, environment: [:])
    #expect(crowded[2].status == .warning && crowded[2].message.contains("2 slots for 4 ranks"))
    let mixed = LaunchFacts.findings([launch(), launch("Open MPI v5.0.3")], hosts: ["a", "b"], environment: [:])
    #expect(mixed[0].status == .error(.machine))
    #expect(mixed[0].message == "rank 1 runs Open MPI v5.0.3, rank 0 Open MPI v4.1.4")
  }

  @Test func `A launcher of another MPI is recognised by what it leaves in the environment`() {
    let alone = [LaunchFacts(library: "Open MPI v4.1.4")]
    #expect(LaunchFacts.findings(alone, hosts: ["a"], environment: ["PMI_SIZE": "1"]).map(\.status) == [.ok])
    let foreign = LaunchFacts.findings(alone, hosts: ["a"], environment: ["PMI_SIZE": "4"])
    #expect(foreign.map(\.status) == [.error(.machine)])
  }

  @Test func `When MPI does not start, the network is suggested that is no container's`() {
    let interfaces = [
      NetworkInterface(name: "docker0", address: 0xAC11_0001, prefix: 16, bytes: 0),
      NetworkInterface(name: "eth0", address: 0x0A01_0203, prefix: 24, bytes: 0),
    ]
    let message = MPIGuard.message(seconds: 60, interfaces: interfaces)
    #expect(message.contains("docker0 (172.17.0.0/16), eth0 (10.1.2.0/24)"))
    #expect(message.contains(NetworkChoice.option(interfaces[1], of: .built)))
  }
}
