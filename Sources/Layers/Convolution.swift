import CKernels
import Tensors

/// A two-dimensional convolution with bias and, optionally, a fused ReLU.
///
///     y[b, i, j, o] = f( bias[o] + Σ_{u, v, c} x[b, i·s − p + u·d, j·s − p + v·d, c] · w[u, v, c, o] )
///
/// with stride s, padding p, dilation d, zeros outside the map, and f(z) = max(0, z) or z. All three passes are products of a
/// column matrix, gathered block by block into scratch memory, with a matrix of weights or gradients.
///
/// ### Shapes
/// x: [batch, height, width, inputChannels]; w: [k, k, inputChannels, outputChannels] in memory.
public struct Convolution: Layer {
  /// See ``Layer/name``.
  public let name: String
  /// The kernel.
  public let weight: Parameter
  /// One value for each output channel.
  public let bias: Parameter
  /// Rows and columns of the kernel.
  public let kernel: Int
  /// Input pixels between neighbouring outputs.
  public let stride: Int
  /// Zeros around the map on every side.
  public let padding: Int
  /// Input pixels between neighbouring taps.
  public let dilation: Int
  /// Channels of x.
  public let inputChannels: Int
  /// Channels of y.
  public let outputChannels: Int
  /// Whether f is max(0, z).
  public let rectifies: Bool

  /// Declares the layer and its two parameters, `<parameterName>.weight` and `<parameterName>.bias`.
  public init(
    _ name: String, parameterName: String, kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
    from inputChannels: Int, to outputChannels: Int, rectifies: Bool, layout: inout ParameterLayout
  ) {
    precondition(
      min(kernel, stride, dilation, inputChannels, outputChannels) > 0 && padding >= 0
        && padding <= dilation * (kernel - 1),
      "\(name): kernel \(kernel), stride \(stride), padding \(padding), dilation \(dilation), \(inputChannels) → \(outputChannels)"
    )
    self.name = name
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.rectifies = rectifies
    weight = layout.add(
      parameterName + ".weight", .weight,
      .kernel(height: kernel, width: kernel, input: inputChannels, output: outputChannels))
    bias = layout.add(parameterName + ".bias", .bias, .vector(count: outputChannels))
  }

  /// The kernel and the bias.
  public var parameters: [Parameter] { [weight, bias] }
  /// The weight gradient needs x.
  public var backwardReadsInput: Bool { true }
  /// The sign of y is the mask of the ReLU.
  public var backwardReadsOutput: Bool { rectifies }

  /// See ``Layer/outputShape(for:)``.
  public func outputShape(for input: Shape) -> Shape {
    precondition(input.channels == inputChannels, "\(name) takes \(inputChannels) channels, got \(input)")
    let extent = dilation * (kernel - 1) + 1
    let height = (input.height + 2 * padding - extent) / stride + 1
    let width = (input.width + 2 * padding - extent) / stride + 1
    precondition(
      input.height + 2 * padding >= extent && input.width + 2 * padding >= extent, "\(name): \(input) is too small")
    return Shape(batch: input.batch, height: height, width: width, channels: outputChannels)
  }

  /// See ``Layer/multiplyAdds(for:)``.
  public func multiplyAdds(for input: Shape) -> Int { outputShape(for: input).count * taps * inputChannels }
  /// Nothing beside input and output.
  public func stateCount(for input: Shape) -> Int { 0 }

  /// See ``Layer/scratch(for:training:)``.
  public func scratch(for input: Shape, training: Bool) -> ScratchSize {
    let output = outputShape(for: input)
    var size = ScratchSize(perWorker: forwardColumns(output).scratchCount)
    if training {
      let partition = WeightGradientPartition(layer: self, pixels: output.pixels)
      size = size.union(
        ScratchSize(
          perWorker: backwardColumns(input, output).scratchCount, common: isPointwise ? 0 : weight.range.count))
      size = size.union(ScratchSize(perWorker: partition.columnCount, common: partition.partialCount))
      size = size.union(ScratchSize(common: biasChunks(output.pixels) * outputChannels))
    }
    return size
  }

  /// See ``Layer/forward(_:into:state:weights:context:)``.
  public func forward(
    _ input: Tensor, into output: Tensor, state: UnsafeMutablePointer<Float>, weights: ParameterArena,
    context: ExecutionContext
  ) {
    let columns = forwardColumns(output.shape)
    let matrix = Matrix(weights[weight].baseAddress!, rows: columns.columnCount, columns: outputChannels)
    columns.forEachBlock(of: input, context: context) { rows, block in
      let y = output.data + rows.lowerBound * outputChannels
      multiply(block, matrix, into: Matrix(y, rows: rows.count, columns: outputChannels))
      context.kernels.table.add_bias(rows.count, outputChannels, weights[bias].baseAddress, rectifies, y)
    }
  }

  /// See ``Layer/backward(_:weights:context:)``. The output gradient is masked by the ReLU in place.
  public func backward(_ pass: BackwardPass, weights: ParameterArena, context: ExecutionContext) {
    backwardBias(pass, context: context)
    backwardWeight(pass, context: context)
    if let inputGradient = pass.inputGradient {
      backwardInput(pass, into: inputGradient, weights: weights, context: context)
    }
  }

  /// dy ← dy ⊙ [y > 0];  dbias = Σ_pixels dy, in chunks of a fixed size that are added in order.
  private func backwardBias(_ pass: BackwardPass, context: ExecutionContext) {
    let pixels = pass.outputGradient.shape.pixels
    let partial = context.scratch
    context.pool.forEachRange(pixels, grain: Self.biasChunk) { rows, _ in
      context.kernels.table.bias_gradient(
        rows.count, outputChannels, pass.output.data + rows.lowerBound * outputChannels, rectifies,
        pass.outputGradient.data + rows.lowerBound * outputChannels,
        partial + rows.lowerBound / Self.biasChunk * outputChannels)
    }
    sumParts(partial, parts: biasChunks(pixels), into: pass.parameterGradients[bias], context: context)
  }

  /// dw = columns(x)ᵀ · dy. Work is split over the rows of dw and, where dw is small, over pixels too.
  private func backwardWeight(_ pass: BackwardPass, context: ExecutionContext) {
    let columns = forwardColumns(pass.outputGradient.shape)
    let partition = WeightGradientPartition(layer: self, pixels: columns.pixels)
    let gradient = pass.parameterGradients[weight]
    let sums = partition.parts == 1 ? gradient.baseAddress! : context.scratch
    context.pool.forEach(partition.parts * partition.rowBlocks) { task, worker in
      let part = task / partition.rowBlocks
      let rows = partition.rows(task % partition.rowBlocks)
      let target = Matrix(
        sums + part * gradient.count + rows.lowerBound * outputChannels, rows: rows.count, columns: outputChannels)
      let pixels = partition.pixels(part)
      for start in Swift.stride(from: pixels.lowerBound, to: pixels.upperBound, by: partition.pixelsPerGather) {
        let range = start..<min(start + partition.pixelsPerGather, pixels.upperBound)
        let block = columns.block(
          range, columns: rows, of: pass.input, scratch: context.scratch(worker: worker), context)
        let dy = Matrix(
          pass.outputGradient.data + start * outputChannels, rows: range.count, columns: outputChannels)
        multiply(block.transposed, dy, into: target, accumulate: start > pixels.lowerBound)
      }
    }
    if partition.parts > 1 { sumParts(sums, parts: partition.parts, into: gradient, context: context) }
  }

  /// dx = columns(dy) · wᵀ, where columns(dy) gathers for every input pixel the outputs it contributed to.
  private func backwardInput(
    _ pass: BackwardPass, into inputGradient: Tensor, weights: ParameterArena, context: ExecutionContext
  ) {
    let columns = backwardColumns(inputGradient.shape, pass.outputGradient.shape)
    let w = weights[weight].baseAddress!
    let matrix: Matrix
    if isPointwise {
      matrix = Matrix(w, rows: inputChannels, columns: outputChannels).transposed
    } else {
      turnKernel(w, into: context.scratch, pool: context.pool)
      matrix = Matrix(context.scratch, rows: columns.columnCount, columns: inputChannels)
    }
    columns.forEachBlock(of: pass.outputGradient, context: context) { rows, block in
      let dx = Matrix(inputGradient.data + rows.lowerBound * inputChannels, rows: rows.count, columns: inputChannels)
      multiply(block, matrix, into: dx, accumulate: pass.accumulatesInputGradient)
    }
  }

  /// turned[k−1−u, k−1−v, o, c] = w[u, v, c, o].
  private func turnKernel(
    _ w: UnsafeMutablePointer<Float>, into turned: UnsafeMutablePointer<Float>, pool: ThreadPool
  ) {
    let tapCount = inputChannels * outputChannels
    pool.forEach(taps * Self.turningSlices) { task, _ in
      let tap = task / Self.turningSlices
      let slice = task % Self.turningSlices
      let from = w + tap * tapCount
      let to = turned + (taps - 1 - tap) * tapCount
      transpose(
        from, rows: inputChannels, columns: outputChannels, into: to,
        resultRows: outputChannels * slice / Self.turningSlices..<outputChannels * (slice + 1) / Self.turningSlices)
    }
  }

  private static let turningSlices = 4
  private static let biasChunk = 1024

  private func biasChunks(_ pixels: Int) -> Int { (pixels + Self.biasChunk - 1) / Self.biasChunk }

  var taps: Int { kernel * kernel }

  /// Whether the column matrix is the map itself.
  var isPointwise: Bool { kernel == 1 && stride == 1 && padding == 0 }

  /// For every output pixel: the input pixels it reads.
  private func forwardColumns(_ output: Shape) -> ColumnMatrix {
    ColumnMatrix(
      targetHeight: output.height, targetWidth: output.width, pixels: output.pixels, kernel: kernel,
      channels: inputChannels, up: stride, down: 1, offset: -padding, step: dilation, isIdentity: isPointwise)
  }

  /// For every input pixel: the output pixels it feeds, taps in the order of the turned kernel.
  private func backwardColumns(_ input: Shape, _ output: Shape) -> ColumnMatrix {
    ColumnMatrix(
      targetHeight: input.height, targetWidth: input.width, pixels: input.pixels, kernel: kernel,
      channels: outputChannels, up: 1, down: stride, offset: padding - dilation * (kernel - 1), step: dilation,
      isIdentity: isPointwise)
  }
}
