/// How the operands of a convolution's matrix products lie in memory, so that nothing has to be packed.
///
/// A convolution is, for each of some frequencies, a product [units, inputs] · [inputs, outputs]: one frequency whose units are pixels, or 36
/// whose units are tiles. Inputs go in blocks of 16, [block][unit][16]; outputs and the kernel in panels of 32, [panel][unit or
/// input][32]. Padding is zero.
struct BlockedLayout {
  /// Columns of a block.
  static let blockWidth = 16
  /// Columns of a panel.
  static let panelWidth = 32

  /// Products.
  let frequencies: Int
  /// Rows of the left operands.
  let units: Int
  /// Blocks of inputs.
  let blocks: Int
  /// Panels of outputs.
  let panels: Int
  /// Whether all frequencies have the same left operand.
  let sharesInput: Bool

  init(frequencies: Int, units: Int, inputs: Int, outputs: Int, sharesInput: Bool = false) {
    self.frequencies = frequencies
    self.units = units
    blocks = (inputs + Self.blockWidth - 1) / Self.blockWidth
    panels = (outputs + Self.panelWidth - 1) / Self.panelWidth
    self.sharesInput = sharesInput
  }

  /// Rows of the kernel, padding included.
  var kernelRows: Int { blocks * Self.blockWidth }

  /// Floats from one block of a left operand of `units` rows to the next.
  func blockStride(units: Int) -> Int { units * Self.blockWidth }
  /// Floats from one frequency of the left operands to the next.
  func inputStride(units: Int) -> Int { sharesInput ? 0 : Self.spread(blocks * blockStride(units: units)) }
  /// Floats of the left operands.
  func inputCount(units: Int) -> Int {
    sharesInput ? blocks * blockStride(units: units) : frequencies * inputStride(units: units)
  }

  /// Floats of a panel of `units` rows.
  func panelCount(units: Int) -> Int { units * Self.panelWidth }
  /// Floats from one frequency of one panel of products to the next.
  func panelStride(units: Int) -> Int { Self.spread(panelCount(units: units)) }
  /// Floats from one frequency of all panels of products to the next.
  func outputStride(units: Int) -> Int { Self.spread(panels * panelCount(units: units)) }

  /// Floats of a panel of the kernel.
  var kernelPanelCount: Int { panelCount(units: kernelRows) }
  /// Floats from one frequency of one panel of the kernel to the next.
  var kernelPanelStride: Int { Self.spread(kernelPanelCount) }
  /// Floats from one frequency of the whole kernel to the next.
  var kernelStride: Int { Self.spread(panels * kernelPanelCount) }
  /// Bytes of the whole kernel.
  var kernelBytes: Int { frequencies * kernelStride * MemoryLayout<Float>.stride }

  /// An odd number of cache lines, so that the same place of all frequencies falls into different sets of the cache.
  private static func spread(_ count: Int) -> Int {
    let line = 16
    return ((count + line - 1) / line | 1) * line
  }
}
