import ArgumentParser
import Configuration
import Kernels
import Measurement
import Models

extension Benchmark {
  struct ConvolutionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "convolution",
      abstract: "Times every convolution of a network: passes, algorithms, precisions, instruction sets.",
      discussion: """
        GFLOP/s are operations of the definition by seconds: Winograd's algorithm does fewer.

        Examples:
          multibox benchmark convolution --batch 4 --threads 1
          multibox benchmark convolution --layers conv3_2 conv4 --all --json
          multibox benchmark convolution --precision float32 bfloat16
        """)

    @Option(help: "The network.")
    var model = Architecture.all[0]

    @Option(help: "Images of a pass.")
    var batch = 4

    @Option(help: "Compute threads; as many as processors by default.")
    var threads: Int?

    @Option(help: "Timed repetitions; one warm-up run precedes them.")
    var repetitions = 5

    @Option(parsing: .upToNextOption, help: "Layers whose names contain one of these; all by default.")
    var layers: [String] = []

    @Option(parsing: .upToNextOption, help: "What is multiplied: float32, bfloat16 or both.")
    var precision: [Precision] = [.float32]

    @Flag(
      help: "Times all algorithms, precisions and instruction sets that the processor has, not only what training uses."
    )
    var all = false

    @Flag(help: "Prints one JSON object instead of the table.")
    var json = false

    func validate() throws {
      guard batch > 0, repetitions > 0, threads.map({ $0 > 0 }) ?? true else {
        throw ValidationError("--batch, --repetitions and --threads must be positive")
      }
    }

    func run() throws {
      let benchmark = try ConvolutionBenchmark(
        model: model, batch: batch, threads: threads, repetitions: repetitions, layers: layers)
      let kernels = all ? Kernels.available.reversed() : [try KernelChoice.ofProcess.kernels()]
      if !all { for precision in precision { try kernels[0].require(precision) } }
      let rows = kernels.flatMap { kernels in
        benchmark.run(
          kernels: kernels, methods: all ? [.winograd, .blockedColumns, .columns] : [.fastest],
          precisions: all ? Precision.allCases.filter(kernels.supports) : precision)
      }
      print(json ? try benchmark.json(rows) : benchmark.text(rows))
    }
  }
}
