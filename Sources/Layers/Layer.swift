import Tensors

/// A function of one feature map with a hand-written gradient.
///
/// A layer is a description: it owns no memory. Weights, activations, state and scratch are handed to it, planned once for the
/// whole graph. All methods give the same bits for any number of threads.
package protocol Layer: Sendable {
  /// Unique in a graph, e.g. "conv4_3".
  var name: String { get }
  /// The learned parameters, if any.
  var parameters: [Parameter] { get }
  /// Whether ``backward(_:weights:context:)`` reads the forward input.
  var backwardReadsInput: Bool { get }
  /// Whether ``backward(_:weights:context:)`` reads the forward output.
  var backwardReadsOutput: Bool { get }

  /// The shape of the output.
  func outputShape(for input: Shape) -> Shape
  /// Multiply–add operations of one forward pass.
  func multiplyAdds(for input: Shape) -> Int
  /// Floats that forward leaves for backward, beside input and output.
  func stateCount(for input: Shape) -> Int
  /// Scratch memory of forward, and of backward when `training`.
  func scratch(for input: Shape, training: Bool) -> ScratchSize

  /// Computes `output` from `input`.
  func forward(
    _ input: Tensor, into output: Tensor, state: UnsafeMutablePointer<Float>, weights: ParameterArena,
    context: ExecutionContext)
  /// Computes the gradients of the parameters, and of the input when it is wanted.
  func backward(_ pass: BackwardPass, weights: ParameterArena, context: ExecutionContext)
}

/// What a layer's backward reads and writes.
package struct BackwardPass {
  /// The forward input; undefined where the layer said it does not read it.
  package let input: Tensor
  /// The forward output; undefined where the layer said it does not read it.
  package let output: Tensor
  /// What forward left.
  package let state: UnsafeMutablePointer<Float>
  /// Gradient of the loss with respect to the output; the layer may overwrite it.
  package let outputGradient: Tensor
  /// Where the gradient with respect to the input goes; nil when nobody wants it.
  package let inputGradient: Tensor?
  /// Whether the input gradient is added to what is there (another consumer of the same input came before).
  package let accumulatesInputGradient: Bool
  /// Where the gradients of the parameters go; they are set, not added to.
  package let parameterGradients: ParameterArena

  /// Creates the description of a pass.
  package init(
    input: Tensor, output: Tensor, state: UnsafeMutablePointer<Float>, outputGradient: Tensor, inputGradient: Tensor?,
    accumulatesInputGradient: Bool, parameterGradients: ParameterArena
  ) {
    self.input = input
    self.output = output
    self.state = state
    self.outputGradient = outputGradient
    self.inputGradient = inputGradient
    self.accumulatesInputGradient = accumulatesInputGradient
    self.parameterGradients = parameterGradients
  }
}
