import ArgumentParser
import Configuration
import Kernels
import Measurement
import Models
import Tensors

/// What `multibox benchmark step` and `multibox benchmark inference` compute.
struct WorkloadOptions: ParsableArguments {
  @Option(help: "The network.")
  var model = Architecture.all[0]

  @Option(help: "Factor on the channels of base network and extra layers, 0.0625 to 2.")
  var widthMultiplier: Float = 1

  @Option(help: "Classes, background included.")
  var classes = 21

  @Option(help: "Images of an iteration.")
  var batch = 8

  @Option(
    help: """
      Images of a forward pass; divides --batch. By default the whole batch, or where that is larger its largest divisor up to \
      \(Workload.preferredMicroBatch). Smaller ones take less memory.
      """)
  var microBatch: Int?

  @Option(help: "What convolutions multiply: float32 or bfloat16.")
  var precision: Precision = .float32

  @Option(help: "Compute threads; by default one for each processor that the process may use.")
  var threads: Int?

  @Option(help: "Timed iterations.")
  var iterations = 5

  @Option(help: "Warm-up iterations before them.")
  var warmUp = 1

  @Flag(help: "Prints one JSON object instead of the tables.")
  var json = false

  func validate() throws {
    guard batch > 0, iterations > 0, threads.map({ $0 > 0 }) ?? true else {
      throw ValidationError("--batch, --iterations and --threads must be positive")
    }
    guard warmUp >= 0 else { throw ValidationError("--warm-up must not be negative") }
    guard classes >= 2 else { throw ValidationError("--classes must be at least 2: background and one more") }
    if let microBatch, microBatch < 1 || !batch.isMultiple(of: microBatch) {
      throw ValidationError("--micro-batch \(microBatch) does not divide --batch \(batch)")
    }
  }

  /// - Throws: `ConfigurationError` for a width that the network does not have.
  func workload(freeze: String? = nil) throws -> Workload {
    try Workload(
      model: model, widthMultiplier: widthMultiplier, classes: classes, batch: batch, microBatch: microBatch,
      precision: precision, freeze: freeze, threads: threads, warmUp: warmUp, iterations: iterations)
  }

  /// - Throws: `UnknownInstructionSet`; `UnsupportedPrecision` when the processor cannot multiply so.
  func kernels() throws -> Kernels {
    let kernels = try KernelChoice.ofProcess.kernels()
    try kernels.require(precision)
    return kernels
  }

  func show(_ report: BenchmarkReport) throws {
    print(json ? try report.json() : report.text)
  }
}

extension Architecture: ExpressibleByArgument {
  /// By its name.
  package init?(argument: String) {
    guard let architecture = Architecture.named(argument) else { return nil }
    self = architecture
  }

  /// The names there are.
  package static var allValueStrings: [String] { all.map(\.name) }
  /// Its name.
  package var defaultValueDescription: String { name }
}
extension Precision: ExpressibleByArgument {}
