import Doctor
import Foundation
import TestSupport
import Testing

/// `multibox doctor` and `multibox benchmark allreduce` as users start them.
@Suite(.serialized)
struct DoctorTests {
  private struct Report: Decodable {
    struct Finding: Decodable {
      let check: String
      let status: String
      let message: String
      let remedy: String?
    }

    struct Link: Decodable {
      let ranks: [Int]
      let bytes_per_second: Double
    }

    let ready: Bool
    let world_size: Int
    let findings: [Finding]
    let links: [Link]

    func finding(_ check: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> Finding {
      try #require(findings.first { $0.check == check }, "\(findings)", sourceLocation: sourceLocation)
    }
  }

  private let workspace: Workspace

  init() throws {
    workspace = try Workspace()
  }

  /// The arguments that examine the narrow experiment.
  private func doctor(_ overrides: [String] = []) -> [String] {
    ["doctor", workspace.config, "--json", "--timeout", "20"] + overrides.flatMap { ["--set", $0] }
  }

  private func report(
    _ arguments: [String], ranks: Int? = nil, environment: [String: String] = [:], shellPrefix: String? = nil,
    exitCode: Int32, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Report {
    let outcome = try MultiboxProcess(
      arguments, ranks: ranks, environment: environment, shellPrefix: shellPrefix
    ).wait(timeout: 60)
    #expect(outcome.exitCode == exitCode, "\(outcome.output) \(outcome.messages)", sourceLocation: sourceLocation)
    return try outcome.decoded(Report.self)
  }

  // MARK: One process

  @Test func `A sound experiment can start, and the doctor leaves nothing behind`() throws {
    let report = try report(doctor(), exitCode: 0)
    #expect(report.ready && report.world_size == 1)
    for finding in report.findings { #expect(finding.status != "error", "\(finding)") }
    #expect(try report.finding("training data").message.hasPrefix("trainval: 10 images"))
    #expect(try report.finding("evaluation data").message.hasPrefix("test: 2 images"))
    #expect(
      try report.finding("length").message.contains(
        /passes over 10 images, .* images\/s as in a trial of one micro-batch/))
    #expect(!FileManager.default.fileExists(atPath: workspace.run))
    let text = try MultiboxProcess.run("doctor").succeeded().output
    #expect(text.contains("training can start"))
  }

  @Test(
    arguments: [
      ("data.train_split=none", 65, "training data"), ("data.classes=[dog]", 65, "training data"),
      ("training.learning_rate=-1", 64, "configuration"), ("data.root=[]", 64, "training data"),
      ("output=/proc/multibox", 74, "run directory"), ("model.weights=none.safetensors", 74, "start"),
    ])
  func `A fault is found before training would meet it, with the same exit code`(
    override: String, exitCode: Int32, check: String
  ) throws {
    let report = try report(doctor([override]), exitCode: exitCode)
    #expect(!report.ready)
    #expect(try report.finding(check).status == "error")
    #expect(try workspace.train(override).exitCode == exitCode)
  }

  @Test func `Faults of the machine outweigh all others`() throws {
    let report = try report(
      doctor(["data.train_split=none"]), environment: ["MULTIBOX_ISA": "mmx"], exitCode: 71)
    #expect(try report.finding("instruction set").remedy?.hasPrefix("MULTIBOX_ISA=") == true)
    #expect(try report.finding("training data").status == "error")
    let files = try self.report(doctor(), shellPrefix: "ulimit -n 40", exitCode: 71)
    #expect(try files.finding("limits").remedy?.contains("ulimit -n") == true)
    let tasks = try self.report(doctor(), environment: ["SLURM_NTASKS": "2"], exitCode: 71)
    #expect(try tasks.finding("MPI").message.contains("SLURM_NTASKS is 2"))
  }

  @Test func `A run that is going to continue is recognised`() throws {
    try workspace.train(stopAt: 2).succeeded()
    #expect(try report(doctor(), exitCode: 0).finding("start").message.hasSuffix("continues after iteration 2"))
    let other = try report(doctor(["training.seed=9"]), exitCode: 0).finding("start")
    #expect(other.status == "warning" && other.message.contains("training.seed was 0, is 9"))
    try workspace.cut(workspace.checkpoint(2), to: 0.5)
    #expect(try report(doctor(), exitCode: 74).finding("start").status == "error")
    #expect(try report(doctor() + ["--resume", "never"], exitCode: 0).ready)
  }

  @Test func `A file that never comes ends the examination by name`() throws {
    let image = workspace.data + "/JPEGImages/000002.jpg"
    try FileManager.default.removeItem(atPath: image)
    mkfifo(image, 0o600)
    let outcome = try MultiboxProcess(["doctor", workspace.config, "--timeout", "2"]).wait(timeout: 30)
    #expect(outcome.exitCode == 77)
    #expect(outcome.messages.contains("no progress for 2 seconds (--timeout)"), "\(outcome.messages)")
    #expect(outcome.messages.contains("reading \(image)"))
  }

  // MARK: Several ranks

  @Test(
    .enabled(if: MultiboxProcess.hasMPIRun, "needs mpirun"), arguments: [2, 4])
  func `Several ranks are examined together`(ranks: Int) throws {
    let report = try report(
      doctor(["training.global_batch=8", "training.micro_batch=1"]), ranks: ranks, exitCode: 0)
    #expect(report.ready && report.world_size == ranks)
    #expect(report.links.count == ranks * (ranks - 1) / 2)
    #expect(report.links.allSatisfy { $0.bytes_per_second > 1e6 })
    #expect(try report.finding("MPI").message.contains(MPILauncher.name))
    #expect(try report.finding("program").message.contains("the same on all ranks"))
    #expect(try report.finding("training data").message.contains("the same on all ranks"))
    #expect(try report.finding("run directory").message.contains("all ranks see it"))
    #expect(!FileManager.default.fileExists(atPath: workspace.run))
  }

  @Test(.enabled(if: MultiboxProcess.hasMPIRun, "needs mpirun"))
  func `Faults of a job end all its ranks with their exit code`() throws {
    let illegal = try report(doctor(), ranks: 3, exitCode: 64)
    #expect(try illegal.finding("configuration").message.contains("start one of 1, 2 ranks"))
    #expect(try report(doctor(["data.train_split=none"]), ranks: 2, exitCode: 65).ready == false)
    #expect(try report(doctor(["training.bach=1"]), ranks: 2, exitCode: 64).ready == false)
  }

  /// Starts a rank for each command, where `MULTIBOX` is our program, with options of mpirun. The ranks choose their commands themselves: Open
  /// MPI 5.0.7 crashes when it is given several.
  private func mpirun(
    _ commands: [String], options: String = MPILauncher.options.joined(separator: " ")
  ) throws -> MultiboxProcess.Outcome {
    let cases = commands.enumerated().map { rank, command in
      "\(rank)) exec \(command.replacingOccurrences(of: "MULTIBOX ", with: "'\(MultiboxProcess.executable.path)' "));;"
    }
    let script = workspace.path + "/ranks"
    try ChildProcess.write(
      script: "case $\(MPILauncher.rankVariable) in\n\(cases.joined(separator: "\n"))\nesac", to: script)
    return try MultiboxProcess(
      [], shellPrefix: "exec \(MPILauncher.path!) \(options) -np \(commands.count) '\(script)'"
    ).wait(timeout: 60)
  }

  @Test(.enabled(if: MultiboxProcess.hasMPIRun, "needs mpirun"))
  func `A rank bound to one processor hears of the option that gives it more`() throws {
    let outcome = try mpirun(
      ["MULTIBOX doctor \(workspace.config) --json --set training.threads=2"], options: MPILauncher.bindingToCores
    )
    let finding = try outcome.succeeded().decoded(Report.self).finding("processors")
    #expect(finding.status == "warning")
    #expect(finding.message.contains("may run on "))
    let isAlone = ProcessInfo.processInfo.activeProcessorCount < 2
    #expect(isAlone || finding.remedy?.contains("bind-to none") == true, "\(finding)")
  }

  @Test(.enabled(if: MultiboxProcess.hasMPIRun, "needs mpirun"))
  func `Ranks with unlike programs or kernels are told apart`() throws {
    let copy = workspace.path + "/other"
    // By processes of their own, as in `ChildProcess.write(script:to:)`.
    try ChildProcess(
      URL(fileURLWithPath: "/bin/sh"),
      ["-c", #"cp "$0" "$1" && printf '\0' >>"$1""#, MultiboxProcess.executable.path, copy]
    ).wait().succeeded()
    let builds = try mpirun(["MULTIBOX doctor --json", "'\(copy)' doctor --json"])
    #expect(MPILauncher.tells(71, by: builds.exitCode))
    #expect(try builds.decoded(Report.self).finding("program").message.hasPrefix("rank 1 runs another build"))
    let sets = try mpirun(["env MULTIBOX_ISA=baseline MULTIBOX doctor --json", "MULTIBOX doctor --json"])
    let finding = try sets.succeeded().decoded(Report.self).finding("instruction set")
    #expect(finding.status == "ok" || finding.remedy?.contains("MULTIBOX_ISA") == true)
  }

  @Test(.enabled(if: MultiboxProcess.hasMPIRun, "needs mpirun"))
  func `A job whose other rank never starts is given up`() throws {
    let outcome = try mpirun(["MULTIBOX doctor --timeout 2", "sleep 100"])
    #expect(MPILauncher.tells(71, by: outcome.exitCode))
    #expect(outcome.messages.contains("MPI has not come through its start within 2 s"), "\(outcome.messages)")
    // Training does not wait for ever either.
    let training = try mpirun(["env MULTIBOX_START_SECONDS=2 MULTIBOX train \(workspace.config)", "sleep 100"])
    #expect(MPILauncher.tells(71, by: training.exitCode))
    #expect(training.messages.contains("MPI has not come through its start within 2 s"), "\(training.messages)")
  }

  // MARK: Benchmark

  @Test(
    .enabled(if: MultiboxProcess.hasMPIRun, "needs mpirun"), arguments: [2, 3])
  func `The sum over all ranks is timed`(ranks: Int) throws { try timeSums(ranks: ranks) }

  @Test func `The sum of one process is timed`() throws { try timeSums(ranks: nil) }

  private func timeSums(ranks: Int?) throws {
    struct Result: Decodable {
      let world_size: Int
      let bytes: [Int]
      let seconds: [String: [Double]]
    }
    let arguments = ["benchmark", "allreduce", "--bytes", "4096", "1000000", "--iterations", "3"]
    let result = try MultiboxProcess(arguments + ["--json"], ranks: ranks).wait(timeout: 60).succeeded()
      .decoded(Result.self)
    #expect(result.world_size == ranks ?? 1 && result.bytes == [4096, 1_000_000])
    for name in ["reproducible", "native", "reproducible_bfloat16"] {
      #expect(result.seconds[name]?.count == 2 && result.seconds[name]?.allSatisfy { $0 > 0 } == true, "\(result)")
    }
    let table = try MultiboxProcess(arguments, ranks: ranks).wait(timeout: 60).succeeded().output
    #expect(table.contains("GB/s") && table.contains("1000000"))
  }
}
