import Kernels
import Tensors

/// The sum of two maps, which may still have to be normalised.
///
/// The gradient of the first one is that of the sum, in place; the first one is therefore read by nothing else.
package struct ResidualSum: Layer {
  /// See ``Layer/name``.
  package let name: String

  /// Declares the layer.
  package init(_ name: String) { self.name = name }

  /// None.
  package var variables: [Variable] { [] }
  /// See ``Sharing/gradient``.
  package var sharing: Sharing { .gradient }

  /// The shape of both.
  package func outputShape(for inputs: [Shape]) -> Shape {
    precondition(inputs[0] == inputs[1], "\(name): the sum of \(inputs[0]) and \(inputs[1])")
    return inputs[0]
  }

  /// Nothing.
  package func demand(for inputs: [Shape], _ mode: Mode) -> Demand { Demand() }

  private static let rowsPerTask = 512

  /// See ``Layer/forward(_:)``.
  package func forward(_ pass: ForwardPass) {
    let (one, other, channels) = (pass.inputs[0], pass.inputs[1], pass.output.shape.channels)
    pass.context.pool.forEachRange(pass.output.shape.pixels, grain: Self.rowsPerTask) { rows, _ in
      let at = rows.lowerBound * channels
      pass.context.kernels.maps(pass.output.shape.precision).normalize(
        rows: rows.count, channels: channels, one.tensor.at(at), one.reading ?? Normalization(),
        addend: (UnsafeRawPointer(other.tensor.at(at)), other.reading ?? Normalization()), into: pass.output.at(at))
    }
  }

  /// See ``Layer/backward(_:)``.
  package func backward(_ pass: BackwardPass) {
    guard let gradient = pass.inputGradients[1] else { return }
    let channels = gradient.tensor.shape.channels
    pass.context.pool.forEachRange(gradient.tensor.shape.pixels, grain: Self.rowsPerTask) { rows, _ in
      let precision = gradient.tensor.shape.precision
      let (from, to) = (
        UnsafeRawPointer(pass.outputGradient.at(rows.lowerBound * channels)),
        gradient.tensor.at(rows.lowerBound * channels)
      )
      if gradient.accumulates {
        pass.context.kernels.maps(precision).normalize(
          rows: rows.count, channels: channels, to, Normalization(), addend: (from, Normalization()), into: to)
      } else {
        to.copyMemory(from: from, byteCount: rows.count * channels * precision.byteCount)
      }
    }
  }
}
