import Kernels
import Layers
import Tensors
import Testing

/// What has to hold on any machine: both methods run in one process, so that only their ratio counts.
@Suite(.serialized) struct ConvolutionSpeedTests {
  @Test func `Winograd's algorithm is twice as fast as columns on conv3_2`() throws {
    let kernels = try KernelChoice.fastest.kernels()
    MatrixLibrary.useOneThread()
    let pool = ThreadPool(threadCount: 1)
    let shape = Shape(batch: 1, height: 75, width: 75, channels: 256)
    func timer(_ method: ConvolutionMethod) -> () -> Double {
      var layout = VariableLayout()
      let layer = Convolution(
        "conv3_2", variableName: "conv3_2", kernel: 3, padding: 1, from: 256, to: 256, activation: .relu,
        method: method,
        layout: &layout)
      let weights = VariableArena(layout)
      let context = ExecutionContext(
        pool: pool, kernels: kernels, scratch: layer.demand(for: [shape], .evaluation).scratch)
      let (x, y) = (AlignedBuffer(count: shape.count), AlignedBuffer(count: shape.count))
      return {
        let start = ContinuousClock.now
        layer.forward(
          ForwardPass(
            inputs: [FeatureMap(Tensor(shape, at: x.start))], output: Tensor(shape, at: y.start), state: y.start,
            weights: weights,
            mode: .evaluation, context: context))
        return (ContinuousClock.now - start) / .seconds(1)
      }
    }
    let (columns, fastest) = (timer(.columns), timer(.fastest))
    // The fastest of several: other tests run beside this one.
    let times = (0..<6).map { _ in (columns(), fastest()) }.dropFirst()
    let ratio = times.map(\.0).min()! / times.map(\.1).min()!
    #expect(ratio >= 2)
  }
}
