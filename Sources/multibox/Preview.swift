import ArgumentParser
import Configuration
import Files
import Inference
import Kernels
import MessagePassing

struct Preview: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draws training images as the network gets them, with their boxes.",
    discussion: """
      Each image is a sample of an iteration after augmentation, exactly as training with this configuration uses it. The names
      are ITERATION-PLACE-IMAGE.png, where PLACE counts within the global batch.

      Examples:
        multibox preview configs/ssd300-vgg16-voc.yaml --set data.root=VOC2007 --output preview
        multibox preview configs/quickstart.yaml --output preview --images 32 --iteration 100
      """)

  @Argument(help: "The experiment, a YAML file.", completion: .file(), transform: HomeDirectory.expand)
  var config: String

  @OptionGroup var overrideOptions: OverrideOptions

  @Option(help: "Where the images go.", completion: .file(), transform: HomeDirectory.expand)
  var output: String

  @Option(help: "How many.")
  var images = 16

  @Option(help: "The iteration of the first one, counted from 1.")
  var iteration = 1

  func validate() throws {
    guard images > 0, iteration > 0 else {
      throw ValidationError("--images and --iteration must be positive, not \(images) and \(iteration)")
    }
    let last = 1_000_000_000_000
    guard images <= last, iteration <= last else {
      throw ValidationError("--images and --iteration go to \(last), not to \(max(images, iteration))")
    }
  }

  func run() throws {
    try LaunchEnvironment().requireSingleProcess("preview")
    let preview = try TrainingPreview(Configuration(contentsOf: config, overrides: overrideOptions.overrides))
    for warning in preview.warnings { logger.warning("\(warning)") }
    try preview.write(images, fromIteration: iteration, to: output, kernels: KernelChoice.ofProcess.kernels()) {
      image in
      let objects = image.objects.isEmpty ? "no object" : image.objects.joined(separator: ", ")
      logger.info("\(image.path): \(objects)")
    }
  }
}
