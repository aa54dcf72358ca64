import ArgumentParser
import Loading

struct Benchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures speed on this machine.",
    subcommands: [Step.self, Inference.self, ConvolutionCommand.self, Loader.self, Allreduce.self, Exchange.self])
}
