import ArgumentParser
import Configuration
import Files
import Inference
import Measurement
import Prediction

extension Benchmark {
  struct Exchange: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Times iterations whose computation is a pause of measured length, with the true exchange.",
      discussion: """
        Each rank pauses for as long as a step took that 'multibox benchmark step --json' measured, and exchanges the buckets of the \
        configuration with the others meanwhile. So more ranks can be tried than there are processors, and a prediction compared with \
        what happens. The output is a measurement for 'multibox predict'.

        Examples:
          multibox benchmark exchange configs/ssd300-vgg16-voc.yaml --pretend step.json
          multibox benchmark exchange configs/ssd300-vgg16-voc.yaml --pretend step.json --set communication.bucket_megabytes=1 --json

        Under MPI:
          mpirun -np 8 multibox benchmark exchange configs/ssd300-vgg16-voc.yaml --pretend step.json
        """)

    @Argument(help: "The experiment, a YAML file.", completion: .file(), transform: HomeDirectory.expand)
    var config: String

    @OptionGroup var overrideOptions: OverrideOptions

    @Option(
      help: "The JSON of 'multibox benchmark step', whose seconds are paused.", completion: .file(),
      transform: HomeDirectory.expand)
    var pretend: String

    @Option(help: "Timed iterations; two precede them.")
    var iterations = 20

    @Flag(help: "Prints one JSON object instead of a sentence.")
    var json = false

    func validate() throws {
      guard iterations > 0 else { throw ValidationError("--iterations must be positive") }
    }

    func run() throws {
      let (path, overrides) = (config, overrideOptions.overrides)
      try runJob { job in
        let configuration = try job.configuration {
          let configuration = try Configuration(contentsOf: path, overrides: overrides).namingClasses()
          try configuration.requireLegal(worldSize: job.communicator.worldSize)
          return configuration
        }
        try job.watch(seconds: configuration.communication.stallSeconds)
        let experiment = Experiment(configuration)
        let work = try RankWork(
          Subject(experiment, frozenLayers: experiment.frozenLayers()), Measurements.reading([pretend]))
        let result = try ExchangeBenchmark(experiment, work, iterations: iterations).run(job)
        if job.communicator.isRoot { print(json ? try result.json() : result.text) }
        return .finished
      }
    }
  }
}
