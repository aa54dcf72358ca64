import Kernels
import Tensors

/// A function of one or more feature maps with a hand-written gradient.
///
/// A layer is a description: it owns no memory. Weights, activations, state and scratch are handed to it, planned once for the
/// whole graph. All methods give the same bits for any number of threads.
package protocol Layer: Sendable {
  /// Unique in a graph, e.g. "conv4_3".
  var name: String { get }
  /// What the layer keeps from one iteration to the next, if anything.
  var variables: [Variable] { get }

  /// The shape of the output.
  func outputShape(for inputs: [Shape]) -> Shape
  /// What the layer needs to compute.
  func demand(for inputs: [Shape], _ mode: Mode) -> Demand

  /// Computes the output from the inputs.
  func forward(_ pass: ForwardPass)
  /// Computes the gradients of the variables, and of those inputs for which they are wanted.
  func backward(_ pass: BackwardPass)

  /// Writes the values that running averages are to move to where gradients go; called before the first layer's backward.
  func leaveAverages(state: UnsafeMutableRawPointer, in gradients: VariableArena)

  /// What of the output lies in the memory of the first input.
  var sharing: Sharing { get }
  /// What readers of the output have still to do with its values, after a forward pass; nil where they are as they should be.
  ///
  /// - Parameters:
  ///   - state: of the layer.
  ///   - input: what is to be done with the first input.
  func pending(state: UnsafeMutableRawPointer, input: PendingNormalization?, _ mode: Mode) -> PendingNormalization?
}

/// What of a layer's output lies in the memory of its first input, which no other layer may need then.
package enum Sharing: Sendable {
  /// Nothing.
  case nothing
  /// The gradient: that of the input is that of the output.
  case gradient
  /// The values too: the layer only adds to what readers have to do with them.
  case everything
}

extension Layer {
  /// None.
  package func leaveAverages(state: UnsafeMutableRawPointer, in gradients: VariableArena) {}
  /// Nothing.
  package var sharing: Sharing { .nothing }
  /// Nothing.
  package func pending(
    state: UnsafeMutableRawPointer, input: PendingNormalization?, _ mode: Mode
  ) -> PendingNormalization? { nil }

  /// The shape of the output of a layer that reads one map.
  package func outputShape(for input: Shape) -> Shape { outputShape(for: [input]) }
}

/// What a forward pass is for.
package enum Mode: Sendable {
  /// Backward follows.
  case training
  /// Only the output counts.
  case evaluation
}

/// What a layer needs to compute, for inputs of given shapes.
package struct Demand: Sendable, Equatable {
  /// Multiply–adds of a forward pass.
  package var multiplyAdds = 0
  /// Bytes that forward leaves for backward, beside inputs and output.
  package var stateBytes = 0
  /// Memory that does not outlive a pass.
  package var scratch = ScratchSize()
  /// Whether backward reads the forward inputs.
  package var keepsInputs = false
  /// Whether backward reads the forward output.
  package var keepsOutput = false
  /// Whether readers of the output need the state, see ``Layer/pending(state:input:_:)``.
  package var describesOutput = false

  /// Nothing at all, by default.
  package init(
    multiplyAdds: Int = 0, stateBytes: Int = 0, scratch: ScratchSize = ScratchSize(), keepsInputs: Bool = false,
    keepsOutput: Bool = false, describesOutput: Bool = false
  ) {
    self.multiplyAdds = multiplyAdds
    self.stateBytes = stateBytes
    self.scratch = scratch
    self.keepsInputs = keepsInputs
    self.keepsOutput = keepsOutput
    self.describesOutput = describesOutput
  }
}

/// A feature map as a layer reads it.
package struct FeatureMap {
  /// The values in memory.
  package let tensor: Tensor
  /// What is to be done with them when they are read; nil for nothing.
  package let pending: PendingNormalization?
  /// Which pixels the values belong to, where they are those of the maxima of windows and all other pixels are zero; nil for a value of every pixel.
  private(set) var maxima: Maxima?

  /// A map of values, as they should be if there is nothing to be done with them.
  package init(_ tensor: Tensor, pending: PendingNormalization? = nil) {
    self.tensor = tensor
    self.pending = pending
  }

  /// For the kernels.
  package var reading: Normalization? { pending?.reading }

  /// A gradient that is zero but for the maxima of its windows, of which it has the values alone.
  init(gradientOf maxima: Maxima?, _ tensor: Tensor) {
    self.init(tensor)
    self.maxima = maxima
  }
}

/// A batch normalisation and its activation that readers of a map still have to do, as they are not worth a pass of their own.
package struct PendingNormalization {
  /// For the kernels.
  package var reading: Normalization
  /// What the normalisation wants to know of its gradient; nil where it does not.
  package var gradientSums: GradientSums?

  package init(reading: Normalization, gradientSums: GradientSums? = nil) {
    self.reading = reading
    self.gradientSums = gradientSums
  }
}

/// Sums of the gradient of a batch normalisation's result, which who writes the gradient can take on the way:
/// `normalizationGradientSums` of the kernels.
package struct GradientSums {
  /// By channel.
  package let mean: UnsafePointer<Float>
  /// [2][channels].
  package let sums: UnsafeMutablePointer<Float>
  /// Other than 0 where the sums are there.
  package let areKnown: UnsafeMutablePointer<Float>

  /// Adds the sums of parts, [part][2][channels], in order; the first part becomes them all.
  func set(_ partSums: UnsafeMutablePointer<Float>, parts: Int, channels: Int, context: ExecutionContext) {
    let all = UnsafeMutableBufferPointer(start: sums, count: 2 * channels)
    sumParts(partSums, parts: parts, into: all, context: context)
    areKnown.pointee = 1
  }
}

/// A max pooling that the layer before does with what it writes, see ``FusedPoolings``.
package struct PoolingOfOutput {
  /// The windows.
  package let geometry: PoolingGeometry
  /// The place of each maximum in its window, or none where no gradient passes, for backward; nil where that does not follow.
  package let argmax: UnsafeMutablePointer<UInt8>?

  /// For the kernels.
  var maxima: Maxima? { argmax.map { Maxima(geometry, argmax: $0) } }
}

/// What a layer's forward reads and writes.
package struct ForwardPass {
  /// The feature maps that the layer reads.
  package let inputs: [FeatureMap]
  /// The feature map that it writes.
  package let output: Tensor
  /// The pooling of the map, when ``output`` is what that leaves of it; nil otherwise.
  package var pooling: PoolingOfOutput?
  /// ``Demand/stateBytes`` for backward.
  package let state: UnsafeMutableRawPointer
  /// The values of all variables.
  package let weights: VariableArena
  /// What the pass is for.
  package let mode: Mode
  /// Threads, kernels, scratch.
  package let context: ExecutionContext

  /// Creates the description of a pass.
  package init(
    inputs: [FeatureMap], output: Tensor, state: UnsafeMutableRawPointer, weights: VariableArena, mode: Mode,
    context: ExecutionContext
  ) {
    self.inputs = inputs
    self.output = output
    self.state = state
    self.weights = weights
    self.mode = mode
    self.context = context
  }

  /// The feature map of a layer that reads one, and can read it only as it is.
  package var input: Tensor {
    precondition(inputs[0].reading == nil, "a map that is still to be normalised")
    return inputs[0].tensor
  }
  /// The state as floats.
  package var floats: UnsafeMutablePointer<Float> { state.assumingMemoryBound(to: Float.self) }

  /// Bytes of a map that the caches still hold when the next layer reads it: a quarter of a usual last-level cache, which ranks share.
  private static let cachedBytes = 8 << 20

  /// How the output, or what is kept in its place, is written: past the caches in training, which keeps more maps than any cache holds.
  package var writing: MapWriting {
    mode == .evaluation && output.shape.byteCount <= Self.cachedBytes ? .sets : .setsPastCaches
  }
}

/// What a layer's backward reads and writes.
package struct BackwardPass {
  /// Where the gradient with respect to an input goes.
  package struct InputGradient {
    /// The memory.
    package let tensor: Tensor
    /// Whether it is added to what is there (another consumer of the same input came before).
    package let accumulates: Bool
    /// Whether nothing is added to it later.
    package let isLast: Bool
    /// How it is written.
    package var writing: MapWriting { accumulates ? .adds : .setsPastCaches }

    /// Creates the description of a gradient.
    package init(_ tensor: Tensor, accumulates: Bool, isLast: Bool = false) {
      self.tensor = tensor
      self.accumulates = accumulates
      self.isLast = isLast
    }
  }

  /// The pass that went before; inputs and output are undefined where the layer does not demand them.
  package let forward: ForwardPass
  /// Gradient of the loss with respect to the output, of the precision of the first input; the layer may overwrite it.
  package let outputGradient: Tensor
  /// For every input; nil when nobody wants its gradient.
  package let inputGradients: [InputGradient?]
  /// Where the gradients of the variables go; they are set, not added to.
  package let gradients: VariableArena

  /// Creates the description of a pass.
  package init(
    _ forward: ForwardPass, outputGradient: Tensor, inputGradients: [InputGradient?], gradients: VariableArena
  ) {
    self.forward = forward
    self.outputGradient = outputGradient
    self.inputGradients = inputGradients
    self.gradients = gradients
  }

  /// The input of a layer that reads one, and can read it only as it is.
  package var input: Tensor { forward.input }
  /// The forward output.
  package var output: Tensor { forward.output }
  /// The gradient of the input of a layer that reads one.
  package var inputGradient: InputGradient? { inputGradients[0] }
  /// The values of all variables.
  package var weights: VariableArena { forward.weights }
  /// Threads, kernels, scratch.
  package var context: ExecutionContext { forward.context }
}
