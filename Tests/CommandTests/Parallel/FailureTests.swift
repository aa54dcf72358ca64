import Foundation
import TestSupport
import Testing

/// What one rank meets ends the whole job, with a reason and an exit code, and never a hang.
@Suite(.serialized, .enabled(if: MultiboxProcess.hasMPIRun, "needs mpirun"))
struct FailureTests {
  private static let stallSeconds = 3.0
  private let runs: ParallelRuns

  init() throws {
    runs = try ParallelRuns()
  }

  private func start(_ overrides: [String] = [], ranks: Int?) throws -> MultiboxProcess {
    try MultiboxProcess(
      runs.arguments(
        "run", ["training.iterations=2000", "communication.stall_seconds=\(Self.stallSeconds)"] + overrides),
      ranks: ranks)
  }

  /// Waits for the end, which must come soon after the last iteration, and expects that nothing is left. What was read ahead is still
  /// computed; a watchdog that does not work waits for ever.
  private func expectStall(_ process: MultiboxProcess, _ texts: [String]) throws {
    let ranks = try process.rankProcesses()
    let outcome = try process.wait(timeout: 90)
    let seconds = try -runs.lastIteration("run").timeIntervalSinceNow
    #expect(MPILauncher.tells(77, by: outcome.exitCode))
    #expect(seconds < 3 * Self.stallSeconds + 6, "\(seconds) s")
    for text in texts { #expect(outcome.messages.contains(text), "\(outcome.messages)") }
    for (rank, pid) in ranks { #expect(!MultiboxProcess.staysAlive(pid), "rank \(rank) is still there") }
  }

  @Test(arguments: [0, 2])
  func `A rank that stands still is named, and nothing is left`(victim: Int) throws {
    let process = try start(ranks: 4)
    runs.wait(for: "run", iterations: 3, process)
    kill(try #require(try process.rankProcesses()[victim]), SIGSTOP)
    // Of rank 0 the others know only that it is silent.
    try expectStall(process, [victim == 0 ? "nothing heard of rank 0" : "held up by rank 2", "for 3 s"])
  }

  /// As by Ctrl-Z, or by a batch system that makes room for another job.
  @Test(arguments: [1, 4])
  func `A job that was suspended as a whole gets on`(ranks: Int) throws {
    let process = try start(["training.iterations=1000000"], ranks: ranks == 1 ? nil : ranks)
    runs.wait(for: "run", iterations: 3, process)
    let pids = ranks == 1 ? [process.identifier] : try Array(process.rankProcesses().values)
    for pid in pids { kill(pid, SIGSTOP) }
    Thread.sleep(forTimeInterval: 3 * Self.stallSeconds)
    for pid in pids { kill(pid, SIGCONT) }
    let resumed = Date()
    // Long enough for a verdict on the time before.
    Thread.sleep(forTimeInterval: 2 * Self.stallSeconds)
    #expect(process.isRunning)
    #expect(try runs.lastIteration("run") > resumed)
    for pid in pids { kill(pid, SIGTERM) }
    _ = try process.wait(timeout: 60)
  }

  @Test(arguments: [1, 2])
  func `An image that never comes is named`(ranks: Int) throws {
    let process = try start(ranks: ranks == 1 ? nil : ranks)
    runs.wait(for: "run", iterations: 2, process)
    // Every image becomes a pipe that nobody writes to; links, because the loader may be about to open any of them.
    let folder = runs.workspace.data + "/JPEGImages"
    let pipe = runs.workspace.path + "/pipe"
    mkfifo(pipe, 0o600)
    for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
      symlink(pipe, "\(folder)/.new")
      rename("\(folder)/.new", "\(folder)/\(name)")
    }
    try expectStall(process, ["held up by rank", "loading \(folder)/"])
  }

  @Test func `An image that cannot be read ends all ranks with the reader's exit code`() throws {
    let process = try start(ranks: 4)
    runs.wait(for: "run", iterations: 2, process)
    let folder = runs.workspace.data + "/JPEGImages"
    for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
      try Data("no image".utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"), options: .atomic)
    }
    let outcome = try process.wait(timeout: 30)
    #expect(MPILauncher.tells(65, by: outcome.exitCode))
    #expect(outcome.messages.contains("error: rank ") && outcome.messages.contains(folder), "\(outcome.messages)")
  }

  @Test func `A loss that is not finite names rank, images and layer, once`() throws {
    let outcome = try MultiboxProcess(
      runs.arguments(
        "run", ["training.iterations=100", "training.learning_rate=1e6", "training.schedule.warmup_iterations=0"]),
      ranks: 4
    ).wait(timeout: 60)
    #expect(MPILauncher.tells(76, by: outcome.exitCode))
    #expect(outcome.messages.matches(of: #/the loss is not finite/#).count == 1, "\(outcome.messages)")
    #expect(
      outcome.messages.contains(#/at rank [0-3] on the images \d{6}; (the first layer|the outputs)/#),
      "\(outcome.messages)")
  }

  @Test func `A rank that dies ends the job`() throws {
    let process = try start(ranks: 4)
    runs.wait(for: "run", iterations: 2, process)
    let ranks = try process.rankProcesses()
    kill(try #require(ranks[3]), SIGKILL)
    #expect(MPILauncher.tells(128 + SIGKILL, by: try process.wait(timeout: 30).exitCode))
    for (rank, pid) in ranks { #expect(!MultiboxProcess.staysAlive(pid), "rank \(rank) is still there") }
  }

  /// Swift's runtime would have another process read the memory of one that crashes, for seconds; it stays when that is killed.
  @Test(arguments: [SIGSEGV, SIGILL, SIGTRAP]) func `A rank that crashes ends at once and leaves nothing behind`(
    signal: Int32
  ) throws {
    let process = try start(ranks: 2)
    runs.wait(for: "run", iterations: 2, process)
    let ranks = try process.rankProcesses()
    let others = Self.backtracers()
    kill(try #require(ranks[1]), signal)
    let outcome = try process.wait(timeout: 30)
    #expect(MPILauncher.tells(128 + signal, by: outcome.exitCode), "\(outcome)")
    for (rank, pid) in ranks { #expect(!MultiboxProcess.staysAlive(pid), "rank \(rank) is still there") }
    #expect(Self.backtracers().subtracting(others).isEmpty)
  }

  /// The processes there are that read the memory of one that has crashed.
  private static func backtracers() -> Set<String> {
    let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return Set(
      processes.filter { number in
        (try? String(contentsOfFile: "/proc/\(number)/comm", encoding: .utf8))?.hasPrefix("swift-backtrace") == true
      })
  }

  @Test(.enabled(if: MPILauncher.otherPath != nil, "needs the mpirun of another MPI"))
  func `The launcher of another MPI is named`() throws {
    let options = MPILauncher.isMPICH ? ["--oversubscribe"] : []
    let outcome = try ChildProcess(
      URL(fileURLWithPath: MPILauncher.otherPath!),
      options + ["-np", "2", MultiboxProcess.executable.path] + runs.arguments("run"),
      environment: MPILauncher.environment
    ).wait(timeout: 60).ended(with: 71)
    let size = MPILauncher.isMPICH ? "OMPI_COMM_WORLD_SIZE" : "PMI_SIZE"
    #expect(outcome.messages.contains("\(size) is 2, but this process is alone"), "\(outcome.messages)")
    #expect(outcome.messages.contains("The program is built for \(MPILauncher.name)"), "\(outcome.messages)")
    #expect(!FileManager.default.fileExists(atPath: runs.workspace.path + "/run"))
  }

  @Test func `Tasks of Slurm that do not know each other are told so`() throws {
    let outcome = try MultiboxProcess(runs.arguments("run"), environment: ["SLURM_NTASKS": "4"]).wait()
    #expect(MPILauncher.tells(71, by: outcome.exitCode))
    #expect(outcome.messages.contains("SLURM_NTASKS is 4, but this process is alone"), "\(outcome.messages)")
  }

  /// An evaluation or a checkpoint that takes longer than the limit, but gets on.
  @Test func `Long work that gets on is no stall`() throws {
    try runs.train(
      "run", ranks: 2,
      [
        "evaluation.every=2", "data.evaluation_split=trainval", "evaluation.score_threshold=0",
        "communication.stall_seconds=1", "training.iterations=4", "checkpoint.every=1", "training.threads=1",
        "training.micro_batch=1",
      ])
  }
}
