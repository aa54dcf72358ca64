import Foundation
import Layers
import ModelFiles
import Models
import Tensors

/// What PyTorch's MobileNet detectors compute, `Tests/Fixtures/mobilenets.safetensors`, and the formulas of their weights and images, which
/// `mobilenet_formulas.py` beside it defines.
struct MobileNetFixture {
  /// A network with its options and images.
  struct Case: Decodable {
    let network: String
    let options: [String: Option]
    let batch: Int
    let side: Int
    /// The default boxes of every map.
    let map_boxes: [Int]
    /// Names, sorted by their bytes.
    let parameters: [String]
    let statistics: [String]
    /// Positions of the parameters whose values are in the file.
    let shifts: [Int]
    /// Positions of the parameters whose gradients are nothing but rounding.
    let vanishing: [Int]

    /// A value of any type.
    struct Option: Decodable {}

    /// The network as we build it. The options that the script gives are those of TensorFlow's variant.
    var architecture: Architecture? {
      let named = Architecture.variants.filter { $0.name == network }
      return options.isEmpty ? named.first : named.first { $0.variant == "tensorflow" }
    }
  }

  /// What the file says of all cases.
  struct Description: Decodable {
    let cases: [String: Case]
    let classes: Int
    let learning_rate: Float
    let momentum: Float
    let weight_decay: Float
    let image_stream: Int
  }

  /// The cases' names.
  static let names = [
    "ssd300-mobilenet-v1", "ssd300-mobilenet-v1-tensorflow", "ssd300-mobilenet-v2-lite", "ssd320-mobilenet-v2-lite",
    "ssdlite320-mobilenet-v3-large",
  ]

  let description: Description
  let setting: Case
  private let name: String
  private let file: SafetensorsFile

  /// Opens the case of a name.
  init(_ name: String) throws {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    file = try SafetensorsFile(tests.path + "/Fixtures/mobilenets.safetensors")
    description = try JSONDecoder().decode(Description.self, from: Data(file.metadata["fixture"]!.utf8))
    setting = description.cases[name]!
    self.name = name
  }

  /// All values of a tensor of the case; F64 values come rounded to float32.
  subscript(tensor: String) -> [Double] {
    get throws { try file.floats(of: file.tensor(named: "\(name).\(tensor)")!).map(Double.init) }
  }

  /// Part `number` of a tensor that consists of parts of `count` values.
  func part(_ tensor: String, _ number: Int, of count: Int) throws -> [Double] {
    Array(try self[tensor][count * number..<count * (number + 1)])
  }

  /// Fills all weights and running statistics.
  func fill(_ weights: VariableArena) throws {
    var shifts = try self["shifts"][...]
    var chosen: [Int: [Float]] = [:]
    for number in setting.shifts {
      let variable = weights.layout.variables.first { $0.name == setting.parameters[number] }!
      chosen[number] = shifts.prefix(variable.range.count).map(Float.init)
      shifts = shifts.dropFirst(variable.range.count)
    }
    precondition(shifts.isEmpty, "\(shifts.count) biases belong to no parameter")
    let normalizations = Set(setting.statistics.map { $0.split(separator: ".").dropLast() })
    for variable in weights.layout.variables {
      let values: [Float]
      if let statistic = setting.statistics.firstIndex(of: variable.name) {
        values = (0..<variable.range.count).map { element in
          let value = HashFormulas.signed(1000 + statistic, element)
          return Float(variable.name.hasSuffix("mean") ? 0.1 * value : 9 + 4.5 * value)
        }
      } else {
        let number = setting.parameters.firstIndex(of: variable.name)!
        let shape = variable.fileShape
        let isNormalization = normalizations.contains(variable.name.split(separator: ".").dropLast())
        values =
          chosen[number]
          ?? (0..<variable.range.count).map { element in
            let value = HashFormulas.signed(number, element)
            if shape.count == 4 { return Float((6 / Double(shape[1] * shape[2] * shape[3])).squareRoot() * value) }
            return Float(
              variable.name.hasSuffix("weight") ? 1.5 + 0.15 * value : (isNormalization ? 2 : 0) + 0.5 * value)
          }
      }
      values.withUnsafeBufferPointer { variable.copyFromFileOrder(from: $0, to: weights[variable]) }
    }
  }

  /// The images as the network reads them, [batch, side, side, 3].
  func images() -> AlignedBuffer {
    let (side, area) = (setting.side, setting.side * setting.side * 3)
    let memory = AlignedBuffer(count: setting.batch * area)
    for number in 0..<setting.batch {
      let image = HashFormulas.image(number, stream: description.image_stream, width: side, height: side)
      for (index, pixel) in image.pixels.enumerated() {
        memory.floats[number * area + index] = (Float(pixel) - 127.5) / 16
      }
    }
    return memory
  }

  /// The loss of predictions and its gradient: `images` are the rows of each image, [boxes, width].
  ///
  /// - Parameter stream: of the factors.
  func loss(
    _ images: [UnsafeMutablePointer<Float>], gradients: [UnsafeMutablePointer<Float>], width: Int, stream: Int
  ) -> Double {
    let rows = setting.map_boxes.flatMap { boxes in repeatElement(Double(setting.batch * boxes), count: boxes) }
    var loss = 0.0
    for (image, (values, gradient)) in zip(images, gradients).enumerated() {
      for (row, divisor) in rows.enumerated() {
        for index in row * width..<(row + 1) * width {
          let factor = Double(Float(HashFormulas.signed(stream, image * rows.count * width + index)))
          let value = Double(values[index])
          loss += (factor * value + value * value / 8) / divisor
          gradient[index] = Float((factor + value / 4) / divisor)
        }
      }
    }
    return loss
  }
}
