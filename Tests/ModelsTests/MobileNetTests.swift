import Foundation
import Kernels
import Layers
import Models
import Tensors
import Testing

/// The numbers of MobileNet detectors that others have published or that their code gives: parameters, running averages, boxes, operations, and
/// outputs for weights and images by formula, which torch computes in double precision (`Tests/Fixtures/check_mobilenets.py`).
@Suite struct MobileNetTests {
  struct Golden: Sendable, CustomStringConvertible {
    let name: String
    var variant = ""
    let classes: Int
    let parameters: Int
    let averages: Int
    let normalizations: Int
    let boxes: [Int]
    let multiplyAdds: Int

    var description: String { "\(name) \(variant) \(classes)" }
    var architecture: Architecture {
      Architecture.variants.first { $0.name == name && (variant.isEmpty || $0.variant == variant) }!
    }
    var model: SSD { SSD(architecture, objectClassCount: classes - 1) }

    static let of300 = [2166, 600, 150, 54, 24, 6]
    static let of320 = [2400, 600, 150, 54, 24, 6]
    static let all = [
      v1(21, 9_468_996, 1_526_987), v1(4, 6_883_296, nil), v1(81, 18_594_996, 2_510_703),
      v2Lite(21, 3_388_228, 660_829), v2Lite(81, 4_450_228, nil),
      v2(21, 3_316_548, 680_450), v2(81, 4_228_788, 746_206),
      v3("reduced-tail", 91, 3_440_060, 32_944, 583_172), v3("reduced-tail", 21, 2_469_860, 32_944, 443_288),
      v3("reduced-tail", 81, 3_301_460, 32_944, nil), v3("full-tail", 91, 5_198_540, 40_144, 689_751),
      v3("full-tail", 21, 4_026_740, 40_144, nil),
    ]

    private static func v1(_ classes: Int, _ parameters: Int, _ thousands: Int?) -> Golden {
      Golden(
        name: "ssd300-mobilenet-v1", classes: classes, parameters: parameters, averages: 21_888, normalizations: 27,
        boxes: of300, multiplyAdds: thousands ?? 0)
    }
    private static func v2Lite(_ classes: Int, _ parameters: Int, _ thousands: Int?) -> Golden {
      Golden(
        name: "ssd300-mobilenet-v2-lite", classes: classes, parameters: parameters, averages: 50_112,
        normalizations: 74, boxes: of300, multiplyAdds: thousands ?? 0)
    }
    private static func v2(_ classes: Int, _ parameters: Int, _ thousands: Int?) -> Golden {
      Golden(
        name: "ssd320-mobilenet-v2-lite", classes: classes, parameters: parameters, averages: 48_832,
        normalizations: 76, boxes: of320, multiplyAdds: thousands ?? 0)
    }
    private static func v3(
      _ variant: String, _ classes: Int, _ parameters: Int, _ averages: Int, _ thousands: Int?
    )
      -> Golden
    {
      Golden(
        name: "ssdlite320-mobilenet-v3-large", variant: variant, classes: classes, parameters: parameters,
        averages: averages, normalizations: 70, boxes: of320, multiplyAdds: thousands ?? 0)
    }
  }

  @Test(arguments: Golden.all) func `The network has the published numbers`(golden: Golden) {
    let model = golden.model
    let averages = model.layout.variables.filter(\.isAverage)
    #expect(model.layout.parameterCount == golden.parameters)
    #expect(averages.reduce(0) { $0 + $1.range.count } == golden.averages)
    #expect(averages.count == 2 * golden.normalizations)
    #expect(model.defaultBoxes.countPerMap == golden.boxes)
    if golden.multiplyAdds > 0 { #expect((model.graph.multiplyAdds + 500) / 1000 == golden.multiplyAdds) }
  }

  /// [networks, tensors in a file without `num_batches_tracked`]
  @Test(arguments: [
    ("ssd300-mobilenet-v1", 202 - 27), ("ssd300-mobilenet-v2-lite", 478 - 74), ("ssd320-mobilenet-v2-lite", 480 - 76),
    ("ssdlite320-mobilenet-v3-large", 476 - 70),
  ]) func `A file has as many tensors as the origin's`(name: String, tensors: Int) throws {
    let architecture = try #require(Architecture.named(name))
    #expect(SSD(architecture, objectClassCount: 20).layout.variables.count == tensors)
  }

  /// Sums over all default boxes (centre x, centre y, width, height), the first and the last one.
  @Test func `Default boxes are the origins'`() {
    func check(_ name: String, sums: [Double], first: [Float], last: [Float]) {
      let boxes = SSD(Architecture.named(name)!, objectClassCount: 1).defaultBoxes.centered
      let numbers = boxes.map { [$0.centerX, $0.centerY, $0.width, $0.height] }
      for axis in 0..<4 {
        #expect(abs(numbers.reduce(0.0) { $0 + Double($1[axis]) } - sums[axis]) < 6e-4, "\(name), sum \(axis)")
        #expect(abs(numbers[0][axis] - first[axis]) < 1e-6 && abs(numbers.last![axis] - last[axis]) < 1e-6)
      }
    }
    check(
      "ssd300-mobilenet-v1", sums: [1538.640, 1538.640, 862.749, 862.749], first: [0.026667, 0.026667, 0.2, 0.2],
      last: [0.5, 0.5, 0.548483, 1])
    check(
      "ssdlite320-mobilenet-v3-large", sums: [1617, 1617, 915.402, 915.402], first: [0.025, 0.025, 0.2, 0.2],
      last: [0.5, 0.5, 0.548483, 1])
  }

  struct Outputs: Sendable, CustomStringConvertible {
    let name: String
    let classes: Int
    /// Of the spread of kernels.
    let gain: Double
    /// Σ, Σ|·|, the first box and the last.
    let locations: (Double, Double, [Float], [Float])
    let confidences: (Double, Double, [Float], [Float])
    var description: String { name }

    static let all = [
      Outputs(
        name: "ssd300-mobilenet-v1", classes: 21, gain: 2,
        locations: (
          -4961.866966, 85625.456013, [-2.095291, 1.917612, -0.206833, -1.773354],
          [-0.064453, -0.087782, -0.102320, -0.095078]
        ),
        confidences: (
          -5544.200361, 449301.157715, [-1.598424, 2.215334, -1.193455], [-0.094040, -0.102078, -0.090571]
        )),
      Outputs(
        name: "ssd300-mobilenet-v2-lite", classes: 21, gain: 4,
        locations: (
          -1785.911463, 48334.248653, [0.597431, -0.662281, -1.756848, -2.413514],
          [-0.693885, -0.888293, 0.339805, 0.806336]
        ),
        confidences: (
          4014.283163, 235564.789282, [-2.046875, -2.456379, -2.251779], [0.814713, 0.326062, -0.900814]
        )),
      Outputs(
        name: "ssd320-mobilenet-v2-lite", classes: 81, gain: 4,
        locations: (
          3553.694161, 71569.674202, [3.163407, -3.865529, 1.163491, 2.346947],
          [0.159227, -0.494281, 0.425019, -0.703537]
        ),
        confidences: (
          2628.932468, 1418165.152026, [3.163407, -3.865529, 1.163491], [0.190816, -0.208098, 0.440716]
        )),
      Outputs(
        name: "ssdlite320-mobilenet-v3-large", classes: 21, gain: 4,
        locations: (
          150.270099, 22587.439317, [2.873811, -0.934639, -1.555098, 3.414992],
          [-0.133726, -0.150949, 0.319649, -0.438793]
        ),
        confidences: (
          56.278386, 131660.006054, [2.071655, -0.101821, -2.189306], [-0.328434, 0.435100, -0.446543]
        )),
    ]
  }

  @Test(arguments: Outputs.all) func `Evaluation gives torch's outputs`(golden: Outputs) throws {
    let model = SSD(try #require(Architecture.named(golden.name)), objectClassCount: golden.classes - 1)
    let weights = VariableArena(model.layout)
    for variable in model.layout.variables { FormulaWeights(gain: golden.gain).fill(variable, of: weights) }
    let shape = model.graph.shape(model.graph.input)
    let images = AlignedBuffer(count: shape.count)
    for y in 0..<shape.height {
      for x in 0..<shape.width {
        for c in 0..<3 {
          images.floats[(y * shape.width + x) * 3 + c] = Float(sin(0.05 * Double(x) + 0.03 * Double(y) + Double(c)))
        }
      }
    }
    for kernels in Kernels.available {
      let executor = SSDExecutor(
        model, batch: 1, .evaluation, pool: ThreadPool(threadCount: 2), kernels: kernels)
      executor.forward(Tensor(shape, at: images.start), weights: weights, .evaluation)
      func check(
        _ values: UnsafeMutablePointer<Float>, _ width: Int,
        _ golden: (sum: Double, absolute: Double, first: [Float], last: [Float]), _ what: String
      ) {
        let all = UnsafeBufferPointer(start: values, count: model.defaultBoxes.count * width).map(Double.init)
        // Double precision differs from float32 by less than 1e-4 in every number.
        let absolute = all.reduce(0) { $0 + abs($1) }
        #expect(abs(absolute - golden.absolute) < 1e-5 * golden.absolute, "\(what): Σ|·| \(absolute)")
        #expect(abs(all.reduce(0, +) - golden.sum) < 1e-5 * golden.absolute, "\(what)")
        for (index, value) in golden.first.enumerated() {
          #expect(abs(all[index] - Double(value)) < 1e-4, "\(what), first box: \(all[index]), not \(value)")
        }
        for (index, value) in golden.last.enumerated() {
          let number = all[all.count - width + index]
          #expect(abs(number - Double(value)) < 1e-4, "\(what), last box: \(number), not \(value)")
        }
      }
      check(executor.locations(0), 4, golden.locations, "locations, \(kernels.instructionSet)")
      // mmdetection has the background last; to the layers it does not matter which class a channel stands for.
      check(executor.confidences(0), golden.classes, golden.confidences, "confidences, \(kernels.instructionSet)")
    }
  }
}

/// Weights by formula: n characters of the name, j the index in file order, t = sin(0.37 j + 0.11 n). Kernels √(gain / fan in) · t, scales of a
/// normalisation 1 + 0.1 t, biases and means 0.1 t, variances 1 + 0.5 t².
struct FormulaWeights {
  let gain: Double

  func fill(_ variable: Variable, of weights: VariableArena) {
    let shape = variable.fileShape
    let values: [Float] = (0..<variable.range.count).map { index in
      let t = sin(0.37 * Double(index) + 0.11 * Double(variable.name.utf8.count))
      if shape.count == 4 { return Float((gain / Double(shape[1] * shape[2] * shape[3])).squareRoot() * t) }
      if variable.name.hasSuffix("running_var") { return Float(1 + 0.5 * t * t) }
      return Float(variable.name.hasSuffix("weight") ? 1 + 0.1 * t : 0.1 * t)
    }
    values.withUnsafeBufferPointer { variable.copyFromFileOrder(from: $0, to: weights[variable]) }
  }
}
