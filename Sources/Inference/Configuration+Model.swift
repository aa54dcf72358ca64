import Configuration
import Detection
import Kernels
import Loading
import Models

extension Configuration {
  /// The network that the configuration describes.
  ///
  /// - Precondition: the classes have names, see ``namingClasses()``.
  package var ssd: SSD {
    switch model.name {
    case .ssd300VGG16:
      SSD(
        ssd300VGG16: data.classNames.count, widthMultiplier: model.widthMultiplier, defaultBoxes: model.defaultBoxes,
        convolutionMethod: training.convolution, precision: training.precision)
    }
  }

  /// The kernels that this process computes with.
  ///
  /// - Throws: `UnknownInstructionSet`; ``ConfigurationError`` when they cannot multiply in the configured precision.
  package func kernels() throws -> Kernels {
    let kernels = try Kernels.preferred()
    do {
      try kernels.require(training.precision)
    } catch {
      throw ConfigurationError(.file(source, line: nil), key: "training.precision", error.description)
    }
    return kernels
  }

  /// Encodes and decodes boxes with the configured variances.
  var boxCoder: BoxCoder { BoxCoder(variances: model.variances) }

  /// The size and mean of the network's input.
  package var networkInput: NetworkInput {
    NetworkInput(width: SSD.inputSize, height: SSD.inputSize, mean: SSD.inputMean)
  }
}
