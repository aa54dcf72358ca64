import Tensors

/// One map convolved with a large kernel by products of many components: threads share the components of a block of units. A component's
/// inputs and kernel stay in the second-level cache for all its panels, and the whole kernel comes from memory once for a block.
struct ComponentProduct {
  private let transform: any ConvolutionTransform
  private let outputTransform: any OutputTransform
  private let layout: BlockedLayout
  private let kernel: TransformedKernel
  private let componentUnits: ComponentUnits

  /// Rows that a product sums at once; blocks are multiples of as many.
  private static let unitStep = 14
  private static let unitsPerTask = 8
  /// Panels of a component that follow each other on one thread, which fetches the next one ahead.
  private static let panelsPerTask = 4

  init(_ transform: any ConvolutionTransform, to outputTransform: any OutputTransform) {
    self.transform = transform
    self.outputTransform = outputTransform
    layout = transform.layout
    kernel = TransformedKernel(transform)
    componentUnits = ComponentUnits(transform)
  }

  /// Units of a block: a function of the shape alone.
  private var blockUnits: Int {
    layout.blockUnits(
      words: layout.components * (layout.unitWords + layout.panels * BlockedLayout.panelWidth), step: Self.unitStep)
  }

  /// Floats from one component of the products of a block to the next, those of all its panels.
  private var productStride: Int { layout.panels * layout.productStride(units: blockUnits) }

  /// Floats of scratch: the kernel, the inputs of a block and its products.
  var scratch: ScratchSize {
    ScratchSize(
      commonFloats: kernel.count + layout.inputCount(units: blockUnits) + layout.components * productStride)
  }

  /// output = finish(input * kernel).
  func run(
    _ input: FeatureMap, kernel weights: UnsafeMutablePointer<Float>, _ finish: OutputFinish, into output: Tensor,
    context: ExecutionContext
  ) {
    let transformed = kernel.all(weights, memory: context.scratch, context)
    let inputs = context.scratch + kernel.count
    let products = inputs + layout.inputCount(units: blockUnits)
    let kernels = context.kernels.maps(layout.precision)
    let panelStride = layout.productStride(units: blockUnits)
    for first in stride(from: 0, to: layout.units, by: blockUnits) {
      let block = first..<min(first + blockUnits, layout.units)
      let (inputStride, blockStride) = (
        layout.inputStride(units: block.count), layout.blockStride(units: block.count)
      )
      context.pool.forEachRange(block.count, grain: Self.unitsPerTask) { range, _ in
        transform.transformInput(
          input, first + range.lowerBound..<first + range.upperBound,
          into: inputs + layout.blockCount(units: range.lowerBound), componentStride: inputStride,
          blockStride: blockStride, kernels: context.kernels)
      }
      let panelTasks = (layout.panels + Self.panelsPerTask - 1) / Self.panelsPerTask
      context.pool.forEach(layout.components * panelTasks) { task, _ in
        let (component, firstPanel) = (task / panelTasks, task % panelTasks * Self.panelsPerTask)
        let lastPanel = min(firstPanel + Self.panelsPerTask, layout.panels) - 1
        let rows = componentUnits.rows(component: component, of: block)
        for panel in firstPanel...lastPanel {
          let right = transformed + panel * kernel.panelCount + component * layout.kernelPanelStride
          kernels.multiplyPanel(
            rows: rows.count, blocks: layout.blocks,
            left: inputs + component * inputStride + layout.blockCount(units: rows.lowerBound),
            blockStride: blockStride, right: right, next: panel < lastPanel ? right + kernel.panelCount : nil,
            columns: layout.columns(panel: panel), accumulates: false,
            into: products + component * productStride + panel * panelStride
              + layout.productCount(rows: rows.lowerBound))
        }
      }
      context.pool.forEachRange(block.count, grain: Self.unitsPerTask) { range, _ in
        for panel in 0..<layout.panels {
          outputTransform.transformOutput(
            products + panel * panelStride + layout.productCount(rows: range.lowerBound),
            first + range.lowerBound..<first + range.upperBound, panel: panel, componentStride: productStride, finish,
            into: output, kernels: context.kernels)
        }
      }
    }
  }
}
