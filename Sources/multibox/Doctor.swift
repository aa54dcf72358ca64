import ArgumentParser
import Configuration
import Doctor
import Files
import Foundation
import MessagePassing
import Training

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Examines whether training can start.",
    discussion: """
      Start it as training is to be started, under mpirun or srun or plainly, with the same configuration and --set options; without
      a configuration it examines the machine and the launch alone. Every finding has the option or action that mends it.
      Exit code 0 means that training can start, whatever the warnings say; 71 machine or MPI, 64 configuration, 65 data, 74 disk.

      Examples:
        multibox doctor --json
        multibox doctor configs/ssd300-vgg16-voc.yaml --set data.root=VOC2007

      Under MPI:
        mpirun -np 4 multibox doctor configs/ssd300-vgg16-voc.yaml --set data.root=VOC2007
      """)

  @Argument(help: "The experiment, a YAML file.", completion: .file(), transform: HomeDirectory.expand)
  var config: String?

  @OptionGroup var overrideOptions: OverrideOptions

  @Option(
    help: "The run directory; overrides the configuration's output.", completion: .file(),
    transform: HomeDirectory.expand)
  var output: String?

  @Option(
    help: ArgumentHelp(
      "What training starts from: auto, the newest valid checkpoint, if there is one; never; or a checkpoint file.",
      valueName: "auto|never|path"), completion: .file(), transform: HomeDirectory.expand)
  var resume = "auto"

  @Flag(help: "Reads the headers of images only: quicker, but damaged and repeated images are not found.")
  var headersOnly = false

  @Option(
    help: "Seconds that anything may take before the examination is given up: 71 when MPI does not start, else 77.")
  var timeout = 60.0

  @Flag(help: "Prints one JSON object instead of the list.")
  var json = false

  func validate() throws {
    guard timeout >= 1 else { throw ValidationError("--timeout takes at least 1 second, not \(timeout)") }
    if config == nil, output != nil || !overrideOptions.overrides.isEmpty {
      throw ValidationError("--set and --output need a configuration")
    }
  }

  func run() throws {
    var overrides = overrideOptions.overrides
    if let output { overrides.append(try OverrideOptions.override("output", text: output)) }
    let start = MPIGuard.start(seconds: timeout, exitCode: ExitStatus.machine.rawValue)
    let job: Job
    do {
      job = try Job(LaunchEnvironment(), build: .program, kernels: .ofProcess)
    } catch let error as MessagePassingError {
      let diagnosis = Diagnosis(error, build: .program)
      try report(diagnosis)
      Foundation.exit(exitCode(diagnosis.fault))
    }
    do {
      try job.watch(seconds: timeout, setting: "--timeout")
      start.disarm()
      let diagnosis = try Doctor(job, resume: ResumePolicy(argument: resume), readsPixels: !headersOnly).examine(
        config.map { path in { try Configuration(contentsOf: path, overrides: overrides) } })
      var code = exitCode(diagnosis.fault)
      if job.communicator.isRoot { try report(diagnosis) }
      job.board.enter("leaving", waitsForOthers: true)
      try job.communicator.broadcast(&code, from: 0)
      try job.leave()
      _ = MPIGuard.end(exitCode: code)
      try job.communicator.finish()
      Foundation.exit(code)
    } catch {
      job.abort(error, code: ExitStatus(of: error).rawValue)
    }
  }

  private func report(_ diagnosis: Diagnosis) throws {
    print(json ? try diagnosis.json() : diagnosis.text)
    fflush(nil)
  }

  private func exitCode(_ fault: Finding.Fault?) -> Int32 {
    let status: ExitStatus? =
      switch fault {
      case .machine: .machine
      case .configuration: .configuration
      case .data: .data
      case .disk: .disk
      case nil: nil
      }
    return status?.rawValue ?? 0
  }
}
