import Kernels
import Tensors

/// Where the result of a convolution goes that a batch normalisation follows, and how its readers and its gradient come by the values.
///
/// The map in memory is usually z, what the normalisation reads: readers compute y on the way. Layers that cannot do so need the map to be y;
/// z is then a part of the state. In evaluation the map is y anyway.
struct NormalizedOutput: Sendable {
  let normalization: BatchNormalization
  /// Whether the map is y in training too.
  let isComputed: Bool

  /// Bytes of the state, with an output of the given shape.
  func stateBytes(_ output: Shape) -> Int { normalization.stateBytes + (isComputed ? output.byteCount : 0) }

  /// What a layer with this output keeps.
  func demand(_ output: Shape) -> Demand {
    Demand(
      stateBytes: stateBytes(output), keepsOutput: !isComputed,
      describesOutput: !isComputed)
  }

  /// What readers have to do with the map.
  func pending(state: UnsafeMutableRawPointer, _ mode: Mode) -> PendingNormalization? {
    isComputed || mode == .evaluation
      ? nil : normalization.pending(state.assumingMemoryBound(to: Float.self))
  }

  /// Where z goes, or in evaluation y.
  func target(_ pass: ForwardPass) -> Tensor {
    isComputed && pass.mode == .training
      ? Tensor(pass.output.shape, at: pass.state + normalization.stateBytes) : pass.output
  }

  private static let rowsPerTask = 512

  /// A forward pass.
  ///
  /// - Parameters:
  ///   - bias: of the convolution.
  ///   - convolve: computes the convolution: what becomes of its sums, where they go, and what is to be called with their moments, if they are
  ///     wanted.
  func forward(
    _ pass: ForwardPass, bias: UnsafePointer<Float>?,
    _ convolve: (
      _ finish: Normalization, _ target: Tensor,
      _ observe: ((_ moments: UnsafePointer<Float>, _ counts: [Int]) -> Void)?
    ) -> Void
  ) {
    let finish = normalization.prepare(pass.mode, pass.weights, bias: bias, state: pass.floats)
    func observe(_ moments: UnsafePointer<Float>, _ counts: [Int]) {
      normalization.observe(
        moments, counts: counts, pass.weights, state: pass.floats, kernels: pass.context.kernels)
    }
    convolve(finish, target(pass), normalization.takesMoments(pass.mode) ? observe : nil)
    if isComputed, pass.mode == .training { compute(pass) }
  }

  /// y from z.
  private func compute(_ pass: ForwardPass) {
    let (z, channels) = (target(pass), pass.output.shape.channels)
    pass.context.pool.forEachRange(z.shape.pixels, grain: Self.rowsPerTask) { rows, _ in
      let at = rows.lowerBound * channels
      pass.context.kernels.maps(z.shape.precision).normalize(
        rows: rows.count, channels: channels, z.at(at), normalization.reading(pass.floats), into: pass.output.at(at))
    }
  }

  /// See ``Layer/leaveAverages(state:in:)``.
  func leaveAverages(state: UnsafeMutableRawPointer, in gradients: VariableArena) {
    normalization.leaveAverages(state.assumingMemoryBound(to: Float.self), in: gradients)
  }

  /// See ``BatchNormalization/gradient(of:_:state:)``; also z.
  func gradient(_ pass: BackwardPass) -> (z: Tensor, NormalizationGradient) {
    let z = target(pass.forward)
    return (z, normalization.gradient(of: z, pass, state: pass.forward.floats))
  }
}
