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

  /// MurmurHash3's finalizer of a stream and an element.
  private func hash(_ stream: Int, _ element: Int) -> UInt32 {
    var x = UInt32(truncatingIfNeeded: stream) &* 0x9E37_79B9 &+ UInt32(truncatingIfNeeded: element)
    x ^= x >> 16
    x = x &* 0x85EB_CA6B
    x ^= x >> 13
    x = x &* 0xC2B2_AE35
    return x ^ (x >> 16)
  }

  /// Uniform in -1 ... 1.
  private func signed(_ stream: Int, _ element: Int) -> Double {
    2 * ((Double(hash(stream, element)) + 0.5) / 4_294_967_296) - 1
  }

  /// Fills `count` values with the numbers of a stream.
  func fill(_ values: UnsafeMutablePointer<Float>, count: Int, stream: Int) {
    for element in 0..<count { values[element] = Float(signed(stream, element)) }
  }

  /// Fills a parameter by its formula, or from the file if it is a bias of the backbone.
  func fill(_ parameter: Variable, of weights: VariableArena) throws {
    if parameter.name.hasSuffix(".bias"), parameter.name.hasPrefix("backbone.") {
      let values = try self["biases.\(parameter.name)"].map(Float.init)
      return values.withUnsafeBufferPointer { parameter.copyFromFileOrder(from: $0, to: weights[parameter]) }
    }
    let stream = parameterNames.firstIndex(of: parameter.name)!
    func signed(_ element: Int) -> Double { self.signed(stream, element) }
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
    var sums = SIMD16<Double>.zero
    let masks = SIMD16<UInt64>((0..<16).map { 1 << $0 })
    for (element, value) in values.enumerated() {
      let isPositive = SIMD16(repeating: UInt64(hash(stream, element))) & masks .!= 0
      sums += SIMD16(repeating: -Double(value)).replacing(with: Double(value), where: isPositive)
    }
    let squares = zip(0..<16, expected).reduce(0) { $0 + (sums[$1.0] - $1.1) * (sums[$1.0] - $1.1) }
    return (squares / 16).squareRoot()
  }

  /// Every s-th value, s the smallest integer from count / 256 on that has no divisor in common with the count.
  func sample(_ values: [Float]) -> [Float] {
    func divisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : divisor(b, a % b) }
    var step = max(1, (values.count + 255) / 256)
    while divisor(step, values.count) != 1 { step += 1 }
    return stride(from: 0, to: values.count, by: step).map { values[$0] }
  }

  /// Training images 0 and 1 (300×300) and test image 2 (500×375).
  func image(_ number: Int) -> Image {
    number == 2 ? image(2, width: 500, height: 375) : image(number, width: 300, height: 300)
  }

  /// An image of any size up to 640 pixels.
  func image(_ number: Int, width: Int, height: Int) -> Image {
    var pixels: [UInt8] = []
    pixels.reserveCapacity(width * height * 3)
    for y in 0..<height {
      for x in 0..<width {
        let texture = Int(hash(imageStream + 1 + number, y / 80 * 8 + x / 80) >> 30)
        for c in 0..<3 {
          pixels.append(UInt8(96 + (hash(imageStream, ((texture * 16 + y % 16) * 16 + x % 16) * 3 + c) >> 26)))
        }
      }
    }
    return Image(width: width, height: height, pixels: pixels)
  }
}
