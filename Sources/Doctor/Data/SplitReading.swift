import Configuration
import Datasets
import Files
import Foundation
import Training

/// What a rank found when it read a split of the data set.
package struct SplitReading: Codable, Sendable, Equatable {
  /// Images of the split.
  package var images = 0
  /// Their usable objects.
  package var objects = 0
  /// How many of them are boxes around crowds.
  package var crowds = 0
  /// What is wrong with the split, by kind.
  package var troubles: [Trouble] = []
  /// Hash of names, sizes and boxes.
  package var hash: UInt64 = 0
  /// Why nothing can be read; nil when something can.
  package var failure: String?
  /// Whether the configuration is to blame for that.
  package var isConfigurationFault = false

  package init(images: Int, objects: Int, troubles: [Trouble] = [], hash: UInt64) {
    self.images = images
    self.objects = objects
    self.troubles = troubles
    self.hash = hash
  }

  package init(failure: String, isConfigurationFault: Bool = false) {
    self.failure = failure
    self.isConfigurationFault = isConfigurationFault
  }

  /// Reads every annotation and the header of every image, as training does before it starts, but past any error.
  ///
  /// - Returns: what was found, and the usable part of the split.
  package static func read(_ configuration: Configuration, split: SplitChoice, job: Job) -> (SplitReading, Dataset?) {
    do {
      let dataset = try job.ownDataset(configuration, split: split, faults: .listAll)
      let all = dataset.images.flatMap(\.objects)
      var reading = SplitReading(
        images: dataset.images.count, objects: all.count, troubles: Trouble.all(dataset.faults),
        hash: ContractRecord.hash(of: dataset))
      reading.crowds = all.count(where: \.isCrowd)
      return (reading, dataset)
    } catch {
      return (SplitReading(failure: "\(error)", isConfigurationFault: error is ConfigurationError), nil)
    }
  }

  private var hasErrors: Bool { failure != nil || troubles.contains { $0.kind.isError } }

  /// Judges what all ranks have read.
  ///
  /// - Parameters:
  ///   - all: by rank.
  ///   - check: the name of the check, as "training data".
  ///   - split: the split's name.
  ///   - hosts: the machine of each rank.
  ///   - isNeeded: whether training reads the split.
  ///   - leavesOut: whether images that cannot be read are left out, so that they are no error.
  package static func findings(
    _ all: [SplitReading], check: String, split: String, hosts: [String], isNeeded: Bool, leavesOut: Bool = false
  ) -> [Finding] {
    func counts(_ trouble: Trouble) -> Bool { isNeeded && !(leavesOut && trouble.kind == .brokenImage) }
    let root = all[0]
    var findings: [Finding] = []
    // Ranks that found the same speak together; rank 0 is among the first.
    for (rank, reading) in all.enumerated() where all.firstIndex(of: reading) == rank {
      let place = Place(ranks: all.indices.filter { all[$0] == reading }, of: all.count, hosts: hosts)
      if let failure = reading.failure {
        findings.append(reading.finding(failure: failure, check: check, isNeeded: isNeeded, place))
      } else if reading == root {
        findings += root.troubles.map { $0.finding(check, isNeeded: counts($0), place: place.prefix) }
      } else if reading.hasErrors {
        findings += reading.troubles.filter(\.kind.isError).map {
          $0.finding(check, isNeeded: counts($0), place: place.prefix).withRemedy(Self.spreading)
        }
      } else if root.failure == nil, reading.hash != root.hash {
        findings.append(reading.finding(differingFrom: root, check: check, split: split, place))
      }
    }
    if root.failure == nil, root.images == 0, !root.hasErrors {
      let (message, remedy) = ("the split \(split) has no image", "list image names in ImageSets/Main/\(split).txt")
      findings.append(
        isNeeded ? .error(check, .data, message, remedy: remedy) : .warning(check, message, remedy: remedy))
    }
    guard root.images > 0, !root.hasErrors else { return findings }
    let isSame = all.count > 1 && all.allSatisfy { $0 == root }
    return [.ok(check, root.summary(split: split) + (isSame ? ", the same on all ranks" : ""))] + findings
  }

  /// Ranks and their machines.
  private struct Place {
    let isEverywhere: Bool
    let text: String

    init(ranks: [Int], of worldSize: Int, hosts: [String]) {
      isEverywhere = ranks.count == worldSize
      text = "\(Quantities.ranks(ranks)) (\(Quantities.hosts(ranks.map { hosts[$0] }.firstOccurrences)))"
    }

    /// What stands before a message.
    var prefix: String { isEverywhere ? "" : text + ": " }
  }

  private static let spreading = "put the data set on every host, under the same path"

  private func summary(split: String) -> String {
    let crowd = crowds > 0 ? ", \(Quantities.count(crowds, "of them a crowd", "of them crowds"))" : ""
    return "\(split): \(Quantities.count(images, "image")), \(Quantities.count(objects, "object"))\(crowd)"
  }

  private func finding(failure: String, check: String, isNeeded: Bool, _ place: Place) -> Finding {
    let text = place.prefix + failure
    let mending = isConfigurationFault ? "--set data.root=DIR" : DatasetFault.Kind.unreadableSplit.remedy
    let remedy = place.isEverywhere ? mending : Self.spreading
    return isNeeded
      ? .error(check, isConfigurationFault ? .configuration : .data, text, remedy: remedy)
      : .warning(
        check, "\(text); training does not evaluate, 'multibox evaluate' would fail", remedy: remedy)
  }

  private func finding(
    differingFrom root: SplitReading, check: String, split: String, _ place: Place
  ) -> Finding {
    .error(
      check, .data,
      "\(place.text) \(place.text.hasPrefix("ranks") ? "read" : "reads") another split \(split) than rank 0: \(images) images and \(objects) objects, rank 0 \(root.images) and \(root.objects)",
      remedy: "copy the data set anew, or share it by one file system")
  }
}
