import Detection
import Glibc
import Randomness
import Testing

/// One image's network output and targets, with the loss in double precision beside.
private struct Case {
  let classCount: Int
  let locationWeight: Float
  let targets: MatchedTargets
  var locations: [Float]
  var confidences: [Float]

  var count: Int { targets.labels.count }

  /// Random output for random ground truth on the small layout.
  init(seed: UInt64, classCount: Int, locationWeight: Float = 1, objects: Int) throws {
    var stream = RandomStream(seed: seed, purpose: .test)
    let groundTruth = (0..<objects).map { _ in
      GroundTruth(box: stream.box(minimumSide: 0.2), label: 1 + stream.integer(below: classCount - 1))
    }
    self.classCount = classCount
    self.locationWeight = locationWeight
    targets = Matcher(defaultBoxes: DefaultBoxes(try smallLayout())).match(groundTruth)
    locations = stream.normals(targets.labels.count * 4, scale: 2)
    confidences = stream.normals(targets.labels.count * classCount, scale: 3)
  }

  func evaluate(normalizer: Int) -> (sums: MultiBoxLoss.Sums, locations: [Float], confidences: [Float]) {
    // Gradients are overwritten, whatever was there.
    var locationGradients = [Float](repeating: 7, count: locations.count)
    var confidenceGradients = [Float](repeating: 7, count: confidences.count)
    let sums = MultiBoxLoss(classCount: classCount, locationWeight: locationWeight).evaluate(
      locations: locations, confidences: confidences, targets: targets, normalizer: normalizer,
      locationGradients: &locationGradients, confidenceGradients: &confidenceGradients,
      workspace: MultiBoxLoss.Workspace(defaultBoxCount: count))
    return (sums, locationGradients, confidenceGradients)
  }

  func crossEntropy(_ index: Int, _ confidences: [Double]) -> Double {
    let row = confidences[index * classCount..<(index + 1) * classCount]
    let maximum = row.max() ?? 0
    let label = Int(targets.labels[index])
    return maximum + log(row.reduce(0) { $0 + exp($1 - maximum) }) - confidences[index * classCount + label]
  }

  /// Default boxes in the confidence loss: positives and three times as many of the hardest negatives.
  var selected: [Int] {
    let confidences = confidences.map(Double.init)
    let negatives = (0..<count).filter { targets.labels[$0] == 0 }
      .sorted { crossEntropy($0, confidences) > crossEntropy($1, confidences) }
    return (0..<count).filter { targets.labels[$0] != 0 } + negatives.prefix(3 * targets.positiveCount)
  }

  func confidenceLoss(_ confidences: [Double], selected: [Int]) -> Double {
    selected.reduce(0) { $0 + crossEntropy($1, confidences) }
  }

  func locationLoss(_ locations: [Double]) -> Double {
    var sum = 0.0
    for index in 0..<count where targets.labels[index] != 0 {
      for axis in 0..<4 {
        let distance = abs(locations[index * 4 + axis] - Double(targets.locations[index][axis]))
        sum += distance < 1 ? distance * distance / 2 : distance - 0.5
      }
    }
    return sum
  }
}

/// Derivative of `function` by each element of `point`.
private func centralDifferences(_ point: [Float], _ function: ([Double]) -> Double) -> [Double] {
  let step = 1e-4
  let point = point.map(Double.init)
  return point.indices.map { index in
    var forward = point
    var backward = point
    forward[index] += step
    backward[index] -= step
    return (function(forward) - function(backward)) / (2 * step)
  }
}

@Suite struct MultiBoxLossTests {
  @Test(arguments: [(2, 1), (7, 1), (13, 0.5), (21, 2)] as [(Int, Float)])
  func agreesWithDoublePrecision(classCount: Int, locationWeight: Float) throws {
    for seed in 0..<4 as Range<UInt64> {
      let example = try Case(seed: seed, classCount: classCount, locationWeight: locationWeight, objects: 3)
      let normalizer = example.targets.positiveCount + 5
      let selected = example.selected
      #expect(example.targets.positiveCount >= 3 && selected.count < example.count)
      let (sums, locationGradients, confidenceGradients) = example.evaluate(normalizer: normalizer)

      // A term takes at most classes + 8 roundings of numbers below 32.
      let ulp = Double(Float(1).ulp)
      let roundings = Double(classCount + 8)
      let confidence = example.confidenceLoss(example.confidences.map(Double.init), selected: selected)
      #expect(abs(sums.confidence - confidence) <= Double(selected.count) * roundings * 16 * ulp)
      let location = example.locationLoss(example.locations.map(Double.init))
      #expect(abs(sums.location - location) <= Double(example.targets.positiveCount * 4) * 4 * 32 * ulp)

      // Softmax is at most 1 and takes as many roundings; the differences are exact to about 10⁻⁸.
      let confidenceDifferences = centralDifferences(example.confidences) {
        example.confidenceLoss($0, selected: selected) / Double(normalizer)
      }
      for (actual, expected) in zip(confidenceGradients, confidenceDifferences) {
        #expect(abs(Double(actual) - expected) <= (roundings * ulp + 1e-8) / Double(normalizer))
      }
      let locationDifferences = centralDifferences(example.locations) {
        Double(locationWeight) * example.locationLoss($0) / Double(normalizer)
      }
      for (actual, expected) in zip(locationGradients, locationDifferences) {
        // The second derivative jumps at ±1, where the difference is off by up to a quarter of its step.
        #expect(abs(Double(actual) - expected) <= Double(locationWeight) * 2.6e-5 / Double(normalizer))
      }
      // Boxes that take no part have no gradient at all.
      let silent = Set(0..<example.count).subtracting(selected)
      for index in silent {
        #expect(confidenceGradients[index * classCount..<(index + 1) * classCount].allSatisfy { $0 == 0 })
      }
      let mean = MultiBoxLoss(classCount: classCount, locationWeight: locationWeight)
        .mean(of: sums, normalizer: normalizer)
      #expect(mean == (sums.confidence + Double(locationWeight) * sums.location) / Double(normalizer))
    }
  }

  @Test func withoutPositivesEverythingIsZero() throws {
    let example = try Case(seed: 1, classCount: 5, objects: 0)
    for normalizer in [0, 12] {
      let (sums, locationGradients, confidenceGradients) = example.evaluate(normalizer: normalizer)
      #expect(sums == MultiBoxLoss.Sums())
      #expect(MultiBoxLoss(classCount: 5).mean(of: sums, normalizer: normalizer) == 0)
      #expect(locationGradients.allSatisfy { $0 == 0 } && confidenceGradients.allSatisfy { $0 == 0 })
    }
  }

  /// The normaliser of the global batch scales the gradient and leaves the sums alone.
  @Test func doublingTheNormalizerHalvesTheGradient() throws {
    let example = try Case(seed: 2, classCount: 9, objects: 4)
    let normalizer = example.targets.positiveCount
    let one = example.evaluate(normalizer: normalizer)
    let two = example.evaluate(normalizer: 2 * normalizer)
    #expect(one.sums == two.sums)
    #expect(one.locations == two.locations.map { $0 * 2 })
    #expect(one.confidences == two.confidences.map { $0 * 2 })
  }

  /// Rows whose largest logit differs by 20 000: a maximum over the whole image would underflow.
  @Test func hugeLogitsStayFinite() throws {
    var example = try Case(seed: 3, classCount: 4, objects: 2)
    let positives = (0..<example.count).filter { example.targets.labels[$0] != 0 }
    example.confidences = (0..<example.count).flatMap { index -> [Float] in
      switch example.targets.labels[index] {
      case 0: [1e4, -1e4, -1e4, -1e4]
      default: [-1e4, -1e4, -1e4, -1e4]
      }
    }
    let wrong = positives[0]
    example.confidences[wrong * 4] = 1e4
    let (sums, _, gradients) = example.evaluate(normalizer: positives.count)
    // One positive is wrong by 20 000, the others are undecided among four classes, the negatives are certain.
    let expected = 20_000 + Double(positives.count - 1) * log(4)
    #expect(abs(sums.confidence - expected) <= 1e-7 * expected)
    #expect(gradients.allSatisfy { $0.isFinite })
    let scale = 1 / Float(positives.count)
    #expect(gradients[wrong * 4] == scale)
    #expect(gradients[wrong * 4 + Int(example.targets.labels[wrong])] == -scale)
  }

  /// A NaN anywhere among the confidences of an image with objects is not hidden by mining.
  @Test func undefinedLogitsShow() throws {
    var example = try Case(seed: 4, classCount: 3, objects: 2)
    let negative = try #require(example.targets.labels.lastIndex(of: 0))
    example.confidences[negative * 3 + 1] = .nan
    #expect(example.evaluate(normalizer: 100).sums.confidence.isNaN)
  }
}
