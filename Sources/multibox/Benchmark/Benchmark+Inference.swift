import ArgumentParser
import Measurement

extension Benchmark {
  struct Inference: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Times detection on synthetic images: the network, decoding and non-maximum suppression.",
      discussion: """
        The weights are random, so that nearly every default box is a candidate for every class: decoding takes longer than it \
        does for a trained detector. The figures are those of `multibox benchmark step`.

        Examples:
          multibox benchmark inference --batch 8 --threads 2
          multibox benchmark inference --batch 1 --iterations 20 --json
        """)

    @OptionGroup var options: WorkloadOptions

    func run() throws {
      try options.show(InferenceBenchmark(options.workload()).run(kernels: options.kernels()))
    }
  }
}
