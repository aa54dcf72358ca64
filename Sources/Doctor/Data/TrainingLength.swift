import Configuration
import Files
import Foundation
import Training

/// How long a run will be: in passes over its images, and in time.
package struct TrainingLength {
  private let iterations: Int
  private let globalBatch: Int
  private let images: Int
  private let speed: (imagesPerSecond: Double, source: String)?

  package init(iterations: Int, globalBatch: Int, images: Int, speed: (imagesPerSecond: Double, source: String)?) {
    self.iterations = iterations
    self.globalBatch = globalBatch
    self.images = images
    self.speed = speed
  }

  /// The speed of the last iterations in a run directory, if there are any, and the file that tells it.
  static func earlierSpeed(_ configuration: Configuration) -> (imagesPerSecond: Double, source: String)? {
    let path = configuration.output + "/metrics.jsonl"
    let bytes = (try? FileContent.bytes(of: path)) ?? []
    return imagesPerSecond(inMetrics: String(decoding: bytes, as: UTF8.self)).map { ($0, path) }
  }

  /// The median speed of the last 50 iterations of a `metrics.jsonl`; nil without any.
  package static func imagesPerSecond(inMetrics text: String) -> Double? {
    struct Line: Decodable { let images_per_second: Double? }
    let speeds = text.split(separator: "\n").suffix(100)
      .compactMap { (try? JSONDecoder().decode(Line.self, from: Data($0.utf8)))?.images_per_second }.suffix(50)
    return speeds.isEmpty ? nil : speeds.median
  }

  /// "120000 iterations of 32 images are 232 passes over 16551 images".
  package var finding: Finding {
    let total = iterations * globalBatch
    let epochs = Double(total) / Double(images)
    let passes = epochs < 10 ? String(format: "%.1f", epochs) : "\(Int(epochs.rounded()))"
    var message =
      "\(Quantities.count(iterations, "iteration")) of \(Quantities.count(globalBatch, "image")) are \(passes) passes over \(Quantities.count(images, "image"))"
    if let speed {
      message +=
        ", \(Self.duration(Double(total) / speed.imagesPerSecond)) at \(String(format: "%.3g", speed.imagesPerSecond)) images/s as in \(speed.source)"
    }
    return .ok("length", message)
  }

  /// "3.2 days", "5.0 hours", "12 minutes".
  private static func duration(_ seconds: Double) -> String {
    if seconds >= 172_800 { return String(format: "%.1f days", seconds / 86_400) }
    if seconds >= 7200 { return String(format: "%.1f hours", seconds / 3600) }
    return "\(Int((seconds / 60).rounded(.up))) minutes"
  }
}
