import Datasets
import Foundation

/// What a rank found when it read a split of the data set.
package struct SplitReading: Codable, Sendable, Equatable {
  /// Images of the split.
  package var images = 0
  /// Their usable objects.
  package var objects = 0
  /// Places that were repaired or dropped.
  package var repairs = 0
  /// Hash of names, sizes and boxes.
  package var hash: UInt64 = 0
  /// Why the split cannot be read; nil when it can.
  package var failure: String?
  /// Whether the configuration is to blame for that.
  package var isConfigurationFault = false

  package init(images: Int, objects: Int, repairs: Int = 0, hash: UInt64) {
    self.images = images
    self.objects = objects
    self.repairs = repairs
    self.hash = hash
  }

  package init(failure: String, isConfigurationFault: Bool = false) {
    self.failure = failure
    self.isConfigurationFault = isConfigurationFault
  }

  /// Reads every annotation and the header of every image, as training does before it starts.
  init(_ configuration: Configuration, split: SplitChoice, job: Job) {
    do {
      let dataset = try job.dataset(configuration, split: split)
      let plan = BucketPlan(count: 1, megabytes: 1)
      self.init(
        images: dataset.images.count, objects: dataset.images.reduce(0) { $0 + $1.objects.count },
        repairs: dataset.warnings.count, hash: ContractRecord(configuration, dataset, plan).dataset)
    } catch {
      self.init(failure: "\(error)", isConfigurationFault: error is ConfigurationError)
    }
  }

  /// Judges what all ranks have read.
  ///
  /// - Parameters:
  ///   - all: by rank.
  ///   - check: the name of the check, as "training data".
  ///   - split: the split's name.
  ///   - hosts: the machine of each rank.
  ///   - isNeeded: whether training reads the split.
  package static func finding(
    _ all: [SplitReading], check: String, split: String, hosts: [String], isNeeded: Bool
  ) -> Finding {
    if let rank = all.firstIndex(where: { $0.failure != nil }), let failure = all[rank].failure {
      let same = all.indices.filter { all[$0].failure == failure }
      let place =
        same.count == all.count
        ? "" : "\(Quantities.ranks(same)) (\(Quantities.hosts(same.map { hosts[$0] }.firstOccurrences))): "
      let mending = all[rank].isConfigurationFault ? "--set data.root=DIR" : "mend the file, or the keys under data"
      let remedy = same.count == all.count ? mending : "put the data set on every host, under the same path"
      if !isNeeded {
        return .warning(
          check, "\(place)\(failure); training does not evaluate, 'multibox evaluate' would fail", remedy: remedy)
      }
      return .error(check, all[rank].isConfigurationFault ? .configuration : .data, place + failure, remedy: remedy)
    }
    let root = all[0]
    guard root.images > 0 else {
      let message = "the split \(split) has no image"
      return isNeeded
        ? .error(check, .data, message, remedy: "list image names in ImageSets/Main/\(split).txt")
        : .warning(check, message, remedy: "list image names in ImageSets/Main/\(split).txt")
    }
    let others = all.indices.filter { all[$0].hash != root.hash }
    if let other = others.first {
      return .error(
        check, .data,
        "\(Quantities.ranks(others)) (\(Quantities.hosts(others.map { hosts[$0] }.firstOccurrences))) \(others.count == 1 ? "reads" : "read") another split \(split) than rank 0: \(all[other].images) images and \(all[other].objects) objects, rank 0 \(root.images) and \(root.objects)",
        remedy: "copy the data set anew, or share it by one file system")
    }
    let repairs = root.repairs > 0 ? ", \(Quantities.count(root.repairs, "repair")) that train lists" : ""
    return .ok(
      check,
      "\(split): \(Quantities.count(root.images, "image")), \(Quantities.count(root.objects, "object"))\(repairs)\(all.count > 1 ? ", the same on all ranks" : "")"
    )
  }
}
