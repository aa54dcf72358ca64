import ArgumentParser
import Training

struct Split: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Divides a data set into images to train on and images to test on.",
    discussion: """
      DATA is a directory with an XML file for each image (Annotations and JPEGImages, or others), which gets lists of names
      in ImageSets/Main, or a JSON file of COCO, which gives one for each part. With --output a directory of any names is
      left as it is: the lists go to another one, with links to images and annotations.

      Kept together are copies, what Roboflow has made of one picture, and the frames of a video: images whose names differ
      only in the number at the end. By itself it does not take for frames what is numbered like 95 % of all images, by a
      camera (IMG_, DSC), by a class's name or by numbers alone.

      The same seed gives the same parts, on every machine. Standard output has the keys for a configuration.

      Examples:
        multibox split data/raccoon --test 0.2 --seed 1
        multibox split kangaroo --output data/kangaroo --validation 0.1
        multibox split data/mask/annotations/instances_default.json --test 0.2
      """)

  @Argument(help: "A directory of images and XML files, or a JSON file of COCO.")
  var data: String

  @Option(help: "The share of the images to test on.")
  var test = 0.2

  @Option(help: "The share to evaluate on while training; in addition to the test images.")
  var validation: Double?

  @Option(help: "Origin of all randomness.")
  var seed: UInt64 = 0

  @Option(help: ArgumentHelp("Where the result goes, instead of beside the data.", valueName: "dir"))
  var output: String?

  @Flag(
    inversion: .prefixedNo,
    help: "Whether images whose names differ in the number at the end are frames of one video; by default, see above.")
  var groupFrames: Bool?

  @Flag(help: "Divides images without an XML file too, as images of background.")
  var includeUnannotated = false

  @Flag(help: "Replaces the lists or files of an earlier division.")
  var overwrite = false

  func validate() throws {
    guard test > 0, test < 1 else {
      throw ValidationError("--test takes a share above 0 and below 1, as 0.2 for a fifth of the images, not \(test)")
    }
    if let validation {
      guard validation > 0, validation < 1 else {
        throw ValidationError("--validation takes a share above 0 and below 1, as 0.1 for a tenth, not \(validation)")
      }
      guard test + validation < 1 else {
        throw ValidationError("--test \(test) and --validation \(validation) leave nothing to train on")
      }
    }
  }

  func run() throws {
    let report = try DatasetDivision.perform(
      SplitRequest(
        data: data.count > 1 && data.hasSuffix("/") ? String(data.dropLast()) : data, output: output, test: test,
        validation: validation, seed: seed, groupsFrames: groupFrames, overwrites: overwrite,
        includesUnannotated: includeUnannotated))
    for line in report.lines { logger.info("\(line)") }
    for warning in report.warnings { logger.warning("\(warning)") }
    print(report.configuration)
  }
}
