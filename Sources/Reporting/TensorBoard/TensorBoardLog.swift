import Configuration
import Evaluation
import Files
import Foundation
import Inference
import ModelFiles
import Training

/// Writes curves, images and settings of a run for TensorBoard.
final class TensorBoardLog: RunObserver {
  /// Detections with a lower score are not drawn.
  private static let scoreThreshold = 0.3
  /// Pixels of the longer side of an image.
  private static let side = 480

  private let run: RunDescription
  private let file: TensorBoardFile
  private let now: () -> Double
  private var lastIteration: Int

  /// Begins the file of a part of a run.
  ///
  /// - Parameter now: seconds since 1970.
  init(
    _ run: RunDescription, now: @escaping () -> Double = { Date().timeIntervalSince1970 },
    calls: any SystemCalls = LinuxCalls()
  ) throws(FileError) {
    self.run = run
    self.now = now
    lastIteration = run.iteration
    file = try TensorBoardFile(
      in: run.configuration.output, resumingAfter: run.iteration, time: now(),
      host: ProcessInfo.processInfo.hostName, process: getpid(), calls: calls)
    var event = TensorBoardEvent(time: now(), step: run.iteration)
    event.add(settings: Self.settings(of: run.configuration))
    try file.append(event)
  }

  func iterated(_ record: TrainingRecord, images: [String]?) throws {
    lastIteration = record.iteration
    var event = TensorBoardEvent(time: now(), step: record.iteration)
    event.add("loss/total", Float(record.loss))
    event.add("loss/confidence", Float(record.confidenceLoss))
    event.add("loss/location", Float(record.locationLoss))
    event.add("learning_rate", record.learningRate)
    if let norm = record.gradientNorm { event.add("gradient_norm", Float(norm)) }
    event.add("positives_per_image", Float(record.positives) / Float(run.configuration.training.globalBatch))
    event.add("throughput/images_per_second", Float(record.imagesPerSecond))
    for (name, seconds) in record.seconds.phases { event.add("seconds/\(name)", Float(seconds)) }
    try file.append(event)
  }

  func evaluated(_ record: EvaluationRecord, _ split: EvaluatedSplit) throws {
    var event = TensorBoardEvent(time: now(), step: record.iteration)
    event.add("evaluation/mAP", Float(record.meanAveragePrecision))
    // A class without objects has no point.
    for entry in record.classes where entry.averagePrecision.isFinite {
      event.add("evaluation/AP/\(entry.name)", Float(entry.averagePrecision))
    }
    addPictures(of: split, to: &event)
    try file.append(event)
  }

  func saving(_ state: TrainingState, iteration: Int) throws {
    guard run.configuration.tensorBoard.histograms else { return }
    var event = TensorBoardEvent(time: now(), step: iteration)
    for variable in state.layout.variables {
      event.add("weights/\(variable.name)", TensorBoardEvent.Histogram(state.weights[variable]))
    }
    try file.append(event)
  }

  func ended(_ outcome: Trainer.Outcome) throws {
    guard outcome == .finished, run.last == run.iterations else { return }
    var event = TensorBoardEvent(time: now(), step: lastIteration)
    event.add(ending: .success)
    try file.append(event)
  }

  /// The same images at every evaluation: annotated objects at the left, detections at the right.
  private func addPictures(of split: EvaluatedSplit, to event: inout TensorBoardEvent) {
    for (number, result) in split.examples(run.configuration.tensorBoard.images).enumerated() {
      let annotated = split.dataset.images[result.imageIndex]
      do {
        let picture = try EvaluatedPicture(
          annotated, side: Self.side, classNames: split.dataset.classNames, limit: run.configuration.data.imageLimit)
        let shown = picture.showing(result.groundTruth).beside(
          picture.showing(result.detections.filter { $0.score >= Self.scoreThreshold }))
        event.add(
          "evaluation/detections/\(number)", image: try shown.jpeg(quality: 85), width: shown.width,
          height: shown.height)
      } catch {
        run.logger.warning("\(error); not drawn for TensorBoard")
      }
    }
  }

  /// What tells runs from each other: model, training, and how images are augmented.
  private static func settings(of configuration: Configuration) -> [(name: String, value: TensorBoardEvent.Setting)] {
    configuration.texts.sorted { $0.key < $1.key }.compactMap { key, text in
      guard key.hasPrefix("model.") || key.hasPrefix("training.") || key == "data.augmentation" else { return nil }
      switch text {
      case "null", "~", "": return nil
      case "true", "false": return (key, .flag(text == "true"))
      default: return (key, Double(text).map { .number($0) } ?? .text(text))
      }
    }
  }
}

extension EvaluatedSplit {
  /// Images with objects, evenly over the split; the same ones for the same number, whatever was detected.
  func examples(_ count: Int) -> [ImageResult] {
    let images = report.evaluation.images
    let withObjects = images.filter { !$0.groundTruth.isEmpty }
    let candidates = withObjects.isEmpty ? images : withObjects
    let count = min(count, candidates.count)
    return (0..<count).map { candidates[$0 * candidates.count / count] }
  }
}
