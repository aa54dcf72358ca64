import Files

extension FileSignature {
  /// Why a file cannot be read as a configuration, and what to do; nil when it may well be one.
  var refusalAsConfiguration: String? {
    let refusal = refusal(expecting: "a configuration (YAML)")
    return switch self {
    case .json, .text: nil
    case .safetensors:
      "\(refusal): a checkpoint has its configuration inside and goes to 'evaluate', 'detect', 'describe' and 'export'; to train from its weights, set model.weights, to continue it, --resume"
    default: refusal
    }
  }
}
