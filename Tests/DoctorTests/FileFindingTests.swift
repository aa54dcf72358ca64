import Doctor
import Files
import Foundation
import MessagePassing
import TestSupport
import Testing
import Training

/// The run directory, the data set and the verdict over all findings.
struct FileFindingTests {
  private let hosts = ["a", "b"]

  private func folder(
    _ sights: [RunDirectory.Sight], free: Int? = 10_000, existing: Int = 0, failure: String? = nil
  ) -> RunDirectory {
    RunDirectory(path: "runs/x", failure: failure, free: free, checkpointBytes: existing, sights: sights)
  }

  private let good = RunDirectory.Sight(appeared: 0.01, replaced: 0.02, tears: 0)

  private func status(of sight: RunDirectory.Sight) -> Finding.Status {
    folder([good, sight]).findings(hosts: hosts, needs: nil)[0].status
  }

  @Test func `What other hosts do not see, see late or see torn is a warning`() throws {
    #expect(status(of: good) == .ok)
    #expect(status(of: RunDirectory.Sight(appeared: -1, replaced: -1, tears: 0)) == .warning)
    #expect(status(of: RunDirectory.Sight(appeared: 0.1, replaced: -1, tears: 0)) == .warning)
    #expect(status(of: RunDirectory.Sight(appeared: 0.1, replaced: 4, tears: 0)) == .warning)
    #expect(status(of: RunDirectory.Sight(appeared: 0.1, replaced: 0.1, tears: 2)) == .warning)
    let failed = folder([], failure: "runs/x: cannot create").findings(hosts: hosts, needs: nil)
    #expect(failed.map(\.status) == [.error(.disk)])
  }

  @Test func `A run directory that another program trains in is an error, and a warning where that is not certain`()
    throws
  {
    for runs in [true, false] {
      let held = RunDirectory(
        path: "runs/x", failure: nil, free: 10_000, checkpointBytes: 0, sights: [good],
        holder: RunDirectory.Holder(description: "process 7 on b", runs: runs))
      let findings = held.findings(hosts: hosts, needs: nil)
      #expect(findings.map(\.status) == [.ok, .ok, runs ? .error(.disk) : .warning])
      #expect(findings.last?.message.contains("runs/x: in use by process 7 on b") == true)
    }
    let directory = try TemporaryDirectory()
    let lock = try RunLock(directory.path)
    let job = try Job(SingleProcessCommunicator())
    #expect(
      try RunDirectory(trying: directory.path, job: job).holder?.description.contains("process \(getpid())") == true)
    lock.release()
    #expect(try RunDirectory(trying: directory.path, job: job).holder == nil)
  }

  @Test func `The space for all checkpoints that are kept must be there`() {
    func status(free: Int, existing: Int) -> Finding.Status {
      folder([good, good], free: free, existing: existing).findings(
        hosts: hosts, needs: RunDirectory.Needs(checkpointBytes: 1000, checkpoints: 4))[1].status
    }
    #expect(status(free: 4000, existing: 0) == .ok && status(free: 1000, existing: 3000) == .ok)
    #expect(status(free: 3999, existing: 0) == .error(.disk) && status(free: 999, existing: 3000) == .error(.disk))
  }

  @Test func `Trying a directory leaves nothing behind`() throws {
    let directory = try TemporaryDirectory()
    let job = try Job(SingleProcessCommunicator())
    let tried = try RunDirectory(trying: directory.path + "/new/run", job: job)
    #expect(tried.failure == nil && tried.sights.count == 1)
    #expect(tried.sights.allSatisfy { $0.appeared >= 0 && $0.replaced >= 0 && $0.tears == 0 })
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == [])
    try Data("in the way".utf8).write(to: URL(fileURLWithPath: directory.path + "/file"))
    let blocked = try RunDirectory(trying: directory.path + "/file/run", job: job)
    #expect(blocked.failure?.contains("Not a directory") == true && blocked.sights.isEmpty)
  }

  private func findings(_ all: [SplitReading], isNeeded: Bool = true) -> [Finding] {
    SplitReading.findings(all, check: "training data", split: "train", hosts: hosts, isNeeded: isNeeded)
  }

  /// The last finding, behind what is well.
  private func finding(_ all: [SplitReading], isNeeded: Bool = true) -> Finding {
    findings(all, isNeeded: isNeeded).last!
  }

  @Test func `All ranks must read the same split`() {
    let whole = SplitReading(images: 10, objects: 20, hash: 1)
    #expect(findings([whole, whole]).map(\.status) == [.ok])
    #expect(finding([whole, whole]).message == "train: 10 images, 20 objects, the same on all ranks")
    let other = finding([whole, SplitReading(images: 9, objects: 18, hash: 2)])
    #expect(other.status == .error(.data) && other.message.hasPrefix("rank 1 (b) reads another split train"))
    let missing = finding([whole, SplitReading(failure: "x.xml: gone")])
    #expect(missing.status == .error(.data) && missing.message == "rank 1 (b): x.xml: gone")
    #expect(missing.remedy?.contains("every host") == true)
    let broken = finding([SplitReading(failure: "x.xml: gone"), SplitReading(failure: "x.xml: gone")])
    #expect(broken.message == "x.xml: gone")
    #expect(finding([SplitReading(failure: "f")], isNeeded: false).status == .warning)
    #expect(finding([SplitReading(failure: "f", isConfigurationFault: true)]).status == .error(.configuration))
    #expect(finding([SplitReading(images: 0, objects: 0, hash: 0)]).status == .error(.data))
    let trouble = Trouble(.missingFile, count: 3, lines: ["a: gone", "b: gone"])
    let less = SplitReading(images: 7, objects: 14, troubles: [trouble], hash: 3)
    let partial = findings([whole, less])
    #expect(partial.map(\.status) == [.ok, .error(.data)])
    #expect(partial[1].message == "rank 1 (b): 3 missing files\na: gone\nb: gone\nand 1 more")
    #expect(partial[1].remedy?.contains("every host") == true)
    #expect(findings([less, less]).map(\.message).last == "3 missing files\na: gone\nb: gone\nand 1 more")
    #expect(findings([less, less], isNeeded: false).map(\.status) == [.warning])
    let repaired = SplitReading(
      images: 10, objects: 19, troubles: [Trouble(.boxWithoutArea, count: 1, lines: ["c:3: box"])], hash: 4)
    #expect(findings([repaired]).map(\.status) == [.ok, .warning])
    #expect(findings([repaired])[1].message == "c:3: box")
  }

  @Test func `The verdict is the first fault that training would meet`() throws {
    let errors = folder([], failure: "x").findings(hosts: hosts, needs: nil)
    let data = finding([SplitReading(failure: "f")])
    let machine = MemoryRoom.findings([MemoryRoom(available: 1)], hosts: ["a"], needs: [2])
    func diagnosis(_ findings: [Finding]) -> Diagnosis { Diagnosis(worldSize: 1, hosts: ["a"], findings: findings) }
    #expect(diagnosis([]).fault == nil)
    #expect(diagnosis(errors).fault == .disk)
    #expect(diagnosis(errors + [data]).fault == .data)
    #expect(diagnosis(errors + [data] + machine).fault == .machine)
    let text = diagnosis(errors + [finding([SplitReading(failure: "f")], isNeeded: false)]).text
    #expect(text.hasPrefix("error    run directory  x\n"))
    #expect(text.contains("\n                        → choose another one"))
    #expect(text.hasSuffix("\ntraining cannot start: 1 error; 1 warning"))
    let json = try JSONSerialization.jsonObject(with: Data(diagnosis([data]).json().utf8)) as? [String: Any]
    #expect(json?["ready"] as? Bool == false && json?["world_size"] as? Int == 1)
    #expect((json?["findings"] as? [[String: Any]])?.first?["status"] as? String == "error")
    #expect(Diagnosis(MessagePassingError("no")).fault == .machine)
  }
}
