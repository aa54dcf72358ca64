import Kernels
import Tensors

/// A convolution of every channel by itself, with an optional bias, and a batch normalisation behind it:
///
///     z[b, i, j, c] = bias[c] + Σ_{u, v} x[b, i·s − p + u, j·s − p + v, c] · w[u, v, c]
///
/// with stride s, padding p before the map, zeros outside. It does two operations for each byte that it moves, so whatever else is to be done
/// with its maps is done on the way: x is normalised when it is read, the moments of z are taken when it is written, and backward computes
/// the gradients of input and kernel in one pass.
///
/// ### Shapes
/// x, z: [batch, height, width, channels]; w: [k, k, channels] in memory.
///
/// ### Source
/// Sifre 2014; Howard et al. 2017, *MobileNets*.
package struct DepthwiseConvolution: Layer {
  /// See ``Layer/name``.
  package let name: String
  /// The kernel.
  package let weight: Variable
  /// One value for each channel; nil for none.
  package let bias: Variable?
  /// Rows and columns of the kernel: 3 or 5.
  package let kernel: Int
  /// Input pixels between neighbouring outputs: 1 or 2.
  package let stride: Int
  /// Zeros around the map.
  package let padding: Padding
  /// What follows.
  private let normalized: NormalizedOutput

  /// Declares the layer and its variables, `<variableName>.weight`, `<variableName>.bias` and those of the normalisation.
  package init(
    _ name: String, variableName: String, kernel: Int = 3, stride: Int = 1, padding: Padding, channels: Int,
    hasBias: Bool = false, normalization: NormalizationPlace, activation: Activation, biasRateMultiplier: Float = 1,
    layout: inout VariableLayout
  ) {
    precondition(
      [3, 5].contains(kernel) && [1, 2].contains(stride) && channels > 0,
      "\(name): kernel \(kernel), stride \(stride), \(channels) channels")
    self.name = name
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
    weight = layout.add(
      variableName + ".weight", .kernel(height: kernel, width: kernel, input: 1, output: channels),
      start: .randomBeforeNormalization, update: .weight)
    bias =
      hasBias
      ? layout.add(
        variableName + ".bias", .vector(count: channels), start: .constant(0),
        update: .bias(rateMultiplier: biasRateMultiplier)) : nil
    normalized = normalization.output(channels: channels, activation: activation, layout: &layout)
  }

  /// The kernel, the bias and those of the normalisation.
  package var variables: [Variable] { [weight] + (bias.map { [$0] } ?? []) + normalized.normalization.variables }

  /// The normalisation behind.
  package var batchNormalization: BatchNormalization { normalized.normalization }

  private var channels: Int { normalized.normalization.scale.range.count }

  /// See ``Layer/outputShape(for:)``.
  package func outputShape(for inputs: [Shape]) -> Shape {
    var shape = inputs[0]
    precondition(shape.channels == channels, "\(name) takes \(channels) channels, got \(shape)")
    shape.height = padding.windows(shape.height, extent: kernel, stride: stride)
    shape.width = padding.windows(shape.width, extent: kernel, stride: stride)
    precondition(min(shape.height, shape.width) > 0, "\(name): \(inputs[0]) is too small")
    return shape
  }

  /// Backward reads x and z.
  package func demand(for inputs: [Shape], _ mode: Mode) -> Demand {
    let (input, output) = (inputs[0], outputShape(for: inputs))
    var demand = normalized.demand(output)
    demand.multiplyAdds = output.count * kernel * kernel
    demand.keepsInputs = true
    var common = parts(output).count * 2 * channels
    if mode == .training {
      common = max(
        common, parts(input).count * partGradientCount, normalized.normalization.scratchCount(pixels: output.pixels))
    }
    demand.scratch = ScratchSize(floatsPerWorker: geometry(input).scratchCount, commonFloats: common)
    return demand
  }

  /// See ``Layer/pending(state:input:_:)``.
  package func pending(
    state: UnsafeMutableRawPointer, input: PendingNormalization?, _ mode: Mode
  ) -> PendingNormalization? {
    normalized.pending(state: state, mode)
  }

  /// See ``Layer/leaveAverages(state:in:)``.
  package func leaveAverages(state: UnsafeMutableRawPointer, in gradients: VariableArena) {
    normalized.leaveAverages(state: state, in: gradients)
  }

  /// See ``Layer/forward(_:)``.
  package func forward(_ pass: ForwardPass) {
    let (input, context) = (pass.inputs[0], pass.context)
    let (geometry, parts) = (geometry(input.tensor.shape), parts(pass.output.shape))
    let kernel = pass.weights[weight].baseAddress!
    let bias = bias.map { UnsafePointer(pass.weights[$0].baseAddress!) }
    let rowCount = pass.output.shape.width * channels
    normalized.forward(pass, bias: bias) { finish, z, observe in
      let moments = context.scratch
      context.pool.forEach(parts.count) { part, worker in
        context.kernels.maps(input.tensor.shape.precision).depthwiseRows(
          geometry, parts[part], input.tensor.start, reading: input.reading, weights: kernel, finish: finish,
          pass.writing, scratch: context.scratch(worker: worker),
          moments: observe == nil ? nil : moments + part * 2 * channels,
          into: z.start)
      }
      observe?(moments, parts.map { $0.count * rowCount / channels })
    }
  }

  /// See ``Layer/backward(_:)``.
  package func backward(_ pass: BackwardPass) {
    let (input, context) = (pass.forward.inputs[0], pass.context)
    let (geometry, parts) = (geometry(input.tensor.shape), parts(input.tensor.shape))
    let kernel = pass.weights[weight].baseAddress!
    let (z, gradient) = normalized.gradient(pass)
    let (sums, count) = (context.scratch, partGradientCount)
    let biasCount = bias?.range.count ?? 0
    let inputSums = pass.inputGradient?.isLast == true ? input.pending?.gradientSums : nil
    context.pool.forEach(parts.count) { part, worker in
      let ofPart = sums + part * count
      context.kernels.maps(input.tensor.shape.precision).depthwiseGradientRows(
        geometry, parts[part], .init(x: input.tensor.start, reading: input.reading, mean: inputSums?.mean),
        weights: kernel, z: z.start, gradient, outputGradient: pass.outputGradient.start,
        pass.inputGradient?.writing ?? .sets, scratch: context.scratch(worker: worker),
        into: pass.inputGradient?.tensor.start, weightSums: ofPart,
        biasSums: bias == nil ? nil : ofPart + weight.range.count,
        sums: inputSums == nil ? nil : ofPart + weight.range.count + biasCount)
    }
    let used = inputSums == nil ? count - 2 * channels : count
    for part in Swift.stride(from: 1, to: parts.count, by: 1) {
      context.kernels.add(sums + part * count, to: sums, count: used)
    }
    pass.gradients[weight].baseAddress!.update(from: sums, count: weight.range.count)
    if let bias { pass.gradients[bias].baseAddress!.update(from: sums + weight.range.count, count: biasCount) }
    if let inputSums {
      inputSums.sums.update(from: sums + weight.range.count + biasCount, count: 2 * channels)
      inputSums.areKnown.pointee = 1
    }
  }

  /// Floats of the gradients of kernel and bias, and of the sums for the normalisation in front.
  private var partGradientCount: Int { weight.range.count + (bias?.range.count ?? 0) + 2 * channels }

  /// Pixels of a part at most: rounding errors of its sums grow with them.
  private static let pixelsPerPart = 2048
  /// Parts that keep several threads busy. More cost more: the rows around a part are read twice, and its sums are added up.
  private static let partGoal = 8
  /// Rows of a part at least, where that is for the threads alone.
  private static let rowGoal = 5

  /// The rows of all images of a map in parts, which lie in one image each: a function of the shape alone.
  private func parts(_ map: Shape) -> [Range<Int>] {
    let forThreads = min((Self.partGoal + map.batch - 1) / map.batch, map.height / Self.rowGoal)
    let forSums = (map.height * map.width + Self.pixelsPerPart - 1) / Self.pixelsPerPart
    let perImage = min(map.height, max(1, forThreads, forSums))
    return (0..<map.batch).flatMap { image in
      let rows = image * map.height..<(image + 1) * map.height
      return (0..<perImage).map { rows.part($0, of: perImage) }
    }
  }

  private func geometry(_ input: Shape) -> DepthwiseGeometry {
    let output = outputShape(for: [input])
    return DepthwiseGeometry(
      input: (input.height, input.width), output: (output.height, output.width), channels: channels, kernel: kernel,
      stride: stride,
      padding: (
        padding.around(input.height, extent: kernel, stride: stride).before,
        padding.around(input.width, extent: kernel, stride: stride).before
      ))
  }
}
