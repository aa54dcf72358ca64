import Configuration
import Inference
import Logging
import Tensors
import Threads
import Training

/// A model of two convolutions, its arenas filled with numbers that depend on `seed`, and a configuration.
struct CheckpointFixture {
  let configuration: Configuration
  let state: TrainingState
  var weights: VariableArena { state.weights }
  var momentum: VariableArena { state.momentum }

  init(classes: Int = 2, seed: Float = 1, extra: Bool = false, keepsAverage: Bool = false) throws {
    var layout = VariableLayout()
    _ = layout.add(
      "backbone.weight", .kernel(height: 2, width: 3, input: 4, output: 5), start: .random, update: .weight)
    _ = layout.add("backbone.bias", .vector(count: 5), start: .constant(0), update: .bias(rateMultiplier: 2))
    _ = layout.add(
      "head.classification_head.weight", .kernel(height: 1, width: 1, input: 5, output: 4 * (classes + 1)),
      start: .random,
      update: .weight)
    if extra { _ = layout.add("extra.scale", .vector(count: 3), start: .constant(20), update: .weight) }
    state = TrainingState(layout, keepsAverage: keepsAverage)
    let (weights, momentum) = (state.weights, state.momentum)
    for parameter in layout.variables {
      for index in weights[parameter].indices {
        weights[parameter][index] = seed + Float(parameter.range.lowerBound + index)
        momentum[parameter][index] = -seed / Float(1 + index)
        state.average?[parameter][index] = seed + 0.5 + Float(parameter.range.lowerBound + index)
      }
    }
    let names = (1...classes).map { "kind\($0)" }.joined(separator: ", ")
    configuration = try Configuration(
      yaml: "version: 1\ndata: {classes: [\(names)]}\nmodel: {width_multiplier: 0.25}", name: "test.yaml")
  }

  func write(to path: String, iteration: Int, build: String? = nil) throws {
    try Checkpoint.write(
      to: path, iteration: iteration, configuration: configuration, state: state, build: build)
  }
}

extension VariableArena {
  var bits: [UInt32] { values.map(\.bitPattern) }

  func fill(_ value: Float) {
    for parameter in layout.variables { self[parameter].update(repeating: value) }
  }
}

/// Keeps messages for a test to look at.
final class MessageRecorder: Sendable {
  private let messages = Monitor<[String]>([])

  var recorded: [String] { messages.withLock { $0 } }

  var logger: Logger {
    Logger(label: "test") { _ in Handler(recorder: self) }
  }

  private struct Handler: LogHandler {
    let recorder: MessageRecorder
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    init(recorder: MessageRecorder) { self.recorder = recorder }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      recorder.messages.withLock { $0.append("\(event.level): \(event.message)") }
    }
  }
}
