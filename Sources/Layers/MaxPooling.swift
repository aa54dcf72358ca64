import Kernels
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
  package var variables: [Variable] { [] }

  /// See ``Layer/outputShape(for:)``. With `ceilMode`, a window that would start in the padding behind the map is dropped, as Caffe
  /// and PyTorch do.
  package func outputShape(for inputs: [Shape]) -> Shape {
    func size(_ input: Int) -> Int {
      precondition(input + 2 * padding >= kernel || ceilMode, "\(name): a side of \(input) is smaller than the window")
      let free = input + 2 * padding - kernel + (ceilMode ? stride - 1 : 0)
      let windows = max(free, 0) / stride + 1
      return ceilMode && (windows - 1) * stride >= input + padding ? windows - 1 : windows
    }
    let input = inputs[0]
    return Shape(
      batch: input.batch, height: size(input.height), width: size(input.width), channels: input.channels,
      precision: input.precision)
  }

  /// Forward leaves one byte for each output value, which is enough for backward. There are comparisons only.
  package func demand(for inputs: [Shape], _ mode: Mode) -> Demand {
    Demand(stateBytes: outputShape(for: inputs).count)
  }

  /// See ``Layer/forward(_:)``.
  package func forward(_ pass: ForwardPass) {
    let (input, output) = (pass.input, pass.output)
    let geometry = geometry(input.shape, output.shape)
    let rowCount = output.shape.width * output.shape.channels
    let argmax = pass.state.assumingMemoryBound(to: UInt8.self)
    pass.context.pool.forEach(output.shape.batch * output.shape.height) { row, _ in
      pass.context.kernels.maps(input.shape.precision).maxPoolRow(
        geometry, image: input.image(row / output.shape.height), outputRow: row % output.shape.height, pass.writing,
        into: output.at(row * rowCount), argmax: argmax + row * rowCount)
    }
  }

  /// See ``Layer/backward(_:)``.
  package func backward(_ pass: BackwardPass) {
    guard let inputGradient = pass.inputGradient else { return }
    let (input, output) = (inputGradient.tensor.shape, pass.outputGradient.shape)
    let geometry = geometry(input, output)
    let imageCount = output.count / output.batch
    let argmax = pass.forward.state.assumingMemoryBound(to: UInt8.self)
    pass.context.pool.forEach(input.batch * input.height) { row, _ in
      let image = row / input.height
      pass.context.kernels.maps(input.precision).maxPoolGradientRow(
        geometry, outputGradient: pass.outputGradient.image(image), argmax: argmax + image * imageCount,
        inputRow: row % input.height, inputGradient.writing,
        into: inputGradient.tensor.at(row * input.width * input.channels))
    }
  }

  /// The windows in a map of one shape whose maxima are one of another.
  func geometry(_ input: Shape, _ output: Shape) -> PoolingGeometry {
    PoolingGeometry(
      input: (input.height, input.width), output: (output.height, output.width), channels: input.channels,
      kernel: kernel, stride: stride, padding: padding)
  }
}
