import Detection
import Foundation
import TestSupport
import Testing
import Training

struct MetricsLogTests {
  private let directory: TemporaryDirectory
  private let path: String
  private let messages = MessageRecorder()

  init() throws {
    directory = try TemporaryDirectory()
    path = directory.path + "/metrics.jsonl"
  }

  /// Four of 120 images in two seconds, twelve positives.
  static func record(_ iteration: Int, loss: Double = 1.5) -> TrainingRecord {
    var result = TrainingStep.Result()
    result.sums = MultiBoxLoss.Sums(confidence: 12, location: 6)
    result.positives = 12
    result.loss = loss
    var seconds = PhaseSeconds()
    seconds.data = 0.125
    seconds.backward = 1.875
    return TrainingRecord(
      iteration: iteration, images: 4, epochImages: 120, result: result, learningRate: 0.001, seconds: seconds,
      worldSize: 1, damagedImages: 3)
  }

  private func lines() throws -> [String] {
    try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
  }

  private func append(_ iterations: ClosedRange<Int>, resumingAfter start: Int) throws {
    let log = try MetricsLog(path, resumingAfter: start, logger: messages.logger)
    for iteration in iterations { try log.append(Self.record(iteration)) }
  }

  @Test func `Lines have the documented form`() throws {
    let log = try MetricsLog(path, resumingAfter: 0, logger: messages.logger)
    try log.append(Self.record(12))
    try log.append(
      EvaluationRecord(
        iteration: 12, metric: "voc07", split: "test", meanAveragePrecision: 0.5,
        classes: [.init(name: "dog", averagePrecision: 0.5), .init(name: "a\"b", averagePrecision: .nan)], images: 9,
        seconds: 2.5))
    #expect(
      try lines() == [
        #"{"iteration":12,"epoch":0.4,"loss":1.5,"confidence_loss":1.0,"location_loss":0.5,"positives":12,"#
          + #""learning_rate":0.001,"images_per_second":2.0,"#
          + #""seconds":{"data":0.125,"forward":0.0,"loss":0.0,"backward":1.875,"gradient_sum":0.0,"#
          + #""communication":0.0,"update":0.0},"#
          + #""world_size":1,"damaged_images":3}"#,
        #"{"iteration":12,"metric":"voc07","split":"test","mAP":0.5,"AP":{"dog":0.5,"a\"b":null},"images":9,"damaged_images":0,"seconds":2.5}"#,
      ])
  }

  @Test func `Losses read back with the same bits`() throws {
    let losses: [Double] = [0.1, 1 / 3, 0x1p-1074, Double(Float(0.1)), .greatestFiniteMagnitude, 5.4321e-5]
    let log = try MetricsLog(path, resumingAfter: 0, logger: messages.logger)
    for (index, loss) in losses.enumerated() { try log.append(Self.record(index + 1, loss: loss)) }
    struct Line: Decodable { let loss: Double }
    let read = try lines().map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)).loss.bitPattern }
    #expect(read == losses.map(\.bitPattern))
  }

  @Test func `A resumed run's file is that of an uninterrupted one`() throws {
    try append(1...10, resumingAfter: 0)
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    // Killed while writing line 11, the last checkpoint being that of iteration 6.
    let torn = whole + Data(#"{"iteration":11,"epo"#.utf8)
    try torn.write(to: URL(fileURLWithPath: path))
    try append(7...10, resumingAfter: 6)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == whole)
    #expect(messages.recorded == [])
    try append(1...2, resumingAfter: 0)
    #expect(try lines().count == 2)
  }

  @Test func `A build is named where it begins`() throws {
    func append(_ iterations: ClosedRange<Int>, resumingAfter start: Int, build: String?) throws {
      let log = try MetricsLog(path, resumingAfter: start, build: build, logger: messages.logger)
      for iteration in iterations { try log.append(Self.record(iteration)) }
    }
    struct Line: Decodable { let build: String? }
    func builds() throws -> [String?] {
      try lines().map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)).build }
    }
    // A log of an earlier version, which names none.
    try append(1...2, resumingAfter: 0, build: nil)
    try append(3...5, resumingAfter: 2, build: "a")
    #expect(try builds() == [nil, nil, "a", nil, nil])
    // The same build again, then another, which goes back behind where the first began.
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    try append(5...5, resumingAfter: 4, build: "a")
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == whole)
    try append(5...6, resumingAfter: 4, build: "b")
    #expect(try builds() == [nil, nil, "a", nil, "b", nil])
    try append(2...3, resumingAfter: 1, build: "b")
    #expect(try builds() == [nil, "b", nil])
    #expect(messages.recorded == [])
  }

  @Test func `A damaged line is removed with a warning`() throws {
    try append(1...1, resumingAfter: 0)
    let good = try Data(contentsOf: URL(fileURLWithPath: path))
    try (Data("\0\0\n".utf8) + good).write(to: URL(fileURLWithPath: path))
    _ = try MetricsLog(path, resumingAfter: 5, logger: messages.logger)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == good)
    #expect(messages.recorded == ["warning: \(path):1: removed a line that is no record"])
  }
}
