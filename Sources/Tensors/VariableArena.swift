/// One float for every learned value of a model, in one contiguous buffer: weights, momentum or gradients.
///
/// Arenas of one layout are mirror images, so an optimizer step, a sum of gradients or a hash is one loop over one buffer.
/// Padding between parameters is zero and stays zero.
package final class VariableArena {
  /// The parameters and their ranges.
  package let layout: VariableLayout
  private let buffer: AlignedBuffer
  /// The part of the arena that is there, where that is not all of it. Running averages always are, behind it in memory.
  private var window: Range<Int>?

  /// Allocates an arena filled with zeros.
  package init(_ layout: VariableLayout) {
    self.layout = layout
    buffer = AlignedBuffer(count: layout.arenaCount)
  }

  /// Allocates memory for `count` floats at a time: ``show(_:)`` says which. All running averages are there besides.
  ///
  /// - Precondition: `count` is a multiple of 16.
  package init(_ layout: VariableLayout, window count: Int) {
    self.layout = layout
    buffer = AlignedBuffer(count: count + layout.averages.count)
    window = 0..<count
  }

  /// All floats, padding included.
  ///
  /// - Precondition: the arena is no window.
  package var values: UnsafeMutableBufferPointer<Float> {
    precondition(window == nil, "of the arena there is only a window")
    return buffer.floats
  }

  /// The values of one parameter, in memory order.
  package subscript(parameter: Variable) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: at(parameter.range), count: parameter.range.count)
  }

  /// Where a range of the arena begins in memory.
  ///
  /// - Precondition: all of the range is there.
  package func at(_ range: Range<Int>) -> UnsafeMutablePointer<Float> {
    let start = buffer.floats.baseAddress!
    guard let window else { return start + range.lowerBound }
    let averages = layout.averages
    // A window for a large layer reaches beyond the last small ones.
    if !averages.isEmpty, range.lowerBound >= averages.lowerBound {
      return start + window.count + (range.lowerBound - averages.lowerBound)
    }
    precondition(
      window.lowerBound <= range.lowerBound && range.upperBound <= window.upperBound,
      "\(range) outside the window \(window)")
    return start + (range.lowerBound - window.lowerBound)
  }

  /// Moves the window, where the arena is one: `range` is there from now on, with whatever values but zero in its padding.
  ///
  /// - Precondition: the range is no longer than the window.
  package func show(_ range: Range<Int>, of variables: [Variable]) {
    guard let count = window?.count else { return }
    precondition(range.count <= count, "\(range) for a window of \(count)")
    window = range.lowerBound..<range.lowerBound + count
    for variable in variables where !variable.isAverage {
      let padding = variable.range.upperBound..<(variable.range.upperBound + 15) / 16 * 16
      at(padding).update(repeating: 0, count: padding.count)
    }
  }
}
