import Glibc
import Kernels

/// What is detected: scores and overlaps, the same with every instruction set.
extension KernelCase {
  static let detections = [KernelCase("score_keys", scoreKeys), KernelCase("overlaps_box", overlapsBox)]

  private static func scoreKeys(_ trial: Trial) {
    for classes in [2, 21] {
      for threshold: Float in [0, 0.05, 0.6] {
        let rows = trial.size
        let logits = trial.numbers(rows * classes)
        for index in 0..<logits.count { logits[index] *= 200 * abs(trial.number()) }
        let bad = rows == 0 ? nil : trial.stream.integer(below: rows)
        if let bad { logits[bad * classes + trial.stream.integer(below: classes)] = .nan }
        let (keys, reaches) = (
          trial.unset((classes - 1) * rows, of: Int32.self), trial.unset(rows, of: UInt8.self)
        )
        trial.kernels.scoreKeys(
          logits.start, rows: rows, classes: classes, threshold: threshold, into: keys.start, reaches: reaches.start)
        for row in 0..<rows {
          let scores = singleScores((0..<classes).map { logits[row * classes + $0] })
          let isAbove = scores.map { $0 > threshold }
          trial.expect(reaches, row, is: isAbove.dropFirst().contains(true) ? 1 : 0)
          for label in 1..<classes {
            let place = (label - 1) * rows + row
            trial.expect(keys, place, is: isAbove[label] ? Int32(bitPattern: scores[label].bitPattern) : -1)
            expectScore(trial, keys[place], row == bad ? nil : score(logits, row, label, of: classes), threshold)
          }
        }
      }
    }
  }

  /// Softmax in single precision, one operation after the other, with the powers of `exponential(ofNonpositive:)`.
  private static func singleScores(_ logits: [Float]) -> [Float] {
    let largest = logits.dropFirst().reduce(logits[0]) { $1 > $0 ? $1 : $0 }
    let powers = logits.map { power($0 - largest) }
    let sum = powers.dropFirst().reduce(powers[0], +)
    return powers.map { $0 / sum }
  }

  /// Cephes' `expf`.
  private static func power(_ x: Float) -> Float {
    let x = x < -87 ? -87 : x
    let shifted = x * 1.442_695_04 + 0x1.8p23
    let exponent = shifted - 0x1.8p23
    let r = x - exponent * 0.693_359_375 + exponent * 2.121_944_4e-4
    let coefficients: [Float] = [
      1.398_199_95e-3, 8.333_451_9e-3, 4.166_579_6e-2, 1.666_666_55e-1, 5.000_000_1e-1,
    ]
    let p = coefficients.reduce(1.987_569_15e-4 as Float) { $0 * r + $1 }
    let mantissa = p * (r * r) + r + 1
    return mantissa * Float(bitPattern: (shifted.bitPattern << 23) &+ 0x3F80_0000)
  }

  /// Softmax in double precision.
  private static func score(_ logits: Memory<Float>, _ row: Int, _ label: Int, of classes: Int) -> Double {
    let numbers = (0..<classes).map { Double(logits[row * classes + $0]) }
    let largest = numbers.max()!
    return exp(numbers[label] - largest) / numbers.reduce(0) { $0 + exp($1 - largest) }
  }

  /// A key is that of the score, but of none that is not above the threshold, or no number.
  private static func expectScore(_ trial: Trial, _ key: Int32, _ expected: Double?, _ threshold: Float) {
    guard let expected else { return trial.require(key == -1, "key \(key) of NaN") }
    // Exponentials, their sum and a quotient, and the difference of logits, which counts for more the larger it is; below e⁻⁸⁷ powers
    // stay where they are.
    let allowed = (30 - log(expected)) * Double(Float.ulpOfOne) * expected + 2e-38
    if key == -1 {
      trial.require(expected <= Double(threshold) + allowed, "no key of \(expected), threshold \(threshold)")
    } else {
      let value = Float(bitPattern: UInt32(bitPattern: key))
      trial.require(value > threshold && abs(Double(value) - expected) <= allowed, "\(value), not \(expected)")
    }
  }

  private static func overlapsBox(_ trial: Trial) {
    let size = Kernels.boxGroup
    let groups = (trial.size + size - 1) / size
    let others = trial.numbers(groups * 5 * size)
    for index in 0..<others.count { others[index] = 0 }
    var boxes: [[Float]] = []
    for index in 0..<trial.size {
      // Some without area.
      let box = randomBox(trial, extent: trial.stream.chance(0.1) ? 0 : 0.5)
      boxes.append(box)
      for (row, number) in (box + [(box[2] - box[0]) * (box[3] - box[1])]).enumerated() {
        others[index / size * 5 * size + row * size + index % size] = number
      }
    }
    for _ in 0..<20 {
      let box =
        trial.size > 0 && trial.stream.chance(0.2)
        ? boxes[trial.stream.integer(below: trial.size)] : randomBox(trial, extent: 0.5)
      let largest = boxes.map { overlap(box, $0) }.max() ?? 0
      // At the largest IoU itself, below and above it.
      for threshold in [largest, largest.nextDown, largest / 2, 0.9] where threshold >= 0 {
        let found = trial.kernels.hasOverlap(
          left: box[0], top: box[1], right: box[2], bottom: box[3], others: others.start, groups: groups,
          threshold: threshold)
        trial.require(found == (largest > threshold), "\(found) for IoU \(largest), threshold \(threshold)")
      }
    }
  }

  private static func randomBox(_ trial: Trial, extent: Float) -> [Float] {
    let (x, y) = (trial.number(), trial.number())
    return [x, y, x + extent * abs(trial.number()), y + extent * abs(trial.number())]
  }

  /// IoU in the order in which the kernel computes.
  private static func overlap(_ one: [Float], _ other: [Float]) -> Float {
    let width = max(min(one[2], other[2]) - max(one[0], other[0]), 0)
    let height = max(min(one[3], other[3]) - max(one[1], other[1]), 0)
    let shared = width * height
    let united =
      (other[2] - other[0]) * (other[3] - other[1]) + (one[2] - one[0]) * (one[3] - one[1]) - shared
    return united > 0 ? shared / united : 0
  }
}
