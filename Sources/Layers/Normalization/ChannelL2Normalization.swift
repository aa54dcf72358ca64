import Kernels
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
  package let scale: Variable

  /// ε.
  package static let epsilon: Float = 1e-10
  private static let rowsPerChunk = 64

  /// Declares the layer and its variable.
  ///
  /// - Parameter start: the first value of every s.
  package init(_ name: String, variableName: String, channels: Int, start: Float = 20, layout: inout VariableLayout) {
    self.name = name
    scale = layout.add(
      variableName, .vector(count: channels), start: .constant(start), update: .weight)
  }

  /// The scale.
  package var variables: [Variable] { [scale] }

  /// The shape of the input.
  package func outputShape(for inputs: [Shape]) -> Shape {
    precondition(
      inputs[0].channels == scale.range.count, "\(name) takes \(scale.range.count) channels, got \(inputs[0])")
    return inputs[0]
  }

  /// Backward projects onto x, and forward leaves 1 / n of every pixel. Multiply–adds are not counted: as is usual, only those of
  /// convolutions are.
  package func demand(for inputs: [Shape], _ mode: Mode) -> Demand {
    let input = inputs[0]
    return Demand(
      stateBytes: input.pixels * MemoryLayout<Float>.stride,
      scratch: ScratchSize(commonFloats: mode == .training ? chunks(input.pixels) * input.channels : 0),
      keepsInputs: true)
  }

  /// See ``Layer/forward(_:)``.
  package func forward(_ pass: ForwardPass) {
    let (input, output) = (pass.input, pass.output)
    let inverseNorms = pass.state.assumingMemoryBound(to: Float.self)
    let channels = input.shape.channels
    pass.context.pool.forEachRange(input.shape.pixels, grain: Self.rowsPerChunk) { rows, _ in
      let at = rows.lowerBound * channels
      pass.context.kernels.maps(input.shape.precision).l2Normalize(
        rows: rows.count, channels: channels, epsilon: Self.epsilon, scale: pass.weights[scale].baseAddress!,
        input.at(at), into: output.at(at), inverseNorms: inverseNorms + rows.lowerBound)
    }
  }

  /// See ``Layer/backward(_:)``.
  package func backward(_ pass: BackwardPass) {
    let (channels, pixels) = (pass.input.shape.channels, pass.input.shape.pixels)
    let inverseNorms = pass.forward.state.assumingMemoryBound(to: Float.self)
    let partial = pass.context.scratch
    pass.context.pool.forEachRange(pixels, grain: Self.rowsPerChunk) { rows, _ in
      let at = rows.lowerBound * channels
      pass.context.kernels.maps(pass.input.shape.precision).l2NormalizeGradient(
        rows: rows.count, channels: channels, scale: pass.weights[scale].baseAddress!, pass.input.at(at),
        inverseNorms: inverseNorms + rows.lowerBound, outputGradient: pass.outputGradient.at(at),
        accumulates: pass.inputGradient?.accumulates ?? false, into: pass.inputGradient.map { $0.tensor.at(at) },
        scaleSums: partial + rows.lowerBound / Self.rowsPerChunk * channels)
    }
    sumParts(partial, parts: chunks(pixels), into: pass.gradients[scale], context: pass.context)
  }

  private func chunks(_ pixels: Int) -> Int { (pixels + Self.rowsPerChunk - 1) / Self.rowsPerChunk }
}
