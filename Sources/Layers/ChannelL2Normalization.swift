import CKernels
import Tensors

/// Scales every pixel's channel vector to unit length, then every channel by a learned factor.
///
///     n = sqrt(ε + Σ_c x_c²)        y_c = s_c · x_c / n
///     dx_c = (s_c · dy_c − x_c / n · Σ_k s_k · dy_k · x_k / n) / n        ds_c = Σ_pixels dy_c · x_c / n
///
/// ### Shapes
/// x, y: [batch, height, width, channels]; s: [channels].
///
/// ### Source
/// Liu, Rabinovich and Berg, *ParseNet*, 2015; ε = 1e-10 inside the root as in SSD's release.
package struct ChannelL2Normalization: Layer {
  /// See ``Layer/name``.
  package let name: String
  /// s.
  package let scale: Parameter

  private static let epsilon: Float = 1e-10
  private static let rowsPerChunk = 64

  /// Declares the layer and its parameter.
  package init(_ name: String, parameterName: String, channels: Int, layout: inout ParameterLayout) {
    self.name = name
    scale = layout.add(parameterName, .scale, .vector(count: channels))
  }

  /// The scale.
  package var parameters: [Parameter] { [scale] }
  /// The projection needs x.
  package var backwardReadsInput: Bool { true }
  /// Not needed.
  package var backwardReadsOutput: Bool { false }
  /// The shape of the input.
  package func outputShape(for input: Shape) -> Shape {
    precondition(input.channels == scale.range.count, "\(name) takes \(scale.range.count) channels, got \(input)")
    return input
  }
  /// Not counted: as is usual, only convolutions are.
  package func multiplyAdds(for input: Shape) -> Int { 0 }
  /// 1 / n of every pixel.
  package func stateCount(for input: Shape) -> Int { input.pixels }

  /// See ``Layer/scratch(for:training:)``.
  package func scratch(for input: Shape, training: Bool) -> ScratchSize {
    ScratchSize(common: training ? chunks(input.pixels) * input.channels : 0)
  }

  /// See ``Layer/forward(_:into:state:weights:context:)``.
  package func forward(
    _ input: Tensor, into output: Tensor, state: UnsafeMutablePointer<Float>, weights: ParameterArena,
    context: ExecutionContext
  ) {
    let channels = input.shape.channels
    context.pool.forEachRange(input.shape.pixels, grain: Self.rowsPerChunk) { rows, _ in
      let at = rows.lowerBound * channels
      context.kernels.table.l2_normalize(
        rows.count, channels, Self.epsilon, weights[scale].baseAddress, input.data + at, output.data + at,
        state + rows.lowerBound)
    }
  }

  /// See ``Layer/backward(_:weights:context:)``.
  package func backward(_ pass: BackwardPass, weights: ParameterArena, context: ExecutionContext) {
    let (channels, pixels) = (pass.input.shape.channels, pass.input.shape.pixels)
    let partial = context.scratch
    context.pool.forEachRange(pixels, grain: Self.rowsPerChunk) { rows, _ in
      let at = rows.lowerBound * channels
      context.kernels.table.l2_normalize_gradient(
        rows.count, channels, weights[scale].baseAddress, pass.input.data + at, pass.state + rows.lowerBound,
        pass.outputGradient.data + at, pass.accumulatesInputGradient, pass.inputGradient.map { $0.data + at },
        partial + rows.lowerBound / Self.rowsPerChunk * channels)
    }
    sumParts(partial, parts: chunks(pixels), into: pass.parameterGradients[scale], context: context)
  }

  private func chunks(_ pixels: Int) -> Int { (pixels + Self.rowsPerChunk - 1) / Self.rowsPerChunk }
}
