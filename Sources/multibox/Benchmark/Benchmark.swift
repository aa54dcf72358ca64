import ArgumentParser
import Training

struct Benchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures speed on this machine.", subcommands: [Step.self, Allreduce.self])

  struct Step: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Times whole training steps on synthetic images, without the loader.",
      discussion: """
        Examples:
          multibox benchmark step --batch 8 --threads 2
          multibox benchmark step --batch 8 --threads 2 --iterations 10 --json
        """)

    @Option(help: "The network.")
    var model: Configuration.Model.Name = .ssd300VGG16

    @Option(help: "Images of an iteration.")
    var batch = 8

    @Option(help: "Images of a forward pass; 4 or the whole batch, whichever is smaller and divides it, by default.")
    var microBatch: Int?

    @Option(help: "Compute threads; as many as processors by default.")
    var threads: Int?

    @Option(help: "Iterations that are counted, after one that is not.")
    var iterations = 5

    @Flag(help: "Prints one JSON object instead of the table.")
    var json = false

    func validate() throws {
      guard batch > 0, iterations > 0, threads.map({ $0 > 0 }) ?? true else {
        throw ValidationError("--batch, --iterations and --threads must be positive")
      }
      if let microBatch, microBatch < 1 || !batch.isMultiple(of: microBatch) {
        throw ValidationError("--micro-batch \(microBatch) does not divide --batch \(batch)")
      }
    }

    func run() throws {
      let benchmark = try StepBenchmark(
        model: model, batch: batch, microBatch: microBatch, threads: threads, iterations: iterations)
      let result = try benchmark.run(kernels: .preferred())
      print(json ? try result.json() : result.text)
    }
  }
}

extension Benchmark {
  struct Allreduce: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Times the sum of gradients over all ranks, by Multibox and by MPI.",
      discussion: """
        Start it under mpirun or srun as training is to be started. GB/s are bytes of the summed array by seconds.

        Examples:
          multibox benchmark allreduce
          multibox benchmark allreduce --bytes 1000000 8000000 --iterations 20 --json

        Under MPI:
          mpirun -np 4 multibox benchmark allreduce
        """)

    @Option(parsing: .upToNextOption, help: "Sizes of the summed array, multiples of 4.")
    var bytes = AllreduceBenchmark.defaultBytes

    @Option(help: "Repetitions that are counted, after one that is not.")
    var iterations = 10

    @Flag(help: "Prints one JSON object instead of the table.")
    var json = false

    func validate() throws {
      if let size = bytes.first(where: { $0 < 4 || !$0.isMultiple(of: 4) || $0 > 4 * Int(Int32.max) }) {
        throw ValidationError("--bytes \(size) is no multiple of 4, or too large for MPI")
      }
      guard !bytes.isEmpty, iterations > 0 else { throw ValidationError("--bytes and --iterations must be positive") }
    }

    func run() throws {
      try runJob { job in
        try job.watch(seconds: Configuration.Communication().stallSeconds)
        let result = try AllreduceBenchmark(bytes: bytes, iterations: iterations).run(job)
        if job.communicator.isRoot { print(json ? try result.json() : result.text) }
        return .finished
      }
    }
  }
}

extension Configuration.Model.Name: ExpressibleByArgument {}
