import Foundation

/// Everything that was measured, as the program's commands wrote it.
package struct Measurements: Sendable, Equatable {
  package var steps: [StepMeasurement] = []
  package var links: [LinkMeasurements] = []
  package var sums: [SumMeasurement] = []
  package var loaders: [LoaderMeasurement] = []
  package var runs: [RunMeasurement] = []

  package init() {}

  /// The commands whose output can be read, by what they call it.
  private static let commands = [
    "step": "multibox benchmark step --json", "doctor": "multibox doctor --json",
    "allreduce": "multibox benchmark allreduce --json", "loader": "multibox benchmark loader --json",
    "exchange": "multibox benchmark exchange --json",
  ]

  /// Reads files; one may have several measurements, one a line.
  ///
  /// - Throws: ``PredictionError`` for what is no measurement.
  package init(_ files: [(name: String, text: String)]) throws(PredictionError) {
    for (name, text) in files {
      let lines = text.split(whereSeparator: \.isNewline).filter { !$0.allSatisfy(\.isWhitespace) }
      guard !lines.isEmpty else { throw PredictionError("\(name): empty; \(Self.expectation)") }
      if Self.object(text) != nil {
        try read(Data(text.utf8), in: name)
      } else {
        for (index, line) in lines.enumerated() {
          try read(Data(line.utf8), in: lines.count > 1 ? "\(name), line \(index + 1)" : name)
        }
      }
    }
  }

  private static var expectation: String {
    "expected what one of these commands prints: \(commands.values.sorted().joined(separator: ", "))"
  }

  private static func object(_ text: some StringProtocol) -> [String: Any]? {
    try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
  }

  private mutating func read(_ data: Data, in file: String) throws(PredictionError) {
    guard let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else {
      throw PredictionError("\(file): no JSON object; \(Self.expectation)")
    }
    guard let kind = object["measurement"] as? String else {
      throw PredictionError(
        "\(file): JSON that does not say what it measures, of another program or an older version; measure again. \(Self.expectation)"
      )
    }
    guard let command = Self.commands[kind] else {
      throw PredictionError("\(file): a measurement of '\(kind)', which nothing is predicted from; \(Self.expectation)")
    }
    do {
      switch kind {
      case "step": steps.append(try StepMeasurement(data, file: file))
      case "doctor": links.append(try LinkMeasurements(data, file: file))
      case "allreduce": sums.append(try SumMeasurement(data, file: file))
      case "loader": loaders.append(try LoaderMeasurement(data, file: file))
      default: runs.append(try RunMeasurement(data, file: file))
      }
    } catch {
      throw PredictionError(
        "\(file): not what '\(command)' writes: \(Self.place(error)) is missing or wrong; run it again")
    }
  }

  /// The key that an error is about.
  private static func place(_ error: any Error) -> String {
    func join(_ path: [any CodingKey]) -> String { path.map(\.stringValue).joined(separator: ".") }
    switch error {
    case DecodingError.keyNotFound(let key, let context): return join(context.codingPath + [key])
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
      DecodingError.dataCorrupted(let context):
      return join(context.codingPath)
    default: return "\(error)"
    }
  }

  /// The programs that measured, by file.
  var programs: [(file: String, program: ProgramVersion)] {
    steps.map { ($0.file, $0.program) } + links.map { ($0.file, $0.program) } + sums.map { ($0.file, $0.program) }
      + loaders.map { ($0.file, $0.program) } + runs.map { ($0.file, $0.program) }
  }
}
