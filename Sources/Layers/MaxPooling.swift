import CKernels
import Tensors

/// Maximum over square windows. Pixels outside the map take no part.
///
/// Forward keeps, for every output value, which tap of its window was the first maximum; backward sends the gradient there.
package struct MaxPooling: Layer {
  /// See ``Layer/name``.
  package let name: String
  /// Rows and columns of the window.
  package let kernel: Int
  /// Input pixels between neighbouring windows.
  package let stride: Int
  /// How far windows may start outside the map.
  package let padding: Int
  /// Whether a last, incomplete window counts (Caffe's rounding).
  package let ceilMode: Bool

  /// Declares the layer.
  package init(_ name: String, kernel: Int, stride: Int, padding: Int = 0, ceilMode: Bool = false) {
    precondition(
      kernel > 0 && kernel <= 15 && stride > 0 && padding >= 0 && 2 * padding <= kernel,
      "\(name): kernel \(kernel), stride \(stride), padding \(padding)")
    self.name = name
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
    self.ceilMode = ceilMode
  }

  /// None.
  package var parameters: [Parameter] { [] }
  /// The kept choices are enough.
  package var backwardReadsInput: Bool { false }
  /// The kept choices are enough.
  package var backwardReadsOutput: Bool { false }

  /// See ``Layer/outputShape(for:)``. With `ceilMode`, a window that would start in the padding behind the map is dropped, as Caffe
  /// and PyTorch do.
  package func outputShape(for input: Shape) -> Shape {
    func size(_ input: Int) -> Int {
      precondition(input + 2 * padding >= kernel || ceilMode, "\(name): a side of \(input) is smaller than the window")
      let free = input + 2 * padding - kernel + (ceilMode ? stride - 1 : 0)
      let windows = max(free, 0) / stride + 1
      return ceilMode && (windows - 1) * stride >= input + padding ? windows - 1 : windows
    }
    return Shape(batch: input.batch, height: size(input.height), width: size(input.width), channels: input.channels)
  }

  /// Comparisons only.
  package func multiplyAdds(for input: Shape) -> Int { 0 }
  /// One byte for each output value.
  package func stateCount(for input: Shape) -> Int {
    (outputShape(for: input).count + MemoryLayout<Float>.stride - 1) / MemoryLayout<Float>.stride
  }
  /// None.
  package func scratch(for input: Shape, training: Bool) -> ScratchSize { ScratchSize() }

  /// See ``Layer/forward(_:into:state:weights:context:)``.
  package func forward(
    _ input: Tensor, into output: Tensor, state: UnsafeMutablePointer<Float>, weights: ParameterArena,
    context: ExecutionContext
  ) {
    let geometry = geometry(input.shape, output.shape)
    let rowCount = output.shape.width * output.shape.channels
    withChoices(state, count: output.shape.count) { choices in
      context.pool.forEach(output.shape.batch * output.shape.height) { row, _ in
        withUnsafePointer(to: geometry) {
          context.kernels.table.max_pool_row(
            $0, input.image(row / output.shape.height), row % output.shape.height, output.data + row * rowCount,
            choices + row * rowCount)
        }
      }
    }
  }

  /// See ``Layer/backward(_:weights:context:)``.
  package func backward(_ pass: BackwardPass, weights: ParameterArena, context: ExecutionContext) {
    guard let inputGradient = pass.inputGradient else { return }
    let (input, output) = (inputGradient.shape, pass.outputGradient.shape)
    let geometry = geometry(input, output)
    let imageCount = output.count / output.batch
    withChoices(pass.state, count: output.count) { choices in
      context.pool.forEach(input.batch * input.height) { row, _ in
        let image = row / input.height
        withUnsafePointer(to: geometry) {
          context.kernels.table.max_pool_gradient_row(
            $0, pass.outputGradient.image(image), choices + image * imageCount, row % input.height,
            pass.accumulatesInputGradient, inputGradient.data + row * input.width * input.channels)
        }
      }
    }
  }

  private func withChoices(
    _ state: UnsafeMutablePointer<Float>, count: Int, _ body: (UnsafeMutablePointer<UInt8>) -> Void
  ) {
    UnsafeMutableRawPointer(state).withMemoryRebound(to: UInt8.self, capacity: count, body)
  }

  private func geometry(_ input: Shape, _ output: Shape) -> ck_pooling_geometry {
    ck_pooling_geometry(
      input_height: input.height, input_width: input.width, output_height: output.height, output_width: output.width,
      channels: input.channels, kernel: kernel, stride: stride, padding: padding)
  }
}
