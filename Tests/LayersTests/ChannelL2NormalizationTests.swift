import Kernels
import Layers
import Tensors
import Testing

@Suite struct ChannelL2NormalizationTests {
  @Test(arguments: [1, 5, 16, 37])
  func agreesWithReferenceAndCentralDifferences(channels: Int) {
    var layout = VariableLayout()
    let layer = ChannelL2Normalization("norm", variableName: "scale", channels: channels, layout: &layout)
    var harness = LayerHarness(
      layer, layout: layout, input: Shape(batch: 2, height: 7, width: 6, channels: channels), seed: UInt64(channels))
    harness.parameters[0] = harness.parameters[0].map { $0 + 20 }
    // One channel is normalised to ±1: its input gradient is a difference of equal numbers, all rounding.
    let found = harness.discrepancies { normalize($0, scale: $1[0]) }
      .filter { channels > 1 || !$0.contains("input gradient is off") }
    #expect(found.isEmpty, "\(found)")
  }

  @Test func aPixelOfZerosStaysFinite() {
    var layout = VariableLayout()
    let layer = ChannelL2Normalization("norm", variableName: "scale", channels: 3, layout: &layout)
    let harness = LayerHarness(layer, layout: layout, input: Shape(batch: 1, height: 1, width: 2, channels: 3))
    for kernels in Kernels.available {
      let weights = VariableArena(layout)
      let context = ExecutionContext(
        pool: ThreadPool(threadCount: 1), kernels: kernels,
        scratch: layer.demand(for: [harness.input.shape], .training).scratch)
      let buffer = AlignedBuffer(count: 6)
      let output = AlignedBuffer(count: 6)
      let state = AlignedBuffer(count: 2)
      layer.forward(
        ForwardPass(
          inputs: [FeatureMap(Tensor(harness.input.shape, at: buffer.start))],
          output: Tensor(harness.input.shape, at: output.start),
          state: state.start, weights: weights, mode: .training, context: context))
      #expect(Array(output.floats) == [0, 0, 0, 0, 0, 0])
      #expect(state.floats.allSatisfy { $0.isFinite })
    }
  }
}

private func normalize(_ x: ReferenceMap, scale: [Double]) -> ReferenceMap {
  var y = x
  let channels = x.shape.channels
  for pixel in 0..<x.shape.pixels {
    let range = pixel * channels..<(pixel + 1) * channels
    let norm = (x.values[range].reduce(0) { $0 + $1 * $1 } + 1e-10).squareRoot()
    for (c, index) in range.enumerated() { y.values[index] = scale[c] * x.values[index] / norm }
  }
  return y
}
