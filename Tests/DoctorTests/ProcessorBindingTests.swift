import Doctor
import MessagePassing
import Testing

struct ProcessorBindingTests {
  private func ranks(
    _ masks: [[Int]], host: String = "a", allocated: Int = 8, threads: Int, quota: Double? = nil
  ) -> [ProcessorBinding] {
    masks.map {
      ProcessorBinding(host: host, processors: $0, allocated: Array(0..<allocated), quota: quota, threads: threads)
    }
  }

  @Test func `Threads that have their processors are fine`() {
    let bound = ranks([[0, 1], [2, 3], [4, 5], [6, 7]], threads: 2)
    let free = ranks([Array(0..<8), Array(0..<8)], threads: 4)
    for all in [bound, free] {
      #expect(ProcessorBinding.findings(all, isLaunched: true).map(\.status) == [.ok])
    }
  }

  @Test func `Ranks bound to one processor are told how to get more`() throws {
    let findings = ProcessorBinding.findings(ranks([[0], [1]], threads: 2), isLaunched: true)
    #expect(findings.map(\.status) == [.warning])
    #expect(findings[0].message == "a: 2 of 2 ranks may run on 1 processor only, with 2 compute threads each")
    #expect(findings[0].remedy == "mpirun \(MPILibrary.built.wider(threads: 2))")
  }

  @Test func `Where there are no more processors, fewer threads are the remedy`() throws {
    let two = ProcessorBinding.findings(ranks([[0], [1]], allocated: 2, threads: 2), isLaunched: true)
    #expect(two[0].remedy == "--set training.threads=1")
    let crowd = ranks(Array(repeating: [0, 1], count: 4), allocated: 2, threads: 1)
    let findings = ProcessorBinding.findings(crowd, isLaunched: true)
    #expect(findings[0].message == "a: 4 ranks with 4 compute threads together share 2 processors")
    #expect(findings[0].remedy == "start at most 2 ranks here, with --set training.threads=1")
  }

  @Test func `Processors that the launcher leaves idle are counted`() throws {
    let findings = ProcessorBinding.findings(ranks([[0]], allocated: 2, threads: 1), isLaunched: true)
    #expect(findings[0].message == "a: 1 rank may run on 1 of 2 processors; the others stay idle")
    #expect(findings[0].remedy == "mpirun \(MPILibrary.built.wider(threads: 2))")
  }

  @Test func `One process outside MPI hears nothing of mpirun`() throws {
    let alone = [ProcessorBinding(host: "a", processors: [0], threads: 2)]
    let finding = try #require(ProcessorBinding.findings(alone, isLaunched: false).first)
    #expect(finding.message == "a: this process may run on 1 processor only, with 2 compute threads each")
    #expect(finding.remedy?.contains("mpirun") == false && finding.remedy?.contains("training.threads=1") == true)
  }

  @Test func `A container's share of time counts`() throws {
    let findings = ProcessorBinding.findings(
      ranks([Array(0..<8), Array(0..<8)], threads: 4, quota: 4), isLaunched: true)
    #expect(
      findings.map(\.message) == ["a: a control group grants the time of 4.0 processors to 8 compute threads"])
    #expect(findings[0].remedy?.hasSuffix("--set training.threads=2") == true)
  }

  @Test func `What is the same on many hosts is said once`() throws {
    let all = (0..<6).flatMap { ranks([[0]], host: "node\($0)", threads: 4) }
    let findings = ProcessorBinding.findings(all, isLaunched: true)
    #expect(findings.count == 1)
    #expect(findings[0].message.hasPrefix("node0, node1 and 4 others: 1 of 1 rank may"))
  }
}
