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
    let chosen = splits.isEmpty ? place.splits : splits
    let parts = try Self.names(of: chosen)
    let names = classes.isEmpty ? try place.classNames() : classes
    let datasets = try chosen.map { split in
      try Dataset(place.format, [DatasetSource(root: place.root, split: split)], classes: names, mayLackClasses: true)
    }
    for warning in datasets.flatMap(\.warnings) { logger.warning("\(warning)") }
    var writer = try DatasetWriter(format, to: directory, classNames: names)
    do {
      for (dataset, part) in zip(datasets, parts) { try writer.write(dataset, split: part) }
      try writer.finish()
    } catch {
      writer.discard()
      throw error
    }
    for count in writer.counts {
      logger.info(
        "\(count.split): \(Quantities.count(count.images, "image")), \(Quantities.count(count.objects, "object"))")
    }
    for loss in writer.losses.sorted(by: { $0.key < $1.key }) {
      logger.warning("\(format.rawValue) has no place for every \(loss.key): \(loss.value)")
    }
    print((["version: 1", "data:"] + writer.keys.map { "  \($0)" }).joined(separator: "\n"))
  }

  /// What the splits are called in other layouts: "instances_val2017.json" is val2017, "valid/images" is valid.
  ///
  /// - Throws: `ValidationError` when one is named twice.
  private static func names(of splits: [String]) throws -> [String] {
    var names: [String] = []
    for split in splits {
      let parts = split.split(separator: "/").map(String.init).filter { $0 != "." }
      let stems = parts.map { URL(fileURLWithPath: $0).deletingPathExtension().lastPathComponent }
      // Names that every part of an export has do not tell it.
      let telling = stems.filter { !["images", "labels", "annotations", "_annotations.coco"].contains($0) }
      let last = telling.last ?? stems.last ?? "all"
      let short = last.hasPrefix("instances_") ? String(last.dropFirst("instances_".count)) : last
      let name = names.contains(short) ? stems.joined(separator: "-") : short
      guard !names.contains(name) else { throw ValidationError("--split: \(split) is named twice") }
      names.append(name)
    }
    return names
  }
}

extension DatasetFormat: ExpressibleByArgument {}
