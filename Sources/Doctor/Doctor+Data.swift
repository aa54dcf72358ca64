import Configuration
import Datasets

/// What the doctor asks of the data set.
extension Doctor {
  private static let training = "training data"
  private static let evaluation = "evaluation data"

  /// A split as far as it can be used, and its images' content.
  private struct Examined {
    let dataset: Dataset
    let pixels: PixelReading?
  }

  /// Reads both splits, lists all their faults, and tells what the objects of the training split are like. Collective.
  func examineData() throws {
    guard let configuration else { return }
    let data = configuration.data
    let training = try examine(data.trainSplit, check: Self.training, isNeeded: true)
    let evaluation = try data.evaluationSplit.flatMap {
      try examine($0, check: Self.evaluation, isNeeded: evaluates)
    }
    findings = Self.sayingOnce(findings)
    guard communicator.isRoot, let training else { return }
    job.board.enter("examining objects")
    var isOneSplit = false
    if let split = data.evaluationSplit {
      isOneSplit = try configuration.sources(data.trainSplit) == configuration.sources(split)
      if isOneSplit {
        findings.append(
          .warning(
            Self.evaluation, "\(split) is the split that is trained on",
            remedy: "--set data.evaluation_split=SPLIT of other images, or scores will promise too much"))
      }
    } else {
      findings.append(
        .ok(
          Self.evaluation,
          "none: data.evaluation_split is null, training does not evaluate and 'multibox evaluate' needs --split"))
    }
    if let pixels = training.pixels {
      let other = isOneSplit ? nil : evaluation?.pixels
      findings += PixelReading.sharedContent(training: pixels, evaluation: other).map { trouble in
        trouble.finding(trouble.kind == .sharedContent ? Self.evaluation : Self.training, isNeeded: true)
      }
    }
    let statistics = ObjectStatistics(training.dataset, difficult: data.difficult)
    if let trouble = statistics.trouble { findings.append(trouble.finding(Self.training, isNeeded: true)) }
    findings.append(statistics.classFinding)
    findings.append(statistics.sizeFinding(inputSide: configuration.model.architecture.input.width))
    if let finding = statistics.reachFinding(configuration.model.defaultBoxes) { findings.append(finding) }
    trainingImageCount = training.dataset.images.count
  }

  /// Findings where what is wrong with both splits alike, as a missing directory, is said of the first alone.
  private static func sayingOnce(_ findings: [Finding]) -> [Finding] {
    /// Where something is wrong, and what.
    func parts(_ finding: Finding) -> (place: Substring, reason: Substring)? {
      guard finding.status != .ok, let colon = finding.message.firstRange(of: ": ") else { return nil }
      return (finding.message[..<colon.lowerBound], finding.message[colon.upperBound...])
    }
    let said = Set(findings.filter { $0.check == training }.compactMap { parts($0)?.reason })
    return findings.map { finding in
      guard finding.check == evaluation, let (place, reason) = parts(finding), said.contains(reason) else {
        return finding
      }
      return Finding(
        check: evaluation, status: finding.status, message: "\(place): the same as of the training data",
        remedy: finding.remedy == nil ? nil : "as for the training data")
    }
  }

  /// Nothing when the split has no image that can be used, or the ranks do not see the same. Collective.
  private func examine(_ split: SplitChoice, check: String, isNeeded: Bool) throws -> Examined? {
    guard let configuration else { return nil }
    let (own, dataset) = SplitReading.read(configuration, split: split, job: job)
    job.board.enter("waiting for other ranks to read the split \(split)", waitsForOthers: true)
    let all = try communicator.allGatherCodable(own)
    let goesOn =
      check == Self.training
      ? configuration.data.damagedImages == .replace : configuration.evaluation.damagedImages == .skip
    findings += SplitReading.findings(
      all, check: check, split: "\(split)", hosts: hosts, isNeeded: isNeeded, leavesOut: goesOn)
    guard let dataset, own.images > 0, all.allSatisfy({ $0.hash == own.hash && $0.failure == nil }) else { return nil }
    guard readsPixels else { return Examined(dataset: dataset, pixels: nil) }
    // What is left out for its size may be a copy of another image.
    let others = all.allSatisfy { $0.troubles == own.troubles } ? dataset.faults.imagesOfOtherSize : []
    let files = dataset.images.map(\.imagePath) + others
    let pixels = try PixelReading(files, limit: configuration.data.imageLimit, job: job)
    findings += pixels.troubles.map { $0.finding(check, isNeeded: isNeeded && !goesOn) }
    return Examined(dataset: dataset, pixels: pixels)
  }
}
