import ArgumentParser
import Files
import Foundation
import Measurement

struct Describe: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows a model: layers, parameters, operations, default boxes, memory.",
    discussion: """
      Examples:
        multibox describe configs/ssd300-vgg16-voc.yaml
        multibox describe runs/voc/checkpoints/iteration-0120000.safetensors --json
      """)

  @Argument(
    help: "A configuration (YAML) or a checkpoint (safetensors).", completion: .file(), transform: HomeDirectory.expand)
  var source: String

  @OptionGroup var overrideOptions: OverrideOptions

  @Flag(help: "Prints one JSON object instead of the tables.")
  var json = false

  func run() throws {
    let description = try ModelDescription(source, overrides: overrideOptions.overrides, logger: logger)
    print(json ? try description.json() : description.text)
  }
}
