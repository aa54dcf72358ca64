import Files
import Foundation
import Layers
import Training

extension BenchmarkReport {
  /// Tables for people.
  package var text: String {
    let model = workload.configuration.model
    let width = model.widthMultiplier == 1 ? "" : ", width \(model.widthMultiplier)"
    let facts = [
      ["images/s", number(medianImagesPerSecond, 3), "median of \(seconds.count), best \(number(imagesPerSecond, 3))"],
      [
        "GFLOP/s", number(rate / 1e9, 1),
        "effective, \(percent(rate / peak)) of the \(number(peak / 1e9, 1)) at the peak",
      ],
      ["memory GB/s", number(memoryBandwidth / 1e9, 1), "read and written by a copy with as many threads"],
      [
        "processors", percent(processorShare),
        "of the time of \(Quantities.count(workload.threads, "thread")); little when other programs are busy",
      ],
      ["peak memory", Quantities.bytes(peakMemoryBytes), ""],
    ]
    return """
      \(subject) of \(model.architecture.name)\(width), \(workload.classes) classes
      batch \(workload.batch) in micro-batches of \(workload.microBatch), \(Quantities.count(workload.threads, "thread")), \
      \(workload.configuration.training.precision.rawValue), \(instructionSet) kernels, OpenBLAS for \(matrixLibrary)

      \(facts.map { "\(pad($0[0], 11))  \(pad($0[1], 7))  \($0[2])".trimmingCharacters(in: .whitespaces) }.joined(separator: "\n"))

      \(TextTable(phaseRows).text)

      \(TextTable(layerRows).text)

      \(TextTable(lossRows).text)\(partition.map { "\n\n" + $0.text } ?? "")
      """
  }

  /// Layers that the text names for the time they lose.
  private static let lossCount = 10

  private var lossRows: [[String]] {
    let rows = mostLost(Self.lossCount).map { layer in
      [
        layer.name, number(layer.seconds * 1e3, 2), number(layer.limitSeconds * 1e3, 2),
        number(layer.lostSeconds * 1e3, 2), percent(layer.lostSeconds / seconds.median),
      ]
    }
    return [["most lost", "ms", "limit ms", "lost ms", "of the step"]] + rows
  }

  private var phaseRows: [[String]] {
    let phases = phases.map { [$0.name, number($0.seconds, 4), percent($0.seconds / seconds.median)] }
    let outside = [
      "outside convolutions", number(secondsOutsideConvolutions, 4),
      percent(secondsOutsideConvolutions / seconds.median),
    ]
    return [["phase", "seconds", "share"]] + phases + [outside]
  }

  private var layerRows: [[String]] {
    let passes = layers.contains { $0.backwardSeconds != nil } ? ["forward", "backward"] : ["forward"]
    let header = ["layer"] + passes.flatMap { ["\($0) ms", "GFLOP/s", "GB/s"] } + ["of peak", "of memory", "share"]
    return [header] + layers.map(row)
  }

  private func row(_ layer: Layer) -> [String] {
    let convolves = layer.multiplyAdds > 0
    func cells(_ seconds: Double, _ rate: Double, _ bytes: Double) -> [String] {
      [
        number(seconds * 1e3, 2), convolves ? number(rate / 1e9, 1) : "-",
        bytes > 0 ? number(bytes / seconds / 1e9, 1) : "-",
      ]
    }
    var row = [layer.name] + cells(layer.forwardSeconds, layer.forwardRate, layer.forwardBytes)
    if let seconds = layer.backwardSeconds, let rate = layer.backwardRate {
      row += cells(seconds, rate, layer.backwardBytes)
    }
    return row + [
      convolves ? percent(layer.rate / peak) : "-", percent(layer.bandwidth / memoryBandwidth),
      percent(layer.seconds / seconds.median),
    ]
  }

  private func number(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

  private func percent(_ share: Double) -> String { number(100 * share, 1) + " %" }

  private func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
