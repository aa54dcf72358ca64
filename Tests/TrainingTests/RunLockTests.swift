import Files
import Foundation
import MessagePassing
import Synchronization
import TestSupport
import Testing
import Threads

/// Of all that want a run directory, one has it; an owner that has ended never blocks it.
struct RunLockTests {
  private let directory: TemporaryDirectory
  private var run: String { directory.path + "/run" }
  private var file: String { run + "/run.lock" }

  init() throws {
    directory = try TemporaryDirectory()
  }

  /// An owner like this process, changed.
  private func owner(
    _ environment: [String: String] = [:], _ change: (inout RunLockOwner) -> Void = { _ in }
  )
    -> RunLockOwner
  {
    var owner = RunLockOwner(job: LaunchEnvironment(environment).schedulerJob)
    change(&owner)
    return owner
  }

  /// Leaves the lock of an owner, renewed `age` seconds ago.
  private func leave(_ owner: RunLockOwner, age: Double = 0) throws {
    try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
    try JSONEncoder().encode(owner).write(to: URL(fileURLWithPath: file))
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -age)], ofItemAtPath: file)
  }

  private var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: run).sorted()) ?? [] }

  @Test func `A held directory is refused with the name of its owner, and free again when given back`() throws {
    let lock = try RunLock(run)
    #expect(names == ["run.lock"])
    let error = try #require(throws: FileError.self) { try RunLock(run) }
    let host = ProcessInfo.processInfo.hostName
    for text in ["\(run): in use by process \(getpid()) on \(host), since 20", "--output DIR", "kill \(getpid())"] {
      #expect(error.description.contains(text), "\(error)")
    }
    #expect(RunLock.holder(of: run)?.owner.process == getpid())
    lock.release()
    lock.release()
    #expect(!FileManager.default.fileExists(atPath: run) && RunLock.holder(of: run) == nil)
    try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
    try RunLock(run).release()
    #expect(FileManager.default.fileExists(atPath: run), "a directory that was there stays")
  }

  @Test(arguments: [false, true])
  func `The lock of a process that has ended here is taken over at once`(isNumberGivenAnew: Bool) throws {
    try leave(
      owner {
        if isNumberGivenAnew { $0.startTicks = ($0.startTicks ?? 0) + 1 } else { $0.process = 0x3F_FFFF }
      })
    #expect(RunLock.holder(of: run) == nil)
    let messages = Monitor<[String]>([])
    let lock = try RunLock(run, notice: { text in messages.withLock { $0.append(text) } })
    #expect(messages.withLock { $0 }.count == 1)
    #expect(messages.withLock { $0 }[0].contains("taken over from process"))
    #expect(names == ["run.lock"])
    lock.release()
  }

  @Test func `The lock of another machine counts as long as it is renewed`() throws {
    let other = owner { ($0.system, $0.host) = ("other", "node7") }
    try leave(other)
    let stops = Atomic<Bool>(false)
    let (thread, path) = (DispatchGroup(), file)
    DispatchQueue.global().async(group: thread) {
      while !stops.load(ordering: .relaxed) {
        Thread.sleep(forTimeInterval: 0.2)
        utimensat(AT_FDCWD, path, nil, 0)
      }
    }
    let error = try #require(throws: FileError.self) { try RunLock(run, patience: 3) }
    stops.store(true, ordering: .relaxed)
    thread.wait()
    for text in ["on node7", "run again in 3 s or remove \(file)"] { #expect(error.description.contains(text)) }
  }

  @Test(arguments: [0.0, 1000.0])
  func `The lock of another machine that is not renewed is taken over`(age: Double) throws {
    try leave(owner { $0.system = "other" }, age: age)
    let lock = try RunLock(run, patience: 0.5)
    #expect(names == ["run.lock"])
    lock.release()
  }

  @Test func `What cannot be read counts as the lock of another machine`() throws {
    try leave(owner())
    try Data("{".utf8).write(to: URL(fileURLWithPath: file))
    let lock = try RunLock(run, patience: 0.5)
    #expect(RunLock.holder(of: run)?.owner.process == getpid())
    lock.release()
  }

  @Test func `Something else of the lock's name is refused at once`() throws {
    try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: "/none/there")
    let link = try #require(throws: FileError.self) { try RunLock(run) }
    #expect(link.description == "\(file): a symbolic link, where the lock of the run is to be: remove it")
    try FileManager.default.removeItem(atPath: file)
    try FileManager.default.createDirectory(atPath: file, withIntermediateDirectories: true)
    let folder = try #require(throws: FileError.self) { try RunLock(run) }
    #expect(folder.description == "\(file): not a file, where the lock of the run is to be: remove it")
    #expect(names == ["run.lock"])
  }

  /// A clock that was wrong when the lock was renewed.
  @Test func `A lock from the future is watched no longer than any other`() throws {
    try leave(owner { $0.system = "other" }, age: -86_400)
    let start = ContinuousClock.now
    try RunLock(run, patience: 0.5).release()
    #expect(ContinuousClock.now - start < .seconds(20))
  }

  @Test func `Watching ends when its caller wants that`() throws {
    struct Stop: Error {}
    try leave(owner { $0.system = "other" })
    #expect(throws: Stop.self) { try RunLock(run, progress: { throw Stop() }) }
    #expect(names == ["run.lock"])
  }

  /// As by `cp -a` while a run is trained.
  @Test func `The lock in a copy of a held directory holds nothing`() throws {
    let lock = try RunLock(run)
    let copy = directory.path + "/copy"
    try FileManager.default.copyItem(atPath: run, toPath: copy)
    #expect(RunLock.holder(of: copy) == nil)
    let messages = Monitor<[String]>([])
    let other = try RunLock(copy, notice: { text in messages.withLock { $0.append(text) } })
    let texts = messages.withLock { $0 }
    #expect(texts.count == 1 && texts[0].contains("a copy of the lock of process \(getpid())"), "\(texts)")
    #expect(RunLock.holder(of: copy)?.runs == true && RunLock.holder(of: run)?.runs == true)
    // The same directory by another path is held.
    let alias = directory.path + "/alias"
    try FileManager.default.createSymbolicLink(atPath: alias, withDestinationPath: run)
    #expect(throws: FileError.self) { try RunLock(alias) }
    other.release()
    lock.release()
  }

  @Test func `A job that its scheduler has started again does not wait for its earlier start`() throws {
    func job(_ restarts: Int) -> RunLockOwner {
      owner(["SLURM_JOB_ID": "77", "SLURM_RESTART_COUNT": "\(restarts)"]) { $0.system = "machine \(restarts)" }
    }
    #expect(job(0).life(seenBy: job(1)) == .ended)
    #expect(job(1).life(seenBy: job(0)) == .elsewhere)
    #expect(job(0).life(seenBy: owner(["SLURM_JOB_ID": "78", "SLURM_RESTART_COUNT": "1"])) == .elsewhere)
    #expect(job(0).description.contains("(Slurm job 77)"))
    try leave(job(0))
    let start = ContinuousClock.now
    try RunLock(run, owner: job(1), patience: 30).release()
    #expect(ContinuousClock.now - start < .seconds(10))
  }

  @Test(arguments: [false, true])
  func `Of many that want it at once exactly one has it`(isAbandoned: Bool) throws {
    for _ in 0..<10 {
      if isAbandoned { try leave(owner { $0.process = 0x3F_FFFF }) }
      let locks = Monitor<[RunLock]>([])
      let run = run
      DispatchQueue.concurrentPerform(iterations: 16) { _ in
        if let lock = try? RunLock(run) { locks.withLock { $0.append(lock) } }
      }
      #expect(locks.withLock { $0.count } == 1)
      #expect(names == ["run.lock"])
      locks.withLock { for lock in $0 { lock.release() } }
    }
  }

  @Test func `The end of one who was taking over leaves the way free`() throws {
    let dead = owner { $0.process = 0x3F_FFFF }
    try leave(dead)
    let successor = owner { $0.process = 0x3F_FFFF }
    try JSONEncoder().encode(successor).write(to: URL(fileURLWithPath: "\(run)/.run.lock.after-\(dead.identity)"))
    let lock = try RunLock(run)
    #expect(names == ["run.lock"])
    lock.release()
  }

  @Test func `An owner that did not renew its lock in time learns who has the directory`() throws {
    let error = Monitor<FileError?>(nil)
    let lock = try RunLock(run, patience: 0.6, lost: { lost in error.withLock { $0 = lost } })
    let other = owner { $0.host = "node9" }
    try leave(other)
    let deadline = ContinuousClock.now + .seconds(20)
    while error.withLock({ $0 }) == nil, ContinuousClock.now < deadline { Thread.sleep(forTimeInterval: 0.05) }
    #expect(error.withLock { $0 }?.description.contains("taken over by process \(getpid()) on node9") == true)
    lock.release()
    #expect(names == ["run.lock"], "the lock of another is left alone")
  }
}
