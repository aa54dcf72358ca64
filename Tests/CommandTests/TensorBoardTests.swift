import Foundation
import ModelFiles
import TestSupport
import Testing

/// What TensorBoard reads of a run is what its metrics say.
struct TensorBoardTests {
  private let workspace: Workspace

  init() throws { workspace = try Workspace() }

  private struct Line: Decodable {
    let iteration: Int
    let loss: Double?
    let learning_rate: Float?
    let seconds: Seconds?
    let mAP: Double?

    enum Seconds: Decodable {
      case phases([String: Double])
      case total(Double)

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let phases = try? container.decode([String: Double].self) {
          self = .phases(phases)
        } else {
          self = .total(try container.decode(Double.self))
        }
      }
    }
  }

  private func records() throws -> TensorBoardRecords {
    try TensorBoardRecords(of: workspace.run) { CRC32.checksum($0, .castagnoli) }
  }

  @Test func `After two parts that are taken back, every number is there once`() throws {
    let settings = [
      "training.iterations=9", "checkpoint.every=2", "evaluation.every=3", "tensorboard.images=2",
      "tensorboard.histograms=true",
    ]
    func train(stopAt: Int? = nil) throws {
      let stop = stopAt.map { ["--stop-at", "\($0)"] } ?? []
      try MultiboxProcess(["train", workspace.config] + settings.flatMap { ["--set", $0] } + stop).wait().succeeded()
    }
    for (stop, left) in [(5, 2), (7, 4)] {
      try train(stopAt: stop)
      for iteration in left + 1...stop { try? FileManager.default.removeItem(atPath: workspace.checkpoint(iteration)) }
    }
    try train()
    let lines = try String(contentsOfFile: workspace.run + "/metrics.jsonl", encoding: .utf8).split(separator: "\n").map
    {
      try JSONDecoder().decode(Line.self, from: Data($0.utf8))
    }
    var expected: [String: [Int: Float]] = [:]
    for line in lines {
      if let loss = line.loss { expected["loss/total", default: [:]][line.iteration] = Float(loss) }
      if let rate = line.learning_rate { expected["learning_rate", default: [:]][line.iteration] = rate }
      if case .phases(let phases) = line.seconds {
        for (name, seconds) in phases { expected["seconds/\(name)", default: [:]][line.iteration] = Float(seconds) }
      }
      if let mAP = line.mAP { expected["evaluation/mAP", default: [:]][line.iteration] = Float(mAP) }
    }
    #expect(expected["loss/total"]?.count == 9 && expected["evaluation/mAP"]?.count == 3)
    let records = try records()
    let found = try records.scalars()
    for (tag, values) in expected { #expect(found[tag] == values, "\(tag)") }
    let tags = records.events.flatMap { $0.messages(5)?.first?.messages(1) ?? [] }.map { $0.texts(1)[0] }
    #expect(tags.contains("evaluation/detections/1") && !tags.contains("evaluation/detections/2"))
    #expect(tags.contains("weights/backbone.features.0.weight") && tags.contains("_hparams_/session_start_info"))
    #expect(tags.count { $0 == "_hparams_/session_end_info" } == 1)
  }

  @Test func `Without it there is no file`() throws {
    try workspace.train("tensorboard.enabled=false", stopAt: 1).succeeded()
    #expect(try !FileManager.default.contentsOfDirectory(atPath: workspace.run).contains { $0.contains("tfevents") })
  }
}
