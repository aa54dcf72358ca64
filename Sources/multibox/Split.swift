import ArgumentParser
import Files
import MessagePassing
import Splitting

struct Split: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Divides a data set into images to train on and images to test on.",
    discussion: """
      DATA is a directory with an XML file for each image, which gets lists of names in ImageSets/Main and, where images and
      annotations are in directories of other names, links named JPEGImages and Annotations; or a JSON file of COCO, which
      gives one for each part; or a directory of YOLO data, or its data.yaml, which gets train.txt and test.txt, lists of
      images. With --output all this goes to another directory.

      Kept together are copies, what Roboflow has made of one image, and the frames of a video: images whose names differ
      only in the number at the end. By itself it does not take for frames what is numbered like 95 % of all images, by a
      camera (IMG_, DSC), by a class's name or by numbers alone.

      The same seed gives the same parts, on every machine. Standard output has a configuration to begin with.

      Examples:
        multibox split data/raccoon --test 0.2 --seed 1
        multibox split images-and-annotations --output data/kangaroo --validation 0.1
        multibox split data/mask/annotations/instances_default.json --test 0.2
        multibox split yolo/data.yaml --test 0.2
        multibox split roboflow --output data/roboflow --keep-directories
      """)

  @Argument(
    help: "A directory of images and XML files or YOLO labels, or a JSON file of COCO.", completion: .file(),
    transform: HomeDirectory.expand)
  var data: String

  @Option(help: "The share of the images to test on; by default 0.2.")
  var test: Double?

  @Option(help: "The share to evaluate on while training; in addition to the test images.")
  var validation: Double?

  @Option(help: "Origin of all randomness.")
  var seed: UInt64 = 0

  @Option(
    help: ArgumentHelp("Where the result goes, instead of beside the data.", valueName: "dir"),
    completion: .file(), transform: HomeDirectory.expand)
  var output: String?

  @Flag(
    inversion: .prefixedNo,
    help: "Whether images whose names differ in the number at the end are frames of one video; by default, see above.")
  var groupFrames: Bool?

  @Flag(help: "Divides images without an XML file too, as images of background.")
  var includeUnannotated = false

  @Flag(help: "Takes the directories in DATA for the parts, as train, valid and test, instead of drawing at random.")
  var keepDirectories = false

  @Flag(help: "Replaces the lists or files of an earlier division, and removes those that this one does not have.")
  var overwrite = false

  func validate() throws {
    for (name, share) in [("--test", test), ("--validation", validation)] {
      guard let share else { continue }
      guard share > 0, share < 1 else {
        throw ValidationError(
          "\(name) takes a share above 0 and below 1, as 0.2 for a fifth of the images, not \(share)")
      }
      if keepDirectories {
        throw ValidationError("\(name) has no meaning with --keep-directories, which draws nothing")
      }
    }
    if let validation, testShare + validation >= 1 {
      throw ValidationError("--test \(testShare) and --validation \(validation) leave nothing to train on")
    }
  }

  private var testShare: Double { test ?? 0.2 }

  func run() throws {
    try LaunchEnvironment().requireSingleProcess("split")
    let report = try DatasetDivision.perform(
      SplitRequest(
        data: data.count > 1 && data.hasSuffix("/") ? String(data.dropLast()) : data, output: output, test: testShare,
        validation: validation, seed: seed, groupsFrames: groupFrames, overwrites: overwrite,
        includesUnannotated: includeUnannotated, keepsDirectories: keepDirectories))
    for line in report.lines { logger.info("\(line)") }
    for warning in report.warnings { logger.warning("\(warning)") }
    print(report.configuration)
  }
}
