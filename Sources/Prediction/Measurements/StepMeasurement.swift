import Foundation

/// What `multibox benchmark step --json` wrote.
package struct StepMeasurement: Sendable, Equatable {
  /// The network and how it was computed.
  package struct Shape: Sendable, Equatable, Decodable {
    package var model: String
    package var widthMultiplier: Float
    package var classes: Int
    package var microBatch: Int
    package var precision: String
    /// The last of the layers that kept their weights; nil when all were trained.
    package var freeze: String?

    private enum CodingKeys: String, CodingKey {
      case model, classes, precision, freeze
      case widthMultiplier = "width_multiplier"
      case microBatch = "micro_batch"
    }

    package init(
      model: String, widthMultiplier: Float, classes: Int, microBatch: Int, precision: String, freeze: String? = nil
    ) {
      (self.model, self.widthMultiplier, self.classes) = (model, widthMultiplier, classes)
      (self.microBatch, self.precision, self.freeze) = (microBatch, precision, freeze)
    }

    /// What is otherwise than in `other`, as "classes 7 for 21".
    func differences(from other: Shape) -> [String] {
      [
        ("network", model, other.model), ("width", "\(widthMultiplier)", "\(other.widthMultiplier)"),
        ("classes", "\(classes)", "\(other.classes)"), ("micro-batch", "\(microBatch)", "\(other.microBatch)"),
        ("precision", precision, other.precision), ("frozen layers", freeze ?? "none", other.freeze ?? "none"),
      ].filter { $0.1 != $0.2 }.map { "\($0.0) \($0.1), not \($0.2)" }
    }
  }

  /// The name of its file.
  package var file: String
  package var program: ProgramVersion
  package var shape: Shape
  /// Micro-batches of a measured iteration.
  package var microBatches: Int
  /// Compute threads.
  package var threads: Int
  /// Processors that the process could use.
  package var processors: Int
  /// Values of the arena that gradients lie in.
  package var arenaCount: Int
  /// Seconds of one micro-batch's passes, of adding two gradients (nil when there was one micro-batch), and of the update.
  package var forward, loss, backward: Double
  package var addition: Double?
  package var update: Double
  /// Of one micro-batch's backward pass.
  package var curve: GradientCurve
  /// Seconds of every iteration.
  package var seconds: [Double]
  /// Bytes a second that all threads, or one alone, read and write when they copy memory.
  package var memoryBandwidth, threadMemoryBandwidth: Double
}

extension StepMeasurement {
  private struct Content: Decodable {
    struct Curve: Decodable {
      let offsets: [Int]
      let seconds: [Double]
    }
    let build: ProgramVersion
    let batch: Int
    let threads: Int
    let processors: Int
    let arena_values: Int
    let phases: [String: Double]
    let gradient_curve: Curve
    let seconds: [Double]
    let memory_gigabytes_per_second: Double
    let thread_memory_gigabytes_per_second: Double
  }

  init(_ data: Data, file: String) throws {
    let (content, shape) = (
      try JSONDecoder().decode(Content.self, from: data), try JSONDecoder().decode(Shape.self, from: data)
    )
    func phase(_ name: String) throws -> Double {
      guard let value = content.phases[name], value.isFinite, value >= 0 else {
        throw PredictionError("phases.\(name)")
      }
      return value
    }
    func require(_ isSound: Bool, _ key: String) throws { if !isSound { throw PredictionError(key) } }
    try require(shape.microBatch > 0 && content.batch >= shape.microBatch, "batch")
    try require(content.batch.isMultiple(of: shape.microBatch), "micro_batch")
    try require(content.threads > 0 && content.processors > 0, "threads")
    try require(!content.seconds.isEmpty && content.seconds.allSatisfy { $0 > 0 && $0.isFinite }, "seconds")
    let curve = content.gradient_curve
    try require(
      !curve.offsets.isEmpty && curve.offsets.count == curve.seconds.count && curve.offsets.last! >= 0
        && zip(curve.offsets, curve.offsets.dropFirst()).allSatisfy { $0 >= $1 }
        && curve.offsets[0] <= content.arena_values
        && curve.seconds.allSatisfy { $0 >= 0 && $0.isFinite }, "gradient_curve")
    try require(
      content.memory_gigabytes_per_second > 0 && content.thread_memory_gigabytes_per_second > 0,
      "memory_gigabytes_per_second")
    let count = content.batch / shape.microBatch
    // Medians of two instants may change places.
    var reached = 0.0
    let points = zip(curve.offsets, curve.seconds).map { offset, seconds in
      reached = max(reached, seconds)
      return GradientCurve.Point(offset: offset, seconds: reached)
    }
    self.init(
      file: file, program: content.build, shape: shape, microBatches: count, threads: content.threads,
      processors: content.processors, arenaCount: content.arena_values, forward: try phase("forward") / Double(count),
      loss: try phase("loss") / Double(count), backward: try phase("backward") / Double(count),
      addition: count > 1 ? try phase("gradient_sum") / Double(count - 1) : nil, update: try phase("update"),
      curve: GradientCurve(points), seconds: content.seconds,
      memoryBandwidth: content.memory_gigabytes_per_second * 1e9,
      threadMemoryBandwidth: content.thread_memory_gigabytes_per_second * 1e9)
  }

  /// Fewer iterations say little about their spread.
  private static let fewest = 10

  /// The standard deviation of an iteration, as a share of its median, from the quartiles, which a single disturbance does not move; nil
  /// where there are too few.
  package var jitter: Double? {
    guard seconds.count >= Self.fewest else { return nil }
    let sorted = seconds.sorted()
    func quantile(_ share: Double) -> Double {
      let place = share * Double(sorted.count - 1)
      let below = Int(place)
      let above = min(below + 1, sorted.count - 1)
      return sorted[below] + (place - Double(below)) * (sorted[above] - sorted[below])
    }
    // The quartiles of a normal distribution are 1.349 deviations apart.
    return (quantile(0.75) - quantile(0.25)) / 1.349 / quantile(0.5)
  }
}
