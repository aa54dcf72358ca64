import Configuration
import Datasets
import Detection
import Evaluation
import Files
import Images
import Kernels
import MessagePassing
import Prediction
import Splitting
import Synthetic
import Training

/// The documented exit codes (sysexits.h where it has one).
enum ExitStatus: Int32 {
  case configuration = 64
  case data = 65
  case internalError = 70
  case machine = 71
  case disk = 74
  case interrupted = 75
  case nonFiniteLoss = 76
  case stalled = 77

  /// The code of an error; one that no target throws on purpose is internal.
  init(of error: any Error) {
    switch error {
    case is ConfigurationError, is DefaultBoxLayoutError, is UnsupportedPrecision, is SplitError,
      is PredictionError:
      self = .configuration
    case is DatasetError, is EvaluationError, is ImageError: self = .data
    case is UnknownInstructionSet, is MessagePassingError, is ContractError: self = .machine
    case is FileError, is SynthesisError: self = .disk
    case is NonFiniteLossError: self = .nonFiniteLoss
    case is StoppedBeforeStart: self = .interrupted
    default: self = .internalError
    }
  }
}
