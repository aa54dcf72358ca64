import MessagePassing

/// How far down the arena a backward pass has come at which time.
package struct GradientCurve: Sendable, Equatable {
  /// Values from `offset` on are final `seconds` after the start.
  package struct Point: Sendable, Equatable {
    package let offset: Int
    package let seconds: Double

    package init(offset: Int, seconds: Double) { (self.offset, self.seconds) = (offset, seconds) }
  }

  /// Offsets fall, seconds grow.
  package let points: [Point]

  package init(_ points: [Point]) { self.points = points }

  /// Seconds until all values from `offset` on are final.
  func seconds(completeFrom offset: Int) -> Double {
    points.first { $0.offset <= offset }?.seconds ?? points.last?.seconds ?? 0
  }
}

/// What a rank computes in an iteration, in seconds, when nothing disturbs it.
package struct RankWork: Sendable, Equatable {
  /// Of one micro-batch.
  package var forward: Double
  /// Matching, mining, loss and its gradient of one micro-batch.
  package var loss: Double
  /// Of one micro-batch.
  package var backward: Double
  /// Of a micro-batch's backward pass.
  package var curve: GradientCurve
  /// Adding two gradients.
  package var addition: Double
  /// Moving all weights.
  package var update: Double
  /// Whether the update waits for the whole gradient, whose length is limited.
  package var clips: Bool
  /// Preparing the images of a micro-batch, beside all else; 0 where that is not known.
  package var loading: Double
  /// The standard deviation of an iteration's seconds, as a share of them.
  package var jitter: Double

  package init(
    forward: Double, loss: Double, backward: Double, curve: GradientCurve, addition: Double, update: Double,
    clips: Bool = false, loading: Double = 0, jitter: Double = 0
  ) {
    (self.forward, self.loss, self.backward, self.curve) = (forward, loss, backward, curve)
    (self.addition, self.update, self.clips) = (addition, update, clips)
    (self.loading, self.jitter) = (loading, jitter)
  }

  /// One process that does all micro-batches of an iteration by itself.
  package func seconds(microBatches: Int) -> Double {
    let compute = Double(microBatches) * (forward + loss + backward) + Double(microBatches - 1) * addition + update
    return max(compute, Double(microBatches) * loading)
  }
}
