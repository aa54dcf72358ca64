import Tensors

/// Convolution of any geometry as products of a column matrix, gathered block by block into scratch memory, with a matrix of
/// weights or gradients.
struct ColumnConvolution: ConvolutionAlgorithm {
  let layer: Convolution
  let input: Shape

  private var output: Shape { layer.outputShape(for: input) }

  var work: ConvolutionWork {
    let count = output.count * layer.taps * layer.inputChannels
    return ConvolutionWork(forward: count, weightGradient: count, inputGradient: count)
  }

  func scratch(training: Bool) -> ScratchSize {
    var size = ScratchSize(floatsPerWorker: forwardColumns.scratchCount)
    if training {
      let partition = WeightGradientPartition(layer: layer, pixels: output.pixels)
      size = size.union(
        ScratchSize(
          floatsPerWorker: backwardColumns.scratchCount, commonFloats: layer.isPointwise ? 0 : layer.weight.range.count)
      )
      size = size.union(ScratchSize(floatsPerWorker: partition.columnCount, commonFloats: partition.partialCount))
      size = size.union(ScratchSize(commonFloats: biasChunks * layer.outputChannels))
    }
    return size
  }

  func forward(_ pass: ForwardPass) {
    let columns = forwardColumns
    let channels = layer.outputChannels
    let matrix = Matrix(pass.weights[layer.weight].baseAddress!, rows: columns.columnCount, columns: channels)
    let bias = layer.bias.map { pass.weights[$0].baseAddress! }
    columns.forEachBlock(of: pass.input, context: pass.context) { rows, block in
      let y = pass.output.data + rows.lowerBound * channels
      multiply(block, matrix, into: Matrix(y, rows: rows.count, columns: channels))
      pass.context.kernels.addBias(bias, layer.activation.bounds, to: y, rows: rows.count, channels: channels)
    }
  }

  func weightGradient(_ pass: BackwardPass) {
    sumBias(pass, context: pass.context)
    sumWeight(pass, context: pass.context)
  }

  /// dy ← dy ⊙ f′;  dbias = Σ_pixels dy, in chunks of a fixed size that are added in order.
  private func sumBias(_ pass: BackwardPass, context: ExecutionContext) {
    let pixels = pass.outputGradient.shape.pixels
    let partial = context.scratch
    context.pool.forEachRange(pixels, grain: Self.biasChunk) { rows, _ in
      let at = rows.lowerBound * layer.outputChannels
      context.kernels.biasGradient(
        rows: rows.count, channels: layer.outputChannels, output: layer.mask(pass).map { $0.data + at },
        layer.activation.bounds, gradient: pass.outputGradient.data + at,
        into: partial + rows.lowerBound / Self.biasChunk * layer.outputChannels)
    }
    if let bias = layer.bias { sumParts(partial, parts: biasChunks, into: pass.gradients[bias], context: context) }
  }

  /// dw = columns(x)ᵀ · dy. Work is split over the rows of dw and, where dw is small, over pixels too.
  private func sumWeight(_ pass: BackwardPass, context: ExecutionContext) {
    let columns = forwardColumns
    let partition = WeightGradientPartition(layer: layer, pixels: columns.pixels)
    let gradient = pass.gradients[layer.weight]
    let sums = partition.parts == 1 ? gradient.baseAddress! : context.scratch
    context.pool.forEach(partition.parts * partition.rowBlocks) { task, worker in
      let part = task / partition.rowBlocks
      let rows = partition.rows(task % partition.rowBlocks)
      let target = Matrix(
        sums + part * gradient.count + rows.lowerBound * layer.outputChannels, rows: rows.count,
        columns: layer.outputChannels)
      let pixels = partition.pixels(part)
      for start in Swift.stride(from: pixels.lowerBound, to: pixels.upperBound, by: partition.pixelsPerGather) {
        let range = start..<min(start + partition.pixelsPerGather, pixels.upperBound)
        let block = columns.block(
          range, columns: rows, of: pass.input, scratch: context.scratch(worker: worker), context)
        let dy = Matrix(
          pass.outputGradient.data + start * layer.outputChannels, rows: range.count, columns: layer.outputChannels)
        multiply(block.transposed, dy, into: target, accumulate: start > pixels.lowerBound)
      }
    }
    if partition.parts > 1 { sumParts(sums, parts: partition.parts, into: gradient, context: context) }
  }

  /// dx = columns(dy) · wᵀ, where columns(dy) gathers for every input pixel the outputs it contributed to.
  func inputGradient(_ pass: BackwardPass, into inputGradient: BackwardPass.InputGradient) {
    let columns = backwardColumns
    let context = pass.context
    let w = pass.weights[layer.weight].baseAddress!
    let matrix: Matrix
    if layer.isPointwise {
      matrix = Matrix(w, rows: layer.inputChannels, columns: layer.outputChannels).transposed
    } else {
      turnKernel(w, into: context.scratch, pool: context.pool)
      matrix = Matrix(context.scratch, rows: columns.columnCount, columns: layer.inputChannels)
    }
    columns.forEachBlock(of: pass.outputGradient, context: context) { rows, block in
      let dx = Matrix(
        inputGradient.tensor.data + rows.lowerBound * layer.inputChannels, rows: rows.count,
        columns: layer.inputChannels)
      multiply(block, matrix, into: dx, accumulate: inputGradient.accumulates)
    }
  }

  /// turned[k−1−u, k−1−v, o, c] = w[u, v, c, o].
  private func turnKernel(
    _ w: UnsafeMutablePointer<Float>, into turned: UnsafeMutablePointer<Float>, pool: ThreadPool
  ) {
    let tapCount = layer.inputChannels * layer.outputChannels
    pool.forEach(layer.taps * Self.turningSlices) { task, _ in
      let tap = task / Self.turningSlices
      let slice = task % Self.turningSlices
      let from = w + tap * tapCount
      let to = turned + (layer.taps - 1 - tap) * tapCount
      transpose(
        from, rows: layer.inputChannels, columns: layer.outputChannels, into: to,
        resultRows: layer.outputChannels * slice / Self.turningSlices..<layer.outputChannels * (slice + 1)
          / Self.turningSlices)
    }
  }

  private static let turningSlices = 4
  private static let biasChunk = 1024

  private var biasChunks: Int { (output.pixels + Self.biasChunk - 1) / Self.biasChunk }

  /// For every output pixel: the input pixels it reads.
  private var forwardColumns: ColumnMatrix {
    ColumnMatrix(
      targetHeight: output.height, targetWidth: output.width, pixels: output.pixels, kernel: layer.kernel,
      channels: layer.inputChannels, up: layer.stride, down: 1,
      offset: (-layer.paddingBefore(input).y, -layer.paddingBefore(input).x), step: layer.dilation,
      isIdentity: layer.isPointwise)
  }

  /// For every input pixel: the output pixels it feeds, taps in the order of the turned kernel.
  private var backwardColumns: ColumnMatrix {
    let (padding, reach) = (layer.paddingBefore(input), layer.dilation * (layer.kernel - 1))
    return ColumnMatrix(
      targetHeight: input.height, targetWidth: input.width, pixels: input.pixels, kernel: layer.kernel,
      channels: layer.outputChannels, up: 1, down: layer.stride, offset: (padding.y - reach, padding.x - reach),
      step: layer.dilation, isIdentity: layer.isPointwise)
  }
}
