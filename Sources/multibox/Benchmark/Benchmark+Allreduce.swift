import ArgumentParser
import Configuration
import Measurement

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

    @Option(help: "Timed repetitions; one warm-up run precedes them.")
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
