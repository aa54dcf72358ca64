import Kernels
import Layers

extension Configuration {
  /// The optimization.
  package struct Training: Sendable, Equatable {
    /// Images of one iteration, over all ranks.
    package var globalBatch = 32
    /// Images of one unit of computation; divides `globalBatch`.
    package var microBatch = 4
    /// Optimizer steps of the run; nil when ``epochs`` says how long it is.
    package var iterations: Int? = 120_000
    /// Passes over the training images, in place of ``iterations``.
    package var epochs: Double? {
      didSet { if epochs != nil { iterations = nil } }
    }
    /// Learning rate of every iteration, for batches of ``referenceBatch`` images where that is given.
    package var schedule = LearningRatePlan()
    /// How the rate follows the batch.
    package var rateScaling = RateScaling.none
    /// Images of an iteration that the rate is written for; nil where it is taken as it is.
    package var referenceBatch: Int?
    /// Factor on the previous update, 0 ..< 1.
    package var momentum: Float = 0.9
    /// L2 penalty on weights and scales; biases do not decay.
    package var weightDecay: Float = 0.0005
    /// Whether weight decay acts on scales and shifts of batch normalisations.
    package var decaysNormalization = false
    /// Factor on the learning rate of biases.
    package var biasLearningRateMultiplier: Float = 2
    /// Factor on the learning rate of the base network.
    package var baseLearningRateMultiplier: Float = 1
    /// The largest length of a gradient; nil for no limit.
    package var gradientClipNorm: Double?
    /// How slowly an average of the weights follows them, which is evaluated in their place, 0 ..< 1; nil to keep none.
    package var averageDecay: Double?
    /// The last of the layers, from the input on, that keep their weights; nil when all are trained.
    package var freeze: String?
    /// Origin of all randomness.
    package var seed: UInt64 = 0
    /// Compute threads of a rank; nil takes what the process is bound to.
    package var threads: Int?
    /// How convolutions are computed; other methods round differently.
    package var convolution = ConvolutionMethod.fastest
    /// What convolutions multiply, where that is faster.
    package var precision = Precision.float32

    /// How long the run is.
    ///
    /// - Precondition: ``iterations`` or ``epochs`` is given.
    package var length: RunLength {
      if let epochs { return .epochs(epochs) }
      guard let iterations else { preconditionFailure("neither iterations nor epochs") }
      return .iterations(iterations)
    }
  }
}
