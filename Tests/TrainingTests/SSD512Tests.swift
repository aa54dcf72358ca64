import Configuration
import Detection
import Inference
import Kernels
import Layers
import Models
import Tensors
import Testing

/// SSD512 against the same network put together in PyTorch, in float64: `Tests/Fixtures/generate_ssd512.py`.
@Suite struct SSD512Tests {
  private let fixture: TorchvisionFixture
  private let model = SSD(.ssd512VGG16, objectClassCount: 20)

  init() throws {
    fixture = try TorchvisionFixture("pytorch-ssd512.safetensors")
  }

  @Test func `It has the numbers of the paper and the release`() {
    #expect(model.layout.parameterCount == 27_188_676)
    #expect(model.layout.variables.count == 79)
    #expect(model.graph.multiplyAdds == 90_207_908_864)
    #expect(model.defaultBoxes.countPerMap == [16384, 6144, 1536, 384, 96, 16, 4])
    let coco = SSD(.ssd512VGG16, objectClassCount: 80, defaultBoxes: .coco512)
    #expect(coco.layout.parameterCount == 36_038_196)
    #expect((Double(coco.graph.multiplyAdds) / 1e9 * 1e6).rounded() == 98_628_937)
  }

  /// Liu et al. 2016, section 3.4: centres (x + ½) · step, sizes in shares of 512 pixels.
  @Test func `Default boxes are those of the paper`() {
    let boxes = DefaultBoxes(.voc512)
    let first = boxes.centered[0]
    #expect(first == CenterBox(centerX: 4 / 512, centerY: 4 / 512, width: 0.07, height: 0.07))
    let last = boxes.centered[24563]
    #expect(last.centerX == 0.5 && last.centerY == 0.5)
    #expect(
      abs(last.width - 0.9 / 2.0.squareRoot().float) < 1e-6 && abs(last.height - 0.9 * 2.0.squareRoot().float) < 1e-6)
    // The authors' program cuts sizes to whole pixels.
    #expect(DefaultBoxes(.caffeVOC512).centered[0].width == 35.0 / 512)
    #expect(DefaultBoxes(.caffeCOCO512).centered[0].width == 20.0 / 512)
  }

  private func relativeDistance(_ result: [Float], _ expected: [Double]) -> Double {
    precondition(result.count == expected.count, "\(result.count) values against \(expected.count)")
    let difference = zip(result, expected).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
    return (difference / expected.reduce(0) { $0 + $1 * $1 }).squareRoot()
  }

  /// Errors are compared with those of PyTorch in float32.
  @Test func `Outputs and gradients are PyTorch's`() throws {
    let weights = VariableArena(model.layout)
    for variable in model.layout.variables { try fixture.fill(variable, of: weights) }
    let executor = SSDExecutor(
      model, batch: 1, .training, pool: ThreadPool(threadCount: 2), kernels: Kernels.available.last!)
    let input = try Configuration(yaml: "{version: 1, model: {name: ssd512-vgg16}}", name: "test").networkInput
    let pixels = AlignedBuffer(count: 512 * 512 * 3)
    input.sample(
      fixture.image(3, width: 512, height: 512), kernels: Kernels.available[0], into: pixels.floats.baseAddress!)
    executor.forward(Tensor(model.graph.shape(model.graph.input), at: pixels.start), weights: weights, .training)

    func rows(_ width: Int, _ values: UnsafeMutablePointer<Float>) -> [Float] {
      stride(from: 0, to: model.defaultBoxes.count, by: 61).flatMap { row in
        (0..<width).map { values[row * width + $0] }
      }
    }
    let outputErrors = try fixture["float32.outputs.errors"]
    let location = relativeDistance(rows(4, executor.locations(0)), try fixture["outputs.location.rows"])
    let confidence = relativeDistance(rows(21, executor.confidences(0)), try fixture["outputs.confidence.rows"])
    print("outputs: locations \(location), confidences \(confidence); PyTorch \(outputErrors)")
    #expect(location <= 2 * outputErrors[0] && confidence <= 2 * outputErrors[1])

    fixture.fill(executor.locationGradients(0), count: model.defaultBoxes.count * 4, stream: 2000)
    fixture.fill(executor.confidenceGradients(0), count: model.defaultBoxes.count * 21, stream: 2001)
    let gradients = VariableArena(model.layout)
    executor.backward(weights: weights, gradients: gradients)
    let (norms, errors) = (try fixture["gradients.norms"], try fixture["float32.gradients.errors"])
    var largest = (ratio: 0.0, error: 0.0, name: "")
    for variable in model.layout.variables {
      let number = fixture.parameterNames.firstIndex(of: variable.name)!
      let values = fixture.fileOrder(variable, of: gradients)
      let error = try fixture.distance(values, of: variable, from: "gradients.projections") / norms[number]
      let sampleError = relativeDistance(fixture.sample(values), try fixture["gradients.samples.\(variable.name)"])
      if errors[number] > 0, error / errors[number] > largest.ratio {
        largest = (error / errors[number], error, variable.name)
      }
      #expect(error <= max(2 * errors[number], 2e-4), "\(variable.name)")
      #expect(sampleError <= max(4 * errors[number], 4e-4), "\(variable.name)")
    }
    print("gradients: \(largest.ratio) times PyTorch's error, \(largest.error), in \(largest.name)")
  }
}

extension Double {
  fileprivate var float: Float { Float(self) }
}
