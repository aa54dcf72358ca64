import Datasets
import Foundation
import Inference
import Training

/// Writes `report.html` after each evaluation and at the end.
final class ReportWriter: RunObserver {
  private let run: RunDescription
  private var evaluation: (iteration: Int, split: EvaluatedSplit)?

  init(_ run: RunDescription) {
    self.run = run
  }

  func evaluated(_ record: EvaluationRecord, _ split: EvaluatedSplit) throws {
    evaluation = (record.iteration, split)
    try write()
  }

  func ended(_ outcome: Trainer.Outcome) throws { try write() }

  private func write() throws {
    let subject = ReportSubject(
      directory: run.configuration.output, configuration: run.configuration,
      metrics: try RunMetrics(ofRun: run.configuration.output), evaluation: evaluation,
      training: .success(run.training),
      machine: MachineFacts.here + [("ranks", run.placement)])
    try ReportPage(subject).write(to: run.path("report.html"))
  }
}

/// What is known of a machine.
package enum MachineFacts {
  /// This machine's.
  package static var here: [(name: String, value: String)] {
    let information = ProcessInfo.processInfo
    return [
      ("host", information.hostName), ("processor", processor),
      ("processors", "\(information.activeProcessorCount)"),
      ("memory", String(format: "%.0f GiB", Double(information.physicalMemory) / Double(1 << 30))),
      ("system", information.operatingSystemVersionString),
    ]
  }

  private static var processor: String {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
  }
}
