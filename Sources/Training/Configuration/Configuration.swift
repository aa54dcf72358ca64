import Datasets
import Detection
import Evaluation
import Images
import Layers
import MessagePassing
import Tensors

/// An experiment: model, data, training recipe and evaluation, as plain values.
///
/// Read from YAML; a key that is absent has its default, which stands in `Configuration+Reading.swift` and nowhere else.
/// Relative paths are relative to the current directory.
public struct Configuration: Sendable, Equatable {
  /// The network and how it is matched to ground truth.
  public struct Model: Sendable, Equatable {
    /// The networks there are.
    public enum Name: String, Sendable, CaseIterable {
      /// SSD with 300×300 input on VGG-16.
      case ssd300VGG16 = "ssd300-vgg16"
    }

    /// The network.
    public let name: Name
    /// Factor on the channel counts of the base network and the extra layers.
    public let widthMultiplier: Float
    /// A safetensors file to start from; nil starts from `initialization` alone.
    public let weights: String?
    /// How convolution kernels start that no weight file fills.
    public let initialization: Initializer
    /// The default boxes of every feature map.
    public let defaultBoxes: DefaultBoxLayout
    /// Scale of the box encoding.
    public let variances: BoxVariances
    /// How default boxes are matched to ground truth.
    public let matching: MatchingRule
  }

  /// The images and their annotations.
  public struct Data: Sendable, Equatable {
    /// How the directories are laid out.
    public let format: DatasetFormat
    /// Data set directories; empty when the configuration names none.
    public let roots: [String]
    /// Where the images of each directory are, with COCO's format; nothing for the usual folders.
    public let imageDirectories: [String?]
    /// The split that is trained on.
    public let trainSplit: SplitChoice
    /// The split that is evaluated on; nil when there is none.
    public let evaluationSplit: SplitChoice?
    /// Names of the classes, label 1 first, background not among them; empty as long as they are left to the data, see
    /// ``Configuration/namingClasses()``.
    public let classNames: [String]
    /// Random changes to training images.
    public let augmentation: AugmentationPolicy
    /// What happens to objects marked difficult.
    public let difficult: DifficultPolicy
    /// What becomes of training images that cannot be decoded.
    public let damagedImages: DamagedImagePolicy
    /// What becomes of images that have no annotation file.
    public let unannotatedImages: UnannotatedImagePolicy
    /// How many pixels an image may have.
    public let imageLimit: ImageLimit
    /// Threads that prepare images; nil lets the program choose.
    public let loaderThreads: Int?
    /// What prepared images may take in memory, in 10⁶ bytes.
    public let queueMegabytes: Int
    /// Whether the images of every iteration are logged.
    public let logImages: Bool
  }

  /// The optimization.
  public struct Training: Sendable, Equatable {
    /// Images of one iteration, over all ranks.
    public let globalBatch: Int
    /// Images of one unit of computation; divides `globalBatch`.
    public let microBatch: Int
    /// How long the run is.
    public let length: RunLength
    /// Learning rate of every iteration.
    public let schedule: LearningRatePlan
    /// Factor on the previous update, 0 ..< 1.
    public let momentum: Float
    /// L2 penalty on weights and scales; biases do not decay.
    public let weightDecay: Float
    /// Factor on the learning rate of biases.
    public let biasLearningRateMultiplier: Float
    /// The largest length of a gradient; nil for no limit.
    public let gradientClipNorm: Double?
    /// How slowly an average of the weights follows them, which is evaluated in their place, 0 ..< 1; nil to keep none.
    public let averageDecay: Double?
    /// The last of the layers, from the input on, that keep their weights; nil when all are trained.
    public let freeze: String?
    /// Origin of all randomness.
    public let seed: UInt64
    /// Compute threads of a rank; nil takes what the process is bound to.
    public let threads: Int?
    /// How convolutions are computed; other methods round differently.
    public let convolution: ConvolutionMethod
    /// What convolutions multiply, where that is faster.
    public let precision: Precision
  }

  /// How detections are made and scored.
  public struct Evaluation: Sendable, Equatable {
    /// Iterations between evaluations during training, which ends with one too; nil for none at all.
    public let every: Int?
    /// Evaluations in a row without a better result after which training stops; nil to go on.
    public let patience: Int?
    /// What becomes of an image that cannot be decoded.
    public let damagedImages: DamagedEvaluationPolicy
    /// How detections are scored.
    public let metric: EvaluationMetric
    /// Which detections are kept.
    public let detections: DetectionDecoder.Settings
  }

  /// When training state is written.
  public struct Checkpoint: Sendable, Equatable {
    /// Iterations between checkpoints.
    public let every: Int
    /// Seconds after which a checkpoint is written all the same; nil for no such limit.
    public let everySeconds: Double?
    /// Newest checkpoints that are kept.
    public let keep: Int
    /// Whether the checkpoint of the best evaluation is kept besides.
    public let keepBest: Bool
  }

  /// How ranks share the work of an iteration.
  public struct Communication: Sendable, Equatable {
    /// How gradients are added over the ranks.
    public enum Reduction: String, Sendable, CaseIterable {
      /// In a fixed order: the same bits on any number of ranks that is a power of two.
      case reproducible
      /// By `MPI_Allreduce`, in an order that depends on ranks and message sizes.
      case native
    }

    /// See ``Reduction``.
    public let reduction: Reduction
    /// What the numbers are on the wire.
    public let wire: WireFormat
    /// Size of the pieces in which gradients leave, in 10⁶ bytes.
    public let bucketMegabytes: Float
    /// Seconds without progress after which the job is ended.
    public let stallSeconds: Double

    /// Creates settings.
    public init(
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
  public let model: Model
  /// See ``Data``.
  public let data: Data
  /// See ``Training``.
  public let training: Training
  /// See ``Evaluation``.
  public let evaluation: Evaluation
  /// See ``Checkpoint``.
  public let checkpoint: Checkpoint
  /// See ``Communication``.
  public let communication: Communication
  /// The run directory.
  public let output: String
  /// Every key with its value, defaults included; reading it gives this configuration again.
  public let resolvedYAML: String

  /// The name of the YAML text, for messages.
  let source: String
}
