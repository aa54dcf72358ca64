import Kernels

/// How the operands of a convolution's matrix products lie in memory, so that nothing has to be packed.
///
/// A convolution is, for each of some components, a product [units, inputs] · [inputs, outputs]: one component whose units are pixels, or 36
/// or 64 whose units are tiles. Inputs go in blocks of 16, [block][unit][16]; outputs and the kernel in panels of 32, [panel][unit or
/// input][32]. Padding is zero.
///
/// An operand's words have 32 bits: a float, or a pair of bfloat16 that are neighbours in the sum. All strides count words.
struct BlockedLayout {
  /// What a word of an operand is.
  enum Word {
    /// One number.
    case float32
    /// Two inputs of a unit, or of an output of the kernel: for products that sum over inputs.
    case pairOfInputs
    /// The same input or output of two units: for products that sum over units.
    case pairOfUnits

    /// Words for sums over inputs.
    static func summingInputs(_ precision: Precision) -> Word { precision == .bfloat16 ? .pairOfInputs : .float32 }
    /// Words for sums over units.
    static func summingUnits(_ precision: Precision) -> Word { precision == .bfloat16 ? .pairOfUnits : .float32 }
  }

  /// Columns of a block.
  static let blockWidth = 16
  /// Columns of a panel.
  static let panelWidth = 32

  /// Products.
  let components: Int
  /// Rows of the left operands.
  let units: Int
  /// Blocks of inputs.
  let blocks: Int
  /// Panels of outputs.
  let panels: Int
  /// Columns of the right operands.
  private let outputs: Int
  /// Whether all components have the same left operand.
  let sharesInput: Bool
  /// What the operands consist of.
  let word: Word

  init(components: Int, units: Int, inputs: Int, outputs: Int, word: Word, sharesInput: Bool = false) {
    self.components = components
    self.units = units
    blocks = (inputs + Self.blockWidth - 1) / Self.blockWidth
    self.outputs = outputs
    panels = (outputs + Self.panelWidth - 1) / Self.panelWidth
    self.word = word
    self.sharesInput = sharesInput
  }

  /// Columns of a panel, without padding.
  func columns(panel: Int) -> Int { min(Self.panelWidth, outputs - panel * Self.panelWidth) }

  /// The kernels' numbers.
  var precision: Precision { word == .float32 ? .float32 : .bfloat16 }

  /// Rows of the kernel, padding included.
  var kernelRows: Int { blocks * Self.blockWidth }
  /// Words of the inputs of a unit, padding included, where it does not share them with another.
  var unitWords: Int { word == .pairOfInputs ? kernelRows / 2 : kernelRows }
  /// Words that `units` numbers of as many units take.
  private func unitWords(_ units: Int) -> Int { word == .pairOfUnits ? (units + 1) / 2 : units }

  /// Words of `units` rows of a block of a left operand.
  func blockCount(units: Int) -> Int { unitWords(units) * Self.blockWidth / (word == .pairOfInputs ? 2 : 1) }
  /// Words from one block of a left operand of `units` rows to the next.
  func blockStride(units: Int) -> Int { Self.spread(blockCount(units: units)) }
  /// Words from one component of the left operands to the next.
  func inputStride(units: Int) -> Int { sharesInput ? 0 : Self.spread(blocks * blockStride(units: units)) }
  /// Words of the left operands.
  func inputCount(units: Int) -> Int {
    sharesInput ? blocks * blockStride(units: units) : components * inputStride(units: units)
  }

  /// Floats of a panel of products of `rows` rows.
  func productCount(rows: Int) -> Int { rows * Self.panelWidth }
  /// Floats from one component of one panel of products to the next.
  func productStride(units: Int) -> Int { Self.spread(productCount(rows: units)) }

  /// Words of a panel of `units` rows where that is the right operand.
  func panelCount(units: Int) -> Int { unitWords(units) * Self.panelWidth }
  /// Words from one component of all panels of a right operand to the next.
  func panelStride(units: Int) -> Int { Self.spread(panels * panelCount(units: units)) }

  /// Words of `rows` rows of a panel of the kernel, whole blocks.
  func kernelCount(rows: Int) -> Int { (word == .pairOfInputs ? rows / 2 : rows) * Self.panelWidth }
  /// Words of a panel of the kernel.
  var kernelPanelCount: Int { kernelCount(rows: kernelRows) }
  /// Words from one component of one panel of the kernel to the next.
  var kernelPanelStride: Int { Self.spread(kernelPanelCount) }
  /// Words from one component of the whole kernel to the next.
  var kernelStride: Int { Self.spread(panels * kernelPanelCount) }
  /// Bytes of the whole kernel.
  var kernelBytes: Int { components * kernelStride * MemoryLayout<Float>.stride }

  /// Bytes of a kernel that stays in the last-level cache together with a block.
  private static let cachedKernelBytes = 24 << 20
  /// Whether the kernel stays in the last-level cache together with a block.
  var keepsKernelCached: Bool { kernelBytes <= Self.cachedKernelBytes }
  /// Words of a block that threads share: 12 MiB.
  private static let sharedBlockCount = 3 << 20
  /// The same where the whole kernel comes from memory for every block: 26 MiB.
  private static let largeBlockCount = 13 << 19

  /// Units of blocks that threads share, of nearly the same size, so that no small one needs the whole kernel: a function of the shape alone.
  ///
  /// - Parameters:
  ///   - words: that a unit takes.
  ///   - step: blocks are multiples of so many units.
  func blockUnits(words: Int, step: Int) -> Int {
    let goal = keepsKernelCached ? Self.sharedBlockCount : Self.largeBlockCount
    let most = max(step, goal / words)
    let blocks = (units + most - 1) / most
    return min(units, (units + blocks * step - 1) / (blocks * step) * step)
  }

  /// An odd number of cache lines, so that the same place of all components, or blocks, falls into different sets of the cache.
  private static func spread(_ count: Int) -> Int {
    let line = 16
    return ((count + line - 1) / line | 1) * line
  }
}
