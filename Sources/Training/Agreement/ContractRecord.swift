import Configuration
import Datasets
import Exchange
import Files
import Inference

/// What every rank tells all others before an iteration: its share of N, its wishes, and what it believes the job to be.
package struct ContractRecord: BitwiseCopyable {
  /// Optimizer steps taken.
  package var iteration = 0
  /// Matched default boxes of the rank's images.
  package var positives = 0
  /// Images of the rank that stand in for damaged ones.
  package var replacements = 0
  /// Whether the rank was asked to stop.
  package var wantsToStop = false
  /// Whether hosts are to copy what the iteration begins with; rank 0 decides.
  package var keepsCopies = false
  /// Seconds of the last iteration that the rank did not wait for others; 0 before the first one.
  package var busySeconds = 0.0
  /// Of the program: version, commit and compiler; 0 where they are not known.
  package var program: UInt64 = 0
  /// Of the resolved configuration.
  package var configuration: UInt64
  /// Of the training split: files, sizes, boxes.
  package var dataset: UInt64
  /// Of the buckets.
  package var plan: UInt64
  /// Of the weights and momentum, when they are compared; else 0.
  package var parameters: UInt64 = 0

  package init(configuration: UInt64, dataset: UInt64, plan: UInt64) {
    self.configuration = configuration
    self.dataset = dataset
    self.plan = plan
  }

  /// Iterations between two comparisons of the parameters.
  static let parameterInterval = 100

  /// What the records of all ranks, by rank, come to.
  ///
  /// - Throws: ``ContractError`` naming the ranks that differ from rank 0, and in what.
  package static func agreement(_ records: [ContractRecord]) throws(ContractError) -> Agreement {
    let parts: [(String, KeyPath<ContractRecord, UInt64>)] = [
      ("program", \.program), ("configuration", \.configuration), ("training data", \.dataset), ("bucket plan", \.plan),
      ("weights and momentum", \.parameters),
    ]
    var faults: [String] = []
    for (name, part) in parts {
      let others = records.indices.filter { records[$0][keyPath: part] != records[0][keyPath: part] }
      if !others.isEmpty { faults.append("\(name) of \(list(others))") }
    }
    let elsewhere = records.indices.filter { records[$0].iteration != records[0].iteration }
    if !elsewhere.isEmpty { faults.append("iteration of \(list(elsewhere))") }
    guard faults.isEmpty else {
      throw ContractError(
        description:
          "after iteration \(records[0].iteration) these differ from rank 0: \(faults.joined(separator: "; "))")
    }
    return Agreement(
      positives: records.reduce(0) { $0 + $1.positives }, replacements: records.reduce(0) { $0 + $1.replacements },
      stops: records.contains(where: \.wantsToStop), keepsCopies: records[0].keepsCopies,
      busySeconds: records.map(\.busySeconds))
  }

  private static func list(_ ranks: [Int]) -> String {
    (ranks.count == 1 ? "rank " : "ranks ") + ranks.map(String.init).joined(separator: ", ")
  }
}

extension ContractRecord {
  /// The parts that stay as they are for a whole run.
  package init(_ configuration: Configuration, _ dataset: Dataset, _ plan: BucketPlan, build: BuildIdentity?) {
    var hash = ContentHash()
    hash.add(configuration.resolvedYAML)
    self.configuration = hash.value
    if let build {
      hash = ContentHash()
      for part in [build.version, build.commit, build.compiler] { hash.add(part) }
      program = hash.value
    }
    self.dataset = Self.hash(of: dataset)
    hash = ContentHash()
    for bucket in plan.buckets { hash.add(UInt64(bucket.lowerBound)) }
    self.plan = hash.value
  }

  /// Of a split's images: identifiers, sizes, boxes.
  package static func hash(of dataset: Dataset) -> UInt64 {
    var hash = ContentHash()
    for image in dataset.images {
      hash.add(image.identifier)
      hash.add(UInt64(image.width))
      hash.add(UInt64(image.height))
      for object in image.objects {
        let box = object.pixelBox
        for side in [box.xMin, box.yMin, box.xMax, box.yMax] { hash.add(side.bitPattern) }
        hash.add(
          UInt64(object.groundTruth.label) << 2 | (object.groundTruth.isDifficult ? 1 : 0) | (object.isCrowd ? 2 : 0))
      }
    }
    return hash.value
  }
}

/// Ranks of one job that believe different things.
package struct ContractError: SharedFailure, Equatable, CustomStringConvertible {
  /// Which ranks differ from rank 0, and in what.
  package let description: String
}

/// What all ranks know before an iteration.
package struct Agreement {
  /// N, the matched default boxes of the global batch.
  package let positives: Int
  /// Images of the global batch that stand in for damaged ones.
  package let replacements: Int
  /// Whether any rank was asked to stop.
  package let stops: Bool
  /// Whether hosts copy what the iteration begins with.
  package let keepsCopies: Bool
  /// By rank, see ``ContractRecord/busySeconds``.
  package let busySeconds: [Double]
}
