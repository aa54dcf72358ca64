/// One float for every learned value of a model, in one contiguous buffer: weights, momentum or gradients.
///
/// Arenas of one layout are mirror images, so an optimizer step, a sum of gradients or a hash is one loop over one buffer.
/// Padding between parameters is zero and stays zero.
package final class VariableArena {
  /// The parameters and their ranges.
  package let layout: VariableLayout
  private let buffer: AlignedBuffer

  /// Allocates an arena filled with zeros.
  package init(_ layout: VariableLayout) {
    self.layout = layout
    buffer = AlignedBuffer(count: layout.arenaCount)
  }

  /// All floats, padding included.
  package var values: UnsafeMutableBufferPointer<Float> { buffer.floats }

  /// The values of one parameter, in memory order.
  package subscript(parameter: Variable) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(rebasing: buffer.floats[parameter.range])
  }
}
