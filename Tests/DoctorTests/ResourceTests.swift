import Doctor
import Foundation
import TestSupport
import Testing

/// Memory, control groups and limits.
struct ResourceTests {
  private let hosts = ["a", "a", "b"]

  @Test func `Ranks of a host share its memory`() throws {
    let all = [10_000_000_000, 10_000_000_000, 4_000_000_000].map { MemoryRoom(available: $0) }
    let fine = MemoryRoom.findings(all, hosts: hosts, needs: [3_000_000_000, 3_000_000_000, 1_000_000_000])
    #expect(fine.map(\.status) == [.ok])
    #expect(fine[0].message == "b: training takes 1.00 GB, 4.00 GB available")
    let tight = MemoryRoom.findings(all, hosts: hosts, needs: [4_700_000_000, 4_700_000_000, 1_000_000_000])
    #expect(tight.map(\.status) == [.warning])
    let full = MemoryRoom.findings(all, hosts: hosts, needs: [6_000_000_000, 5_000_000_000, 5_000_000_000])
    #expect(full.map(\.status) == [.error(.machine), .error(.machine)])
    #expect(full[0].message == "a: training takes 11.0 GB in 2 ranks, 10.0 GB available")
    #expect(full[0].remedy?.contains("fewer ranks") == true)
  }

  @Test func `A control group's limit is tighter than the machine`() {
    let room = MemoryRoom(available: 10_000_000_000, groupRoom: 1_000_000_000)
    let finding = MemoryRoom.findings([room], hosts: ["a"], needs: [2_000_000_000])[0]
    #expect(finding.status == .error(.machine))
    #expect(finding.message.hasSuffix("1.00 GB left by a control group"))
    #expect(finding.remedy?.contains("sbatch --mem") == true)
  }

  @Test func `The tightest of nested control groups counts, without cached files`() throws {
    let directory = try TemporaryDirectory()
    func write(_ path: String, _ text: String) throws {
      let url = URL(fileURLWithPath: directory.path + "/" + path)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
    }
    try write("job/memory.max", "1000\n")
    try write("job/memory.current", "700\n")
    try write("job/memory.stat", "anon 500\ninactive_file 200\n")
    try write("job/step/memory.max", "max\n")
    try write("job/step/cpu.max", "150000 100000\n")
    try write("job/cpu.max", "max 100000\n")
    try write("job/step/cpuset.cpus.effective", "0-2,5\n")
    let unified = ControlGroup(root: directory.path, membership: "0::/job/step\n")
    #expect(unified.memoryRoom == 500)
    #expect(unified.processorQuota == 1.5)
    #expect(unified.processors == [0, 1, 2, 5])

    try write("memory/docker/memory.limit_in_bytes", "9223372036854771712\n")
    try write("memory/memory.limit_in_bytes", "4000\n")
    try write("memory/memory.usage_in_bytes", "1000\n")
    try write("memory/memory.stat", "total_inactive_file 1200\n")
    try write("cpu,cpuacct/x", "")
    try write("cpu/cpu.cfs_quota_us", "-1\n")
    try write("cpu/cpu.cfs_period_us", "100000\n")
    let separate = ControlGroup(
      root: directory.path, membership: "9:memory:/docker/gone\n8:cpu,cpuacct:/\n7:cpuset:/\n")
    #expect(separate.memoryRoom == 4000)
    #expect(separate.processorQuota == nil)
    #expect(ControlGroup(root: directory.path, membership: "").memoryRoom == nil)
  }

  @Test func `Memory that is available is read from the system's text`() {
    #expect(MemoryRoom.available(inMemoryInfo: "MemFree: 5 kB\nMemAvailable:   23150168 kB\n") == 23_150_168 * 1024)
  }

  private let wide = ProcessLimits(openFiles: 1024, fileBytes: nil, addressBytes: nil)

  @Test func `Limits below what training needs are errors`() {
    func findings(_ limits: ProcessLimits, ranks: Int = 2) -> [Finding] {
      ProcessLimits.findings(
        [ProcessLimits](repeating: wide, count: ranks - 1) + [limits], checkpointBytes: 1000,
        needs: [Int](repeating: 5000, count: ranks), secondsLeft: nil)
    }
    #expect(findings(wide).map(\.status) == [.ok])
    let files = findings(ProcessLimits(openFiles: 60, fileBytes: nil, addressBytes: nil))
    #expect(files.map(\.status) == [.error(.machine)])
    #expect(files[0].message == "rank 1 may open 60 files; training needs 68")
    #expect(files[0].remedy?.contains("ulimit -n") == true)
    #expect(findings(wide, ranks: 512).map(\.status) == [.error(.machine)])
    let address = findings(ProcessLimits(openFiles: nil, fileBytes: nil, addressBytes: 4000))
    #expect(address.map(\.remedy) == ["ulimit -v unlimited"])
    let file = ProcessLimits.findings(
      [ProcessLimits(openFiles: nil, fileBytes: 999, addressBytes: nil)], checkpointBytes: 1000, needs: nil,
      secondsLeft: nil)
    #expect(file.map(\.status) == [.error(.disk)])
  }

  @Test func `A job that is nearly over is told so`() {
    func time(_ seconds: Double) -> Finding? {
      ProcessLimits.findings([wide], checkpointBytes: nil, needs: nil, secondsLeft: seconds).first {
        $0.check == "time"
      }
    }
    #expect(time(60)?.status == .warning && time(-5)?.status == .warning && time(7200)?.status == .ok)
  }
}
