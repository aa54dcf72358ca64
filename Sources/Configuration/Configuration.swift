import Detection
import Evaluation
import Loading
import MessagePassing

/// An experiment: model, data, training recipe and evaluation, as plain values.
///
/// The declarations hold the defaults. YAML is one way to write them, by the ``ConfigurationTable`` of keys. Relative paths are
/// relative to the current directory.
package struct Configuration: Sendable, Equatable {
  /// See ``Model``.
  package var model = Model()
  /// See ``Data``.
  package var data = Data()
  /// See ``Training``.
  package var training = Training()
  /// See ``Evaluation``.
  package var evaluation = Evaluation()
  /// See ``Checkpoint``.
  package var checkpoint = Checkpoint()
  /// See ``Communication``.
  package var communication = Communication()
  /// See ``TensorBoard``.
  package var tensorBoard = TensorBoard()
  /// The run directory.
  package var output: String
  /// Why ``output`` is none; see ``requireOutput()``.
  var outputFault: ConfigurationError?

  /// The name of the YAML text, for messages.
  package let source: String

  /// The defaults.
  ///
  /// - Parameter source: the name of the configuration; its last component without extension names the default run directory.
  package init(source: String) {
    self.source = source
    output = "runs/" + Self.stem(source)
  }

  /// How detections are made and scored.
  package struct Evaluation: Sendable, Equatable {
    /// Iterations between evaluations during training, which ends with one too; nil for none at all.
    package var every: Int? = 5000
    /// Evaluations in a row without a better result after which training stops; nil to go on.
    package var patience: Int?
    /// What becomes of an image that cannot be decoded.
    package var damagedImages = DamagedEvaluationPolicy.stop
    /// How detections are scored.
    package var metric = EvaluationMetric.voc07
    /// Which detections are kept.
    package var detections = DetectionDecoder.Settings()
    /// Whether a page for people is written after each evaluation and at the end.
    package var writesReport = true
  }

  /// When training state is written.
  package struct Checkpoint: Sendable, Equatable {
    /// Iterations between checkpoints.
    package var every = 1000
    /// How much time may pass between two things that are written.
    package enum Interval: Sendable, Equatable {
      /// So many seconds.
      case seconds(Double)
      /// What costs least, by how long each holds training up and how often hosts fail.
      case automatic
    }

    /// When a checkpoint is written all the same; nil for no such limit.
    package var everySeconds: Interval?
    /// When hosts keep a copy of the state in memory; nil for never.
    package var memoryEverySeconds: Interval?
    /// Newest checkpoints that are kept.
    package var keep = 3
    /// Whether the checkpoint of the best evaluation is kept besides.
    package var keepBest = true
  }

  /// What is written for TensorBoard.
  package struct TensorBoard: Sendable, Equatable {
    /// Whether anything is.
    package var isEnabled = true
    /// Images of the evaluation split with their detections, the same ones each time.
    package var images = 8
    /// Whether the distributions of weights are, with each checkpoint.
    package var histograms = false
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
    package var reduction = Reduction.reproducible
    /// What the numbers are on the wire.
    package var wire = WireFormat.float32
    /// Size of the pieces in which gradients leave, in 10⁶ bytes; nil for what fits the network.
    package var bucketMegabytes: Float?
    /// Seconds without progress after which the job is ended.
    package var stallSeconds: Double = 300

    /// Creates settings.
    package init(
      reduction: Reduction = .reproducible, wire: WireFormat = .float32, bucketMegabytes: Float? = nil,
      stallSeconds: Double = 300
    ) {
      self.reduction = reduction
      self.wire = wire
      self.bucketMegabytes = bucketMegabytes
      self.stallSeconds = stallSeconds
    }
  }
}
