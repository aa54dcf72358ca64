import Configuration
import Files
import Inference
import ModelFiles
import Models
import Tensors
import TestSupport
import Testing
import Training

/// Weights that fit by name and shape, and yet would give nonsense without a word.
struct UnusableWeightsTests {
  private let directory: TemporaryDirectory
  private var path: String { directory.path + "/a.safetensors" }

  init() throws { directory = try TemporaryDirectory() }

  private func configuration(_ variant: String) throws -> Configuration {
    try Configuration(
      yaml: """
        version: 1
        model: {name: ssd300-mobilenet-v1, variant: \(variant), width_multiplier: 0.25}
        data: {classes: [a, b]}
        """, name: "test")
  }

  @Test(arguments: [
    (".running_var", Float.nan), (".running_var", -1), (".running_var", .infinity), (".running_mean", .infinity),
    (".running_mean", .nan), (".weight", .nan), (".bias", -.infinity),
  ]) func `A number that no network computes with is refused by its tensor's name`(ending: String, value: Float) throws
  {
    let model = Experiment(try configuration("pytorch")).model
    let faulty = try #require(model.layout.variables.last { $0.name.hasSuffix(ending) })
    try model.layout.variables.map { variable in
      TensorSource(name: variable.name, shape: variable.fileShape) { values in
        values.update(repeating: 1)
        if variable.name == faulty.name { values[values.count - 1] = value }
      }
    }.writeSafetensors(to: path)
    let error = #expect(throws: FileError.self) {
      try WeightLoading(
        from: SafetensorsFile(path), into: VariableArena(model.layout), naming: model.tensorNaming)
    }
    #expect(error?.tensor == faulty.name)
    #expect(error?.reason.hasPrefix("value \(faulty.range.count - 1) is \(value)") == true, "\(error?.reason ?? "")")
  }

  /// Shapes are the same; activations and padding are not.
  @Test func `A checkpoint of another variant is refused`() throws {
    let ofFile = try configuration("tensorflow")
    try Checkpoint.write(
      to: path, iteration: 1, configuration: ofFile, state: TrainingState(Experiment(ofFile).model.layout))
    let model = Experiment(try configuration("pytorch")).model
    let error = #expect(throws: FileError.self) {
      try Checkpoint(contentsOf: path).fill(
        VariableArena(model.layout), classNames: ["a", "b"], naming: model.tensorNaming)
    }
    #expect(error?.reason.contains("--set model.variant=tensorflow") == true, "\(error?.reason ?? "")")
  }
}
