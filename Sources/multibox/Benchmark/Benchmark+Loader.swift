import ArgumentParser
import Configuration
import Files
import Inference
import Kernels
import Loading
import Measurement

extension Benchmark {
  struct Loader: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Times the preparation of training images: decoding, augmentation, resizing, packing.",
      discussion: """
        Takes the training split and the augmentation of the configuration. The images are prepared twice, and the second time counts, \
        when the system has their files in memory.

        Examples:
          multibox benchmark loader configs/ssd300-vgg16-voc.yaml --threads 1
          multibox benchmark loader configs/quickstart.yaml --set data.root=shapes --images 1000 --json
        """)

    @Argument(help: "The configuration (YAML).", completion: .file(), transform: HomeDirectory.expand)
    var config: String

    @OptionGroup var overrideOptions: OverrideOptions

    @Option(help: "Loader threads, at most 1024; by default as many as training takes.")
    var threads: Int?

    @Option(help: "How many images are counted at least; whole iterations of training.global_batch are.")
    var images = 512

    @Flag(help: "Prints one JSON object instead of a sentence.")
    var json = false

    func validate() throws {
      guard threads.map((1...1024).contains) ?? true else {
        throw ValidationError("--threads must be from 1 to 1024")
      }
      guard images > 0 else { throw ValidationError("--images must be positive") }
    }

    func run() throws {
      let configuration = try Configuration(contentsOf: config, overrides: overrideOptions.overrides)
      let result = try LoaderBenchmark(configuration, threads: threads, images: images, build: .program).run(
        kernels: KernelChoice.ofProcess.kernels(), logger: logger)
      print(json ? try result.json() : result.text)
    }
  }
}
