import Foundation
import Images
import ModelFiles
import Tensors

/// What PyTorch computes, `Tests/Fixtures/*.safetensors`, and the formulas of the weights and images it was made from, which
/// `ssd_formulas.py` beside it defines.
struct TorchvisionFixture {
  private let file: SafetensorsFile
  /// Names in the order that numbers the tensors.
  let parameterNames: [String]
  private let imageStream: Int

  init(_ name: String = "torchvision-ssd300.safetensors") throws {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    file = try SafetensorsFile(tests.path + "/Fixtures/\(name)")
    struct Description: Decodable {
      let parameters: [String]
      let image_stream: Int
    }
    let description = try JSONDecoder().decode(Description.self, from: Data(file.metadata["fixture"]!.utf8))
    (parameterNames, imageStream) = (description.parameters, description.image_stream)
  }

  /// All values of a tensor; F64 values come rounded to float32.
  subscript(name: String) -> [Double] {
    get throws { try file.floats(of: file.tensor(named: name)!).map(Double.init) }
  }

  /// Fills `count` values with the numbers of a stream.
  func fill(_ values: UnsafeMutablePointer<Float>, count: Int, stream: Int) {
    for element in 0..<count { values[element] = Float(HashFormulas.signed(stream, element)) }
  }

  /// Fills a parameter by its formula, or from the file if it is a bias of the backbone.
  func fill(_ parameter: Variable, of weights: VariableArena) throws {
    if parameter.name.hasSuffix(".bias"), parameter.name.hasPrefix("backbone.") {
      let values = try self["biases.\(parameter.name)"].map(Float.init)
      return values.withUnsafeBufferPointer { parameter.copyFromFileOrder(from: $0, to: weights[parameter]) }
    }
    let stream = parameterNames.firstIndex(of: parameter.name)!
    func signed(_ element: Int) -> Double { HashFormulas.signed(stream, element) }
    let shape = parameter.fileShape
    let values: [Float] = (0..<parameter.range.count).map { element in
      switch parameter.start {
      case .constant(0): Float(0.01 * signed(element))
      case .constant: Float(20 + signed(element))
      case .random, .randomBeforeNormalization:
        Float(gain(parameter.name) * (6 / Double(shape[1] * shape[2] * shape[3])).squareRoot() * signed(element))
      }
    }
    values.withUnsafeBufferPointer { parameter.copyFromFileOrder(from: $0, to: weights[parameter]) }
  }

  private func gain(_ name: String) -> Double {
    if name.hasPrefix("backbone.features.0.") || name.hasPrefix("head.regression_head.") { return 0.25 }
    if name.hasPrefix("head.classification_head.module_list.0.") { return 1 }
    return name.hasPrefix("head.classification_head.") ? 0.5 : 0.75
  }

  /// A parameter's values in the order of files.
  func fileOrder(_ parameter: Variable, of arena: VariableArena) -> [Float] {
    var values = [Float](repeating: 0, count: parameter.range.count)
    values.withUnsafeMutableBufferPointer {
      parameter.copyToFileOrder(from: UnsafeBufferPointer(arena[parameter]), to: $0)
    }
    return values
  }

  /// How far a tensor is from the one whose projections are in the fixture, from the sixteen sums Σ ± value, signs from the hash.
  func distance(_ values: [Float], of parameter: Variable, from name: String) throws -> Double {
    let stream = parameterNames.firstIndex(of: parameter.name)!
    let expected = try self[name][16 * stream..<16 * (stream + 1)]
    return HashFormulas.distance(values, stream: stream, expected)
  }

  /// At most 256 of the values: see ``HashFormulas/sample(_:atMost:)``.
  func sample(_ values: [Float]) -> [Float] { HashFormulas.sample(values, atMost: 256) }

  /// Training images 0 and 1 (300×300) and test image 2 (500×375).
  func image(_ number: Int) -> Image {
    number == 2 ? image(2, width: 500, height: 375) : image(number, width: 300, height: 300)
  }

  /// An image of any size up to 640 pixels.
  func image(_ number: Int, width: Int, height: Int) -> Image {
    HashFormulas.image(number, stream: imageStream, width: width, height: height)
  }
}
