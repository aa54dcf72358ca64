import ArgumentParser
import Configuration
import Files
import Reporting
import Training

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trains a detector.",
    discussion: """
      Writes checkpoints, metrics.jsonl, loss.png, events for TensorBoard and the resolved configuration into the run directory. \
      Run the same command again after an interruption: training continues from the newest valid checkpoint, bit for bit.

      Examples:
        multibox train configs/ssd300-vgg16-voc.yaml --set data.root=VOC2007
        multibox train configs/ssd300-vgg16-voc.yaml --set training.learning_rate=5e-4 --output runs/slower
        multibox train configs/ssd300-vgg16-voc.yaml --stop-at 1000
      """)

  @Argument(help: "The experiment, a YAML file.", completion: .file(), transform: HomeDirectory.expand)
  var config: String

  @OptionGroup var overrideOptions: OverrideOptions

  @Option(
    help: "The run directory; overrides the configuration's output.", completion: .file(),
    transform: HomeDirectory.expand)
  var output: String?

  @Option(
    help: ArgumentHelp(
      "auto: from the newest valid checkpoint, if there is one; never: from the beginning; or a checkpoint file.",
      valueName: "auto|never|path"), completion: .file(), transform: HomeDirectory.expand)
  var resume = "auto"

  @Option(help: "Stops after this iteration and writes a checkpoint; the schedule stays that of the whole run.")
  var stopAt: Int?

  func validate() throws {
    if let stopAt, stopAt < 1 { throw ValidationError("--stop-at takes an iteration from 1 on, not \(stopAt)") }
  }

  func run() throws {
    // Before MPI starts: a rank that a signal ends meanwhile leaves mpirun waiting for it.
    let stopRequest = StopRequest.ofSignals()
    var overrides = overrideOptions.overrides
    if let output { overrides.append(try OverrideOptions.override("output", text: output)) }
    let path = config
    let (resume, stop) = (ResumePolicy(argument: resume), stopAt)
    try runJob(stop: stopRequest) { job in
      let configuration = try job.configuration {
        let configuration = try Configuration(contentsOf: path, overrides: overrides)
        try configuration.requireOutput()
        try configuration.requireLegal(worldSize: job.communicator.worldSize)
        return configuration
      }
      try job.watch(seconds: configuration.communication.stallSeconds)
      try job.hold(runDirectory: configuration.output, exitCode: ExitStatus.disk.rawValue)
      let trainer = try Trainer(configuration, resume: resume, job: job, kernels: configuration.kernels(job.kernels))
      // The trainer outlives a failure: what it owns may wait for ranks that are lost.
      return withExtendedLifetime(trainer) {
        do {
          return try trainer.run(until: stop, observers: Reporting.observers)
        } catch {
          job.abort(error, code: ExitStatus(of: error).rawValue)
        }
      }
    }
  }
}
