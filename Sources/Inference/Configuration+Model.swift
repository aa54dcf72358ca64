import Configuration
import Kernels
import Loading

extension Configuration {
  /// The kernels of a choice.
  ///
  /// - Throws: `UnknownInstructionSet`; ``ConfigurationError`` when they cannot multiply in the configured precision.
  package func kernels(_ choice: KernelChoice) throws -> Kernels {
    let kernels = try choice.kernels()
    do {
      try kernels.require(training.precision)
    } catch {
      throw ConfigurationError(.file(source, line: nil), key: "training.precision", error.description)
    }
    return kernels
  }

  /// The size and mean of the network's input.
  package var networkInput: NetworkInput {
    let input = model.architecture.input
    return NetworkInput(
      width: input.width, height: input.height, mean: (input.mean[0], input.mean[1], input.mean[2]),
      scale: (input.scale[0], input.scale[1], input.scale[2]))
  }
}
