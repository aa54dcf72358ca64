import ArgumentParser
import Files
import MessagePassing
import Synthetic

struct Synthesize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draws a data set of shapes in the layout of Pascal VOC.",
    discussion: """
      The same arguments give the same files. Of the images 70 % are train, 10 % val and 20 % test; trainval is train and val.

      Example:
        multibox synthesize shapes --images 500 --seed 1
      """)

  @Argument(
    help: "The directory; new, empty, or made by the same command before.", completion: .file(),
    transform: HomeDirectory.expand)
  var directory: String

  @Option(help: "How many images.")
  var images: Int

  @Option(help: "Origin of all randomness.")
  var seed: UInt64 = 0

  func validate() throws {
    let smallest = SyntheticDataset.smallestImageCount
    guard images >= smallest else { throw ValidationError("--images must be at least \(smallest), not \(images)") }
  }

  func run() throws {
    try LaunchEnvironment().requireSingleProcess("synthesize")
    try SyntheticDataset(images: images, seed: seed).write(to: directory)
    logger.info("\(directory): \(images) images of \(SyntheticDataset.classNames.joined(separator: ", "))")
  }
}
