import Files
import Foundation
import Images
import Training

/// What the `metrics.jsonl` of a run says.
package struct RunMetrics: Sendable {
  /// The line of an iteration.
  package struct Iteration: Decodable, Sendable {
    package let iteration: Int
    package let epoch: Double
    package let loss: Double?
    package let confidence_loss: Double?
    package let location_loss: Double?
    package let learning_rate: Double
    package let images_per_second: Double?
    package let seconds: [String: Double]
    package let world_size: Int
    package let positives: Int
    package let slowest_rank: SlowestRank?

    /// The rank that had most to do in the iteration before.
    package struct SlowestRank: Decodable, Sendable {
      package let rank: Int
      package let host: String
      package let seconds: Double
      package let median: Double
    }
  }

  /// The line of an evaluation.
  package struct Evaluation: Decodable, Sendable {
    package let iteration: Int
    package let metric: String
    package let split: String?
    package let mAP: Double?
    package let AP: [String: Double?]
    package let images: Int
    package let seconds: Double
  }

  /// The parts of an iteration that `seconds` has, in their order.
  static let phases = PhaseSeconds().phases.map(\.name)

  /// In the order of the run.
  package private(set) var iterations: [Iteration] = []
  /// In the order of the run.
  package private(set) var evaluations: [Evaluation] = []
  /// The builds that trained, the first one first.
  package private(set) var builds: [String] = []

  private struct Build: Decodable {
    let build: String?
  }

  /// Bytes of the file that are read.
  private var position = 0

  /// Of a run that has not begun.
  package init() {}

  /// Reads the file of a run directory; a last line that is not whole is left out.
  ///
  /// - Throws: `FileError` when it cannot be read.
  package init(ofRun directory: String) throws(FileError) {
    try readOn(ofRun: directory)
  }

  /// Reads the file of the run that a checkpoint was written by; nil when it does not lie in its run's directory, or there is none.
  package init?(besideCheckpoint path: String) {
    let directory = URL(fileURLWithPath: path).deletingLastPathComponent()
    guard directory.lastPathComponent == "checkpoints",
      let metrics = try? RunMetrics(ofRun: directory.deletingLastPathComponent().path)
    else { return nil }
    self = metrics
  }

  /// Reads what was written since; all again when the file has become shorter, as it does when a run is resumed from an earlier point.
  ///
  /// - Throws: `FileError` when it cannot be read.
  package mutating func readOn(ofRun directory: String) throws(FileError) {
    let file = try Descriptor(directory + "/metrics.jsonl")
    let size = Int(try file.status().st_size)
    if size < position { (iterations, evaluations, builds, position) = ([], [], [], 0) }
    let text = Data(try file.bytes(at: position, count: size - position))
    guard let end = text.lastIndex(of: UInt8(ascii: "\n")) else { return }
    position += end + 1
    let decoder = JSONDecoder()
    for line in text[...end].split(separator: UInt8(ascii: "\n")) { append(line, decoder) }
  }

  private mutating func append(_ line: Data, _ decoder: JSONDecoder) {
    if let evaluation = try? decoder.decode(Evaluation.self, from: line) {
      evaluations.append(evaluation)
    } else if let iteration = try? decoder.decode(Iteration.self, from: line) {
      iterations.append(iteration)
    }
    // Only few lines have it.
    if line.range(of: Data("\"build\"".utf8)) != nil, let build = try? decoder.decode(Build.self, from: line).build {
      builds.append(build)
    }
  }

  /// A curve over the iterations.
  package func points(_ value: KeyPath<Iteration, Double?>) -> [Point] {
    iterations.compactMap { line in line[keyPath: value].map { Point(x: Double(line.iteration), y: $0) } }
  }

  /// Seconds of training, without evaluations and interruptions, up to the end of each iteration.
  package var secondsOfTraining: [Int: Double] {
    var total = 0.0
    return iterations.reduce(into: [:]) { result, line in
      total += line.seconds.values.reduce(0, +)
      result[line.iteration] = total
    }
  }

  /// The last evaluation after an iteration.
  package func evaluation(at iteration: Int) -> Evaluation? { evaluations.last { $0.iteration == iteration } }

  /// The evaluation with the largest mAP by the last metric, the first of several.
  package var best: Evaluation? {
    evaluations.filter { $0.mAP != nil && $0.metric == evaluations.last?.metric }.reduce(nil) { best, next in
      best.map { $0.mAP! >= next.mAP! } == true ? best : next
    }
  }
}

extension [Point] {
  /// The mean over the last points, a fiftieth of all.
  package var smoothed: [Point] {
    let window = Swift.max(1, count / 50)
    var (sum, result) = (0.0, [Point]())
    for index in indices {
      sum += self[index].y - (index >= window ? self[index - window].y : 0)
      result.append(Point(x: self[index].x, y: sum / Double(Swift.min(window, index + 1))))
    }
    return result
  }

  /// At most so many points: the means of runs of neighbours.
  package func thinned(to limit: Int) -> [Point] {
    guard count > limit else { return self }
    return (0..<limit).map { part in
      let run = self[part * count / limit..<(part + 1) * count / limit]
      return Point(x: run.last!.x, y: run.reduce(0) { $0 + $1.y } / Double(run.count))
    }
  }
}
