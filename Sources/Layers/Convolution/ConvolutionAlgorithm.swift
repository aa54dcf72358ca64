import Tensors

/// How the passes of a convolution are computed.
package enum ConvolutionMethod: String, Sendable, CaseIterable {
  /// Tiles where there are some, Winograd's algorithm where it is faster, products of columns in a layout of their own elsewhere.
  case fastest
  /// Products of columns (im2col) by OpenBLAS: slower, with a quarter of Winograd's rounding error.
  case columns
  /// Products of columns in a layout of their own.
  case blockedColumns = "blocked-columns"
  /// Winograd's algorithm wherever it is defined: 3×3 kernels of stride 1.
  case winograd
  /// Tiles of AMX, without a transform, wherever that is defined: several taps, stride 1, bfloat16.
  case tiles
}

/// Multiply–adds of the passes of a convolution, what is multiplied with padding included.
package struct ConvolutionWork: Sendable, Equatable {
  package var forward: Int
  package var weightGradient: Int
  package var inputGradient: Int
}

/// The passes of one convolution over maps of one shape.
protocol ConvolutionAlgorithm {
  /// What it multiplies.
  var work: ConvolutionWork { get }

  /// Scratch that is enough for the passes.
  func scratch(training: Bool) -> ScratchSize

  /// See ``Layer/forward(_:)``.
  func forward(_ pass: ForwardPass)

  /// Both halves of backward. What is left of the output gradient is undefined.
  func backward(_ pass: BackwardPass)

  /// Replaces the output gradient by that before the activation or normalisation, and sets the gradients of the variables.
  func weightGradient(_ pass: BackwardPass)

  /// Sets the input gradient, or adds to it, from what has replaced the output gradient.
  func inputGradient(_ pass: BackwardPass, into inputGradient: BackwardPass.InputGradient)
}

extension ConvolutionAlgorithm {
  func backward(_ pass: BackwardPass) {
    weightGradient(pass)
    if let inputGradient = pass.inputGradient { self.inputGradient(pass, into: inputGradient) }
  }
}
