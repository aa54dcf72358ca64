import Files
import Foundation
import Logging

/// The file `metrics.jsonl` of a run: one JSON object a line, floats with the digits that restore their bits.
///
/// A line is one `write(2)`, so that a process killed at any instant leaves whole lines but perhaps for the last. To be
/// repeated by nobody and lost by nobody, the lines of an iteration are appended before its checkpoint is written.
package final class MetricsLog {
  /// An evaluation that is in the log.
  package struct Evaluation: Decodable {
    package let iteration: Int
    package let metric: String
    /// Nil in logs of earlier versions.
    package let split: String?
    /// Nil where the split had no object.
    package let mAP: Double?
  }

  package let path: String
  /// The evaluations up to where the run continues.
  let evaluations: [Evaluation]
  /// The last iteration that the log had when it was opened, 0 for none.
  let lastIteration: Int
  private let file: Descriptor
  private let build: String?
  /// The build that wrote the last line.
  private var lastBuild: String?

  /// Opens the log of a run that continues after `iteration` steps, 0 for one that begins.
  ///
  /// Lines of later iterations, which a killed run wrote after its last checkpoint, are removed, so that the file reads
  /// like that of an uninterrupted run. What is no record at all is removed too, with a warning.
  ///
  /// - Parameter build: which program writes. The first line names it, and the first that another build writes.
  package init(
    _ path: String, resumingAfter iteration: Int, build: String? = nil, logger: Logger,
    calls: any SystemCalls = LinuxCalls()
  ) throws(FileError) {
    self.path = path
    self.build = build
    (evaluations, lastBuild, lastIteration) = try Self.discardLines(of: path, after: iteration, logger: logger, calls)
    file = try Descriptor(path, O_WRONLY | O_CREAT | O_APPEND, cannot: "open for writing", calls: calls)
  }

  /// Appends the line of an iteration.
  package func append(_ record: TrainingRecord) throws(FileError) {
    var record = record
    record.build = buildToName()
    try append(record.json)
  }

  /// Appends the line of an evaluation.
  package func append(_ record: EvaluationRecord) throws(FileError) {
    var record = record
    record.build = buildToName()
    try append(record.json)
  }

  /// Appends the images of an iteration.
  package func append(_ record: ImagesRecord) throws(FileError) {
    try append(record.json)
  }

  /// Makes what was appended durable.
  func flush() throws(FileError) { try file.flush() }

  /// The build, where the line before is not of the same.
  private func buildToName() -> String? {
    guard build != lastBuild else { return nil }
    lastBuild = build
    return build
  }

  private func append(_ json: JSONLiteral) throws(FileError) {
    try file.write(Array("\(json)\n".utf8))
  }

  private struct Line: Decodable {
    let iteration: Int
    let build: String?
  }

  /// Returns the evaluations among the lines that stay, the last build that these name, and the last iteration.
  private static func discardLines(
    of path: String, after iteration: Int, logger: Logger, _ calls: any SystemCalls
  ) throws(FileError) -> ([Evaluation], build: String?, lastIteration: Int) {
    guard FileManager.default.fileExists(atPath: path) else { return ([], nil, 0) }
    let text = Data(try FileContent.bytes(of: path, calls: calls))
    let newline = UInt8(ascii: "\n")
    let decoder = JSONDecoder()
    var kept: [UInt8] = []
    var evaluations: [Evaluation] = []
    var build: String?
    var last = 0
    var start = text.startIndex
    var number = 1
    while let end = text[start...].firstIndex(of: newline) {
      if let line = try? decoder.decode(Line.self, from: text[start..<end]) {
        if line.iteration <= iteration {
          kept += text[start...end]
          build = line.build ?? build
          last = max(last, line.iteration)
          // Only lines of evaluations name a metric.
          if let evaluation = try? decoder.decode(Evaluation.self, from: text[start..<end]) {
            evaluations.append(evaluation)
          }
        }
      } else {
        logger.warning("\(path):\(number): removed a line that is no record")
      }
      start = end + 1
      number += 1
    }
    guard kept.count != text.count else { return (evaluations, build, last) }
    try AtomicFile.replace(path, with: kept, calls: calls)
    return (evaluations, build, last)
  }
}
