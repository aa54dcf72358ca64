import Tensors

/// One map convolved with a kernel: transforms, the products of all components, transform of the products.
///
/// Kernels that stay in a cache are transformed first, and threads then share the units (tiles or pixels), in blocks that stay in the
/// second-level cache: of what one thread has written no other reads anything. Larger kernels would come from memory for every block, and few
/// units leave threads idle: there the units are transformed first, in blocks that stay in the last-level cache, threads share the panels of
/// output channels, and each transforms the panel of the kernel that it needs. Products of many components are shared by component there,
/// see ``ComponentProduct``.
struct BlockedProduct {
  private let transform: any ConvolutionTransform
  private let layout: BlockedLayout
  private let kernel: TransformedKernel
  private let componentUnits: ComponentUnits
  private let results: ProductResults
  /// Whether a pass may ask for the moments of what it computes.
  private let takesMoments: Bool

  /// Words of a block of inputs of one thread: a quarter of a second-level cache of 1 MiB.
  private static let privateBlockCount = 64 << 10
  /// Words of a block of inputs that threads share: 8 MiB, because several ranks may share the last-level cache.
  private static let sharedBlockCount = 2 << 20
  /// Rows that a product sums at once; blocks are multiples of twice as many.
  private static let unitStep = 28
  private static let unitsPerTask = 8
  /// Tasks that keep several threads busy without much imbalance.
  private static let taskGoal = 12
  /// The same where more of them cost nothing.
  private static let blockGoal = 24

  init(_ transform: any ConvolutionTransform, takesMoments: Bool = false) {
    self.transform = transform
    self.takesMoments = takesMoments
    layout = transform.layout
    kernel = TransformedKernel(transform)
    componentUnits = ComponentUnits(transform)
    results = transform.results
  }

  /// The way of large kernels with components of their own.
  private var componentProduct: ComponentProduct? {
    guard !sharesUnits, !layout.sharesInput, case .transformed(let output) = results else { return nil }
    return ComponentProduct(transform, to: output)
  }

  /// Units that share inputs may write the same outputs, so threads cannot share them.
  private var sharesUnits: Bool {
    layout.keepsKernelCached && !layout.sharesInput && layout.units >= Self.taskGoal * Self.unitStep
  }

  /// Units of a block: a function of the shape alone.
  private var blockUnits: Int {
    // Of inputs that all components share there is little: there the products take the memory.
    let perUnit =
      layout.sharesInput
      ? 4 * max(layout.unitWords, layout.components * BlockedLayout.panelWidth)
      : layout.components * layout.unitWords
    let goal = (sharesUnits ? Self.privateBlockCount : Self.sharedBlockCount) / perUnit
    let most = max(Self.unitStep, goal / Self.unitStep * Self.unitStep)
    guard sharesUnits else { return min(layout.units, most) }
    let blocks = max((layout.units + most - 1) / most, min(Self.blockGoal, layout.units / Self.unitStep))
    return (layout.units + blocks - 1) / blocks
  }

  /// Into how many parts the units of a block are cut for every panel: where there are few panels, threads would wait for each other.
  private func parts(of block: Range<Int>) -> Int {
    layout.sharesInput ? 1 : max(1, min(Self.taskGoal / layout.panels, block.count / Self.unitStep))
  }

  /// Floats of scratch that all threads share, without moments.
  private var sharedCount: Int {
    sharesUnits ? kernel.count : layout.inputCount(units: blockUnits)
  }

  /// Multiply–adds of a pass.
  var multiplyAdds: Int { transform.multiplyAdds }

  /// Floats of scratch.
  var scratch: ScratchSize {
    if let componentProduct { return componentProduct.scratch }
    let products: Int
    switch results {
    case .pixels: products = 0
    case .transformed: products = layout.components * layout.productStride(units: blockUnits)
    }
    let momentCount = takesMoments ? runs.count * 2 * outputs : 0
    return ScratchSize(
      floatsPerWorker: products
        + (sharesUnits ? layout.inputCount(units: blockUnits) : kernel.panelCount),
      commonFloats: sharedCount + momentCount)
  }

  /// Channels of the map that is written, padding included.
  private var outputs: Int { layout.panels * BlockedLayout.panelWidth }

  /// The units that are finished together, in their order.
  private var runs: [Range<Int>] {
    stride(from: 0, to: layout.units, by: blockUnits).flatMap { first in
      let block = first..<min(first + blockUnits, layout.units)
      let parts = sharesUnits ? 1 : parts(of: block)
      return (0..<parts).map { block.part($0, of: parts) }
    }
  }

  /// output = finish(input * kernel).
  ///
  /// - Parameter observe: called with the moments of each run of units before its activation, [run][mean, sum of squared
  ///   deviations][channels], and the units of each run.
  func run(
    _ input: FeatureMap, kernel weights: UnsafeMutablePointer<Float>, _ finish: OutputFinish, into output: Tensor,
    context: ExecutionContext, observe: ((_ moments: UnsafePointer<Float>, _ counts: [Int]) -> Void)? = nil
  ) {
    precondition(observe == nil || takesMoments, "moments that were not planned")
    if let componentProduct {
      precondition(observe == nil, "moments of products that are no pixels")
      return componentProduct.run(input, kernel: weights, finish, into: output, context: context)
    }
    let moments = observe == nil ? nil : context.scratch + sharedCount
    if sharesUnits {
      shareUnits(input, kernel: weights, finish, moments: moments, into: output, context)
    } else {
      sharePanels(input, kernel: weights, finish, moments: moments, into: output, context)
    }
    if let observe, let moments { observe(moments, runs.map(\.count)) }
  }

  private func shareUnits(
    _ input: FeatureMap, kernel weights: UnsafeMutablePointer<Float>, _ finish: OutputFinish,
    moments: UnsafeMutablePointer<Float>?, into output: Tensor, _ context: ExecutionContext
  ) {
    let transformed = kernel.all(weights, memory: context.scratch, context)
    context.pool.forEachRange(layout.units, grain: blockUnits) { units, worker in
      let inputs = context.scratch(worker: worker)
      let products = inputs + layout.inputCount(units: units.count)
      transformInput(input, units, of: units, into: inputs, context)
      for panel in 0..<layout.panels {
        multiply(
          inputs, units, of: units, panel: panel, kernel: transformed + panel * kernel.panelCount,
          kernelStride: layout.kernelPanelStride, products: products, finish,
          moments: moments.map { $0 + units.lowerBound / blockUnits * 2 * output.shape.channels }, into: output,
          context)
      }
    }
  }

  private func sharePanels(
    _ input: FeatureMap, kernel weights: UnsafeMutablePointer<Float>, _ finish: OutputFinish,
    moments: UnsafeMutablePointer<Float>?, into output: Tensor, _ context: ExecutionContext
  ) {
    let inputs = context.scratch
    let kept = kernel.kept(weights, context)
    var run = 0
    for first in stride(from: 0, to: layout.units, by: blockUnits) {
      let block = first..<min(first + blockUnits, layout.units)
      context.pool.forEachRange(block.count, grain: Self.unitsPerTask) { range, _ in
        transformInput(
          input, first + range.lowerBound..<first + range.upperBound, of: block, into: inputs, context)
      }
      let parts = parts(of: block)
      context.pool.forEach(layout.panels * parts) { task, worker in
        let (panel, units) = (task / parts, block.part(task % parts, of: parts))
        let scratch = context.scratch(worker: worker)
        let transformed = kept.map { $0 + panel * kernel.panelCount } ?? scratch
        if kept == nil { kernel.panel(panel, weights, into: transformed, context) }
        multiply(
          inputs, units, of: block, panel: panel, kernel: transformed, kernelStride: layout.kernelPanelStride,
          products: scratch + kernel.panelCount, finish,
          moments: moments.map { $0 + (run + task % parts) * 2 * output.shape.channels }, into: output, context)
      }
      run += parts
    }
  }

  /// Transforms `units` of a block into the block's memory.
  private func transformInput(
    _ input: FeatureMap, _ units: Range<Int>, of block: Range<Int>, into inputs: UnsafeMutablePointer<Float>,
    _ context: ExecutionContext
  ) {
    transform.transformInput(
      input, units, into: inputs + layout.blockCount(units: units.lowerBound - block.lowerBound),
      componentStride: layout.inputStride(units: block.count), blockStride: layout.blockStride(units: block.count),
      kernels: context.kernels)
  }

  /// Multiplies `units` of a block with one panel of the kernel and transforms the products to outputs.
  private func multiply(
    _ inputs: UnsafeMutablePointer<Float>, _ units: Range<Int>, of block: Range<Int>, panel: Int,
    kernel: UnsafeMutablePointer<Float>, kernelStride: Int, products: UnsafeMutablePointer<Float>,
    _ finish: OutputFinish, moments: UnsafeMutablePointer<Float>?, into output: Tensor, _ context: ExecutionContext
  ) {
    let first = inputs + layout.blockCount(units: units.lowerBound - block.lowerBound)
    let inputStride = layout.inputStride(units: block.count)
    let blockStride = layout.blockStride(units: block.count)
    let kernels = context.kernels.maps(layout.precision)
    switch results {
    case .pixels(let channels):
      kernels.multiplyToOutput(
        rows: units.count, blocks: layout.blocks, left: first, blockStride: blockStride, right: kernel,
        channels: channels, firstChannel: panel * BlockedLayout.panelWidth, finish.normalization,
        finish.writing, moments: moments, into: output.at(units.lowerBound * channels))
    case .transformed(let transform):
      precondition(moments == nil, "moments of products that are no pixels")
      let productStride = layout.productStride(units: units.count)
      for component in 0..<layout.components {
        let rows = componentUnits.rows(component: component, of: units)
        let right = kernel + component * kernelStride
        kernels.multiplyPanel(
          rows: rows.count, blocks: layout.blocks,
          left: first + component * inputStride + layout.blockCount(units: rows.lowerBound), blockStride: blockStride,
          right: right, next: component + 1 < layout.components ? right + kernelStride : nil,
          columns: layout.columns(panel: panel), accumulates: false,
          into: products + component * productStride + layout.productCount(rows: rows.lowerBound))
      }
      transform.transformOutput(
        products, units, panel: panel, componentStride: productStride, finish, into: output,
        kernels: context.kernels)
    }
  }
}

extension Range<Int> {
  /// One of `count` parts of nearly equal size.
  func part(_ index: Int, of count: Int) -> Range<Int> {
    lowerBound + self.count * index / count..<lowerBound + self.count * (index + 1) / count
  }
}
