import Tensors

/// The gradients of a kernel and its bias: the transpose of a ``BlockedProduct``. For Winograd's algorithm that is
///
///     dM = A dY Aᵀ        dU = Σ_tiles (Bᵀ d B) ⊙ dM        dg = Gᵀ dU G        dbias = Σ_pixels dY
///
/// The sums are, for each component, a product [inputs, units] · [units, outputs]. Where the kernel is small, threads share parts of the
/// units, whose sums are added in order; where it is large, they share components and panels.
struct BlockedWeightGradient {
  private let transform: any DifferentiableTransform
  private let layout: BlockedLayout
  private let layer: Convolution
  private let componentUnits: ComponentUnits

  /// Bytes of a transformed kernel of which every part can have its own.
  private static let smallKernelBytes = 3 << 20
  /// Words of a block of inputs and gradients of one thread: 2 MiB.
  private static let privateBlockCount = 512 << 10
  /// Parts that keep eight threads busy without much imbalance.
  private static let partGoal = 16
  private static let unitsPerTask = 8
  private static let kernelRowsPerTask = 32
  /// Blocks of inputs in a product: one of few components is shared by several threads.
  private static let blocksPerTask = 32

  init(_ transform: any DifferentiableTransform, layer: Convolution) {
    self.transform = transform
    self.layer = layer
    layout = transform.layout
    componentUnits = ComponentUnits(transform)
  }

  /// Whether threads share the units, with sums of their own.
  var sharesUnits: Bool { layout.kernelBytes <= Self.smallKernelBytes }

  /// Units of a block: a function of the shape alone.
  private var blockUnits: Int {
    let columns = layout.kernelRows + layout.panels * BlockedLayout.panelWidth
    let perUnit = layout.components * columns / (layout.word == .pairOfUnits ? 2 : 1)
    guard sharesUnits else { return layout.blockUnits(words: perUnit, step: Self.unitsPerTask) }
    let goal = Self.privateBlockCount / perUnit
    return min(layout.units, max(Self.unitsPerTask, goal / Self.unitsPerTask * Self.unitsPerTask))
  }

  private var parts: Int { max(1, min(Self.partGoal, layout.units / blockUnits)) }
  private var kernelCount: Int { layout.components * layout.kernelStride }
  private var inputCount: Int { layout.inputCount(units: blockUnits) }
  private var gradientCount: Int { layout.components * layout.panelStride(units: blockUnits) }
  private var biasParts: Int { sharesUnits ? parts : (layout.units + Self.unitsPerTask - 1) / Self.unitsPerTask }
  private var biasCount: Int { (biasParts * layer.outputChannels + 15) / 16 * 16 }

  /// Multiply–adds of a pass.
  var multiplyAdds: Int { transform.multiplyAdds }

  /// Floats of scratch.
  var scratch: ScratchSize {
    sharesUnits
      ? ScratchSize(floatsPerWorker: inputCount + gradientCount, commonFloats: biasCount + parts * kernelCount)
      : ScratchSize(commonFloats: biasCount + kernelCount + inputCount + gradientCount)
  }

  /// Sets the gradients of the variables, and replaces the output gradient by that of the sums.
  func run(_ pass: BackwardPass) {
    let context = pass.context
    let slope = layer.outputSlope(pass)
    let bias = context.scratch
    bias.update(repeating: 0, count: biasCount)
    if sharesUnits { shareUnits(pass, slope, context) } else { sharePanels(pass, slope, context) }
    if let variable = layer.bias { sumParts(bias, parts: biasParts, into: pass.gradients[variable], context: context) }
  }

  private func shareUnits(_ pass: BackwardPass, _ slope: OutputSlope, _ context: ExecutionContext) {
    let sums = context.scratch + biasCount
    context.pool.forEach(parts) { part, worker in
      let inputs = context.scratch(worker: worker)
      let gradients = inputs + inputCount
      let units = (0..<layout.units).part(part, of: parts)
      for first in stride(from: units.lowerBound, to: units.upperBound, by: blockUnits) {
        let block = first..<min(first + blockUnits, units.upperBound)
        transform(pass, slope, block, of: block, inputs: inputs, gradients: gradients, biasPart: part, context)
        for component in 0..<layout.components {
          for panel in 0..<layout.panels {
            multiply(
              inputs, gradients, block, component: component, panel: panel, blocks: 0..<layout.blocks,
              accumulates: first > units.lowerBound, into: sums + part * kernelCount, context)
          }
        }
      }
    }
    finish(sums, parts: parts, pass, context)
  }

  private func sharePanels(_ pass: BackwardPass, _ slope: OutputSlope, _ context: ExecutionContext) {
    let sums = context.scratch + biasCount
    let inputs = sums + kernelCount
    let gradients = inputs + inputCount
    let blockTasks = (layout.blocks + Self.blocksPerTask - 1) / Self.blocksPerTask
    for first in stride(from: 0, to: layout.units, by: blockUnits) {
      let block = first..<min(first + blockUnits, layout.units)
      context.pool.forEachRange(block.count, grain: Self.unitsPerTask) { range, _ in
        let units = first + range.lowerBound..<first + range.upperBound
        transform(
          pass, slope, units, of: block, inputs: inputs, gradients: gradients,
          biasPart: units.lowerBound / Self.unitsPerTask, context)
      }
      context.pool.forEach(layout.components * blockTasks * layout.panels) { task, _ in
        let (group, panel) = (task / layout.panels, task % layout.panels)
        let firstBlock = group % blockTasks * Self.blocksPerTask
        multiply(
          inputs, gradients, block, component: group / blockTasks, panel: panel,
          blocks: firstBlock..<min(firstBlock + Self.blocksPerTask, layout.blocks), accumulates: first > 0, into: sums,
          context)
      }
    }
    finish(sums, parts: 1, pass, context)
  }

  /// Transforms `units` of a block and their gradients into the block's memory.
  private func transform(
    _ pass: BackwardPass, _ slope: OutputSlope, _ units: Range<Int>, of block: Range<Int>,
    inputs: UnsafeMutablePointer<Float>, gradients: UnsafeMutablePointer<Float>, biasPart: Int,
    _ context: ExecutionContext
  ) {
    let at = units.lowerBound - block.lowerBound
    transform.transformInput(
      pass.forward.inputs[0], units, into: inputs + layout.blockCount(units: at),
      componentStride: layout.inputStride(units: block.count), blockStride: layout.blockStride(units: block.count),
      kernels: context.kernels)
    transform.transformOutputGradient(
      pass.outputGradient, slope, units,
      into: gradients + layout.panelCount(units: at), componentStride: layout.panelStride(units: block.count),
      panelStride: layout.panelCount(units: block.count), biasSums: context.scratch + biasPart * layer.outputChannels,
      kernels: context.kernels)
  }

  private func multiply(
    _ inputs: UnsafeMutablePointer<Float>, _ gradients: UnsafeMutablePointer<Float>, _ block: Range<Int>,
    component: Int, panel: Int, blocks: Range<Int>, accumulates: Bool, into sums: UnsafeMutablePointer<Float>,
    _ context: ExecutionContext
  ) {
    let blockStride = layout.blockStride(units: block.count)
    let place =
      component * layout.kernelStride + panel * layout.kernelPanelCount
      + layout.kernelCount(rows: blocks.lowerBound * BlockedLayout.blockWidth)
    // Units that share words are multiplied together: the gradients of those that do not count are zero.
    let counted = componentUnits.rows(component: component, of: block)
    let units = (layout.word == .pairOfUnits ? counted.lowerBound / 2 * 2 : counted.lowerBound)..<counted.upperBound
    if units.isEmpty {
      if !accumulates {
        (sums + place).update(repeating: 0, count: layout.kernelCount(rows: blocks.count * BlockedLayout.blockWidth))
      }
      return
    }
    context.kernels.maps(layout.precision).multiplyTransposedPanel(
      blocks: blocks.count, count: units.count,
      left: inputs + component * layout.inputStride(units: block.count) + blocks.lowerBound * blockStride
        + layout.blockCount(units: units.lowerBound),
      blockStride: blockStride,
      right: gradients + component * layout.panelStride(units: block.count)
        + panel * layout.panelCount(units: block.count) + layout.panelCount(units: units.lowerBound),
      columns: layout.columns(panel: panel), accumulates: accumulates, into: sums + place)
  }

  /// Adds the parts in order and transforms the sum to the gradient of the kernel.
  private func finish(
    _ sums: UnsafeMutablePointer<Float>, parts: Int, _ pass: BackwardPass, _ context: ExecutionContext
  ) {
    let gradient = pass.gradients[layer.weight].baseAddress!
    context.pool.forEachRange(layout.kernelRows, grain: Self.kernelRowsPerTask) { rows, _ in
      for panel in 0..<layout.panels {
        let at = sums + panel * layout.kernelPanelCount + layout.kernelCount(rows: rows.lowerBound)
        for part in stride(from: 1, to: parts, by: 1) {
          for component in 0..<layout.components {
            let place = at + component * layout.kernelStride
            context.kernels.add(place + part * kernelCount, to: place, count: layout.kernelCount(rows: rows.count))
          }
        }
        transform.transformKernelGradient(
          at, panel: panel, rows: rows, componentStride: layout.kernelStride, into: gradient, kernels: context.kernels)
      }
    }
  }
}
