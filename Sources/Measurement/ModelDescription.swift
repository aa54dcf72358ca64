import Configuration
import Files
import Foundation
import Inference
import Logging
import Models
import Tensors
import Training

/// What `multibox describe` shows of a configuration or a checkpoint.
package struct ModelDescription {
  private let experiment: Experiment
  private let budget: MemoryBudget
  private let parametersSHA256: String

  /// Reads a configuration (YAML), or a checkpoint (weights by name or content, or the directory of a run).
  ///
  /// The hash is that of the checkpoint's weights and momentum, or of the weights that training would start from.
  package init(_ path: String, overrides: [String], logger: Logger) throws {
    if path.hasSuffix(".safetensors") || RunCheckpoints(directory: path) != nil
      || FileSignature(ofFile: path)?.isWeights == true
    {
      let checkpoint = try Checkpoint(at: path, logger: logger)
      experiment = Experiment(try checkpoint.detectorConfiguration(overrides: overrides))
      parametersSHA256 = try checkpoint.metadata?.parametersSHA256 ?? checkpoint.file.parametersSHA256()
    } else {
      experiment = Experiment(try Configuration(contentsOf: path, overrides: overrides))
      let weights = VariableArena(experiment.model.layout)
      _ = try experiment.fillInitialWeights(weights)
      parametersSHA256 = weights.tensorSources().parametersSHA256()
    }
    budget = MemoryBudget(
      experiment, threads: experiment.configuration.computeThreads,
      evaluates: experiment.configuration.data.evaluationSplit != nil)
  }

  private var configuration: Configuration { experiment.configuration }
  private var model: SSD { experiment.model }

  private var gigaMultiplyAdds: Double { Double(model.graph.multiplyAdds) / 1e9 }

  private var precision: String {
    switch configuration.training.precision {
    case .float32: "float32"
    case .bfloat16: "products of convolutions in bfloat16, everything else in float32"
    }
  }

  private struct Summary: Encodable {
    let parameters: Int
    let default_boxes: Int
    let default_boxes_per_map: [Int]
    let gmac: Double
    let precision: String
    let parameters_sha256: String
    let peak_memory_bytes: Int
  }

  /// One JSON object.
  package func json() throws -> String {
    let summary = Summary(
      parameters: model.layout.parameterCount, default_boxes: model.defaultBoxes.count,
      default_boxes_per_map: model.defaultBoxes.countPerMap, gmac: (gigaMultiplyAdds * 100).rounded() / 100,
      precision: configuration.training.precision.rawValue, parameters_sha256: parametersSHA256,
      peak_memory_bytes: budget.bytes)
    return try JSONText.line(summary)
  }

  /// Tables for people.
  package var text: String {
    var rows = [["layer", "output", "parameters", "GMAC"]]
    for node in model.graph.nodes {
      let shape = model.graph.shape(node.output)
      let operations = Double(model.graph.demand(node, .evaluation).multiplyAdds) / 1e9
      rows.append([
        node.layer.name, "\(shape.height)×\(shape.width)×\(shape.channels)",
        "\(node.layer.variables.reduce(0) { $0 + $1.range.count })", String(format: "%.3f", operations),
      ])
    }
    let maps = model.defaultBoxes.countPerMap.map(String.init).joined(separator: " + ")
    return """
      \(TextTable(rows).text)

      parameters     \(model.layout.parameterCount)
      default boxes  \(model.defaultBoxes.count) = \(maps)
      operations     \(String(format: "%.2f", gigaMultiplyAdds)) GMAC for an image, forward
      precision      \(precision)
      memory         \(budget) (training, \(configuration.computeThreads) threads)
      SHA-256        \(parametersSHA256)
      """
  }
}
