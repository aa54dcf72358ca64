import Datasets
import Detection
import Evaluation
import Images
import Kernels
import Layers
import Loading
import MessagePassing
import Models

/// An experiment: model, data, training recipe and evaluation, as plain values.
///
/// Read from YAML; a key that is absent has its default, which stands in `Configuration+Reading.swift` and nowhere else.
/// Relative paths are relative to the current directory.
package struct Configuration: Sendable, Equatable {
  /// The network and how it is matched to ground truth.
  package struct Model: Sendable, Equatable {
    /// The network.
    package let architecture: Architecture
    /// Factor on the channel counts of the base network and the extra layers.
    package let widthMultiplier: Float
    /// A safetensors file to start from; nil starts from `initialization` alone.
    package let weights: String?
    /// How convolution kernels start that no weight file fills.
    package let initialization: Initializer
    /// The default boxes of every feature map.
    package let defaultBoxes: DefaultBoxLayout
    /// Scale of the box encoding.
    package let variances: BoxVariances
    /// How default boxes are matched to ground truth.
    package let matching: MatchingRule
  }

  /// The images and their annotations.
  package struct Data: Sendable, Equatable {
    /// How the directories are laid out.
    package let format: DatasetFormat
    /// Data set directories; empty when the configuration names none.
    package let roots: [String]
    /// Where the images of each directory are, with COCO's format; nothing for the usual folders.
    package let imageDirectories: [String?]
    /// The split that is trained on.
    package let trainSplit: SplitChoice
    /// The split that is evaluated on; nil when there is none.
    package let evaluationSplit: SplitChoice?
    /// Names of the classes, label 1 first, background not among them; empty as long as they are left to the data, see
    /// ``Configuration/namingClasses()``.
    package let classNames: [String]
    /// Random changes to training images.
    package let augmentation: AugmentationPolicy
    /// What happens to objects marked difficult.
    package let difficult: DifficultPolicy
    /// What becomes of training images that cannot be decoded.
    package let damagedImages: DamagedImagePolicy
    /// What becomes of images that have no annotation file.
    package let unannotatedImages: UnannotatedImagePolicy
    /// How many pixels an image may have.
    package let imageLimit: ImageLimit
    /// Threads that prepare images; nil lets the program choose.
    package let loaderThreads: Int?
    /// What prepared images may take in memory, in 10⁶ bytes.
    package let queueMegabytes: Int
    /// Whether the images of every iteration are logged.
    package let logImages: Bool
  }

  /// The optimization.
  package struct Training: Sendable, Equatable {
    /// Images of one iteration, over all ranks.
    package let globalBatch: Int
    /// Images of one unit of computation; divides `globalBatch`.
    package let microBatch: Int
    /// How long the run is.
    package let length: RunLength
    /// Learning rate of every iteration.
    package let schedule: LearningRatePlan
    /// Factor on the previous update, 0 ..< 1.
    package let momentum: Float
    /// L2 penalty on weights and scales; biases do not decay.
    package let weightDecay: Float
    /// Factor on the learning rate of biases.
    package let biasLearningRateMultiplier: Float
    /// The largest length of a gradient; nil for no limit.
    package let gradientClipNorm: Double?
    /// How slowly an average of the weights follows them, which is evaluated in their place, 0 ..< 1; nil to keep none.
    package let averageDecay: Double?
    /// The last of the layers, from the input on, that keep their weights; nil when all are trained.
    package let freeze: String?
    /// Origin of all randomness.
    package let seed: UInt64
    /// Compute threads of a rank; nil takes what the process is bound to.
    package let threads: Int?
    /// How convolutions are computed; other methods round differently.
    package let convolution: ConvolutionMethod
    /// What convolutions multiply, where that is faster.
    package let precision: Precision
  }

  /// How detections are made and scored.
  package struct Evaluation: Sendable, Equatable {
    /// Iterations between evaluations during training, which ends with one too; nil for none at all.
    package let every: Int?
    /// Evaluations in a row without a better result after which training stops; nil to go on.
    package let patience: Int?
    /// What becomes of an image that cannot be decoded.
    package let damagedImages: DamagedEvaluationPolicy
    /// How detections are scored.
    package let metric: EvaluationMetric
    /// Which detections are kept.
    package let detections: DetectionDecoder.Settings
  }

  /// When training state is written.
  package struct Checkpoint: Sendable, Equatable {
    /// Iterations between checkpoints.
    package let every: Int
    /// Seconds after which a checkpoint is written all the same; nil for no such limit.
    package let everySeconds: Double?
    /// Newest checkpoints that are kept.
    package let keep: Int
    /// Whether the checkpoint of the best evaluation is kept besides.
    package let keepBest: Bool
  }

  /// How ranks share the work of an iteration.
  package struct Communication: Sendable, Equatable {
    /// How gradients are added over the ranks.
    package enum Reduction: String, Sendable, CaseIterable {
      /// In a fixed order: the same bits on any number of ranks.
      case reproducible
      /// By `MPI_Allreduce`, in an order that depends on ranks and message sizes.
      case native
    }

    /// See ``Reduction``.
    package let reduction: Reduction
    /// What the numbers are on the wire.
    package let wire: WireFormat
    /// Size of the pieces in which gradients leave, in 10⁶ bytes.
    package let bucketMegabytes: Float
    /// Seconds without progress after which the job is ended.
    package let stallSeconds: Double

    /// Creates settings.
    package init(
      reduction: Reduction = .reproducible, wire: WireFormat = .float32, bucketMegabytes: Float = 8,
      stallSeconds: Double = 300
    ) {
      self.reduction = reduction
      self.wire = wire
      self.bucketMegabytes = bucketMegabytes
      self.stallSeconds = stallSeconds
    }
  }

  /// See ``Model``.
  package let model: Model
  /// See ``Data``.
  package let data: Data
  /// See ``Training``.
  package let training: Training
  /// See ``Evaluation``.
  package let evaluation: Evaluation
  /// See ``Checkpoint``.
  package let checkpoint: Checkpoint
  /// See ``Communication``.
  package let communication: Communication
  /// The run directory.
  package let output: String
  /// Every key with its value, defaults included; reading it gives this configuration again.
  package let resolvedYAML: String

  /// The name of the YAML text, for messages.
  package let source: String
}
