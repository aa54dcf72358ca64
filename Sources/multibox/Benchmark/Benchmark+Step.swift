import ArgumentParser
import Inference
import Measurement

extension Benchmark {
  struct Step: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Times whole training steps on synthetic images, without the loader.",
      discussion: """
        Shows where the time of an iteration goes, by phase and by layer. Effective GFLOP/s count the operations of a \
        direct convolution, whatever algorithm was used; the peak is that of a loop that multiplies and adds in registers \
        alone.

        Examples:
          multibox benchmark step --batch 8 --threads 2
          multibox benchmark step --batch 8 --threads 2 --iterations 10 --json
          multibox benchmark step --precision bfloat16
          multibox benchmark step --batch 32 --micro-batch 4 --width-multiplier 0.5
          multibox benchmark step --batch 8 --micro-batch 4 --iterations 30 --json
        """)

    @OptionGroup var options: WorkloadOptions

    @Option(help: "The last of the layers that keep their weights, as training.freeze.")
    var freeze: String?

    func run() throws {
      try options.show(StepBenchmark(options.workload(freeze: freeze), build: .program).run(kernels: options.kernels()))
    }
  }
}
