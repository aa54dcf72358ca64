import Configuration
import Exchange
import Files
import Inference
import Prediction
import Training

extension Subject {
  /// What a configuration trains.
  init(_ experiment: Experiment, frozenLayers: Int) throws(PredictionError) {
    let (configuration, model) = (experiment.configuration, experiment.model)
    let (recipe, settings) = (configuration.training, configuration.communication)
    guard settings.reduction == .reproducible else {
      throw PredictionError(
        "\(configuration.source): communication.reduction: native: how MPI adds is its own affair; predict with --set communication.reduction=reproducible"
      )
    }
    let layout = model.layout
    let trained = model.graph.trainedRange(frozen: frozenLayers, of: layout.arenaCount)
    let build = BuildIdentity.program
    self.init(
      name: configuration.source,
      shape: StepMeasurement.Shape(
        model: configuration.model.architecture.name, widthMultiplier: configuration.model.widthMultiplier,
        classes: model.classCount, microBatch: recipe.microBatch, precision: recipe.precision.rawValue,
        freeze: recipe.freeze),
      globalBatch: recipe.globalBatch, threads: recipe.threads, wire: settings.wire,
      bucketMegabytes: settings.bucketMegabytes, clips: recipe.gradientClipNorm != nil,
      keepsAverage: recipe.averageDecay != nil, arenaCount: layout.arenaCount,
      buckets: { BucketPlan(trained, averages: layout.averages, megabytes: $0).buckets },
      loaderThreads: { configuration.loaderThreads(computeThreads: $0) },
      iterations: recipe.epochs == nil ? recipe.iterations : nil, epochs: recipe.epochs,
      program: ProgramVersion(version: build.version, commit: build.commit))
  }
}

extension Measurements {
  /// Larger files are no measurements.
  private static let largestFile = 64 << 20

  /// Reads files.
  ///
  /// - Throws: `FileError`; `PredictionError` for what is no measurement.
  static func reading(_ paths: [String]) throws -> Measurements {
    try Measurements(
      paths.map { path in
        (name: path, text: String(decoding: try FileContent.bytes(of: path, upTo: largestFile), as: UTF8.self))
      })
  }
}
