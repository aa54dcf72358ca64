import ArgumentParser
import Datasets
import Files
import Foundation
import Logging

/// What becomes of a data set that is written in another layout.
struct DataConversionOptions: ParsableArguments {
  @Option(help: "The layout to write: voc, coco or yolo.")
  var to: DatasetFormat?

  @Option(help: "The layout that is read, when it is not to be found out.")
  var from: DatasetFormat?

  @Option(name: .customLong("split"), parsing: .upToNextOption, help: "The splits to take; all when left out.")
  var splits: [String] = []

  @Option(
    parsing: .upToNextOption,
    help: "The classes to take, in the order that their numbers are to have; all when left out.")
  var classes: [String] = []

  /// Whether the input is a data set.
  var isWanted: Bool { to != nil }

  /// Refuses options of ONNX.
  func validate(onnx: ONNXOptions) throws {
    if let option = onnx.given { throw ValidationError("\(option) is for FILE.onnx, not for a data set") }
  }

  /// Refuses options of data sets where the input is none.
  func requireNone() throws {
    let given = [(from != nil, "--from"), (!splits.isEmpty, "--split"), (!classes.isEmpty, "--classes")]
    if let option = given.first(where: \.0)?.1 {
      throw ValidationError("\(option) is for data sets, with --to voc, coco or yolo")
    }
  }

  /// Reads a data set and writes it in another layout.
  func convert(_ input: String, to directory: String) throws {
    guard let format = to else { return }
    let logger = Logger(label: "multibox")
    let place = try DatasetPlace(input, as: from)
    let names = classes.isEmpty ? try place.classNames() : classes
    var writer = try DatasetWriter(format, to: directory, classNames: names)
    for split in splits.isEmpty ? place.splits : splits {
      let dataset = try Dataset(
        place.format, [DatasetSource(root: place.root, split: split)], classes: names, mayLackClasses: true)
      for warning in dataset.warnings { logger.warning("\(warning)") }
      // What a part is called in other layouts may be a path.
      try writer.write(dataset, split: Self.name(of: split))
    }
    try writer.finish()
    for count in writer.counts {
      logger.info(
        "\(count.split): \(Quantities.count(count.images, "image")), \(Quantities.count(count.objects, "object"))")
    }
    for loss in writer.losses.sorted(by: { $0.key < $1.key }) {
      logger.warning("\(format.rawValue) has no place for \(loss.value) \(loss.key)")
    }
    print((["version: 1", "data:"] + writer.keys.map { "  \($0)" }).joined(separator: "\n"))
  }

  /// "instances_val2017.json" is the split val2017, "." are all images.
  private static func name(of split: String) -> String {
    if split == "." { return "all" }
    let last = URL(fileURLWithPath: split).deletingPathExtension().lastPathComponent
    return last.hasPrefix("instances_") ? String(last.dropFirst("instances_".count)) : last
  }
}

extension DatasetFormat: ExpressibleByArgument {}
