import Foundation

/// A curve of block characters in a terminal.
struct BlockChart {
  private static let blocks: [Character] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

  /// Columns and rows of the drawing.
  let (columns, rows): (Int, Int)
  /// The ends of the vertical axis; nil to cover the values.
  var range: ClosedRange<Double>?

  init(columns: Int, rows: Int, range: ClosedRange<Double>? = nil) {
    (self.columns, self.rows, self.range) = (max(1, columns), max(1, rows), range)
  }

  /// Lines from top to bottom; a column is the mean of its share of the values.
  func lines(_ values: [Double]) -> [String] {
    let finite = values.filter(\.isFinite)
    guard let smallest = finite.min(), let largest = finite.max() else { return [] }
    let (low, high) = (range?.lowerBound ?? min(0, smallest), range?.upperBound ?? largest)
    let count = min(columns, finite.count)
    let means = (0..<count).map { column in
      let run = finite[column * finite.count / count..<(column + 1) * finite.count / count]
      return run.reduce(0, +) / Double(run.count)
    }
    let steps = Self.blocks.count - 1
    let heights = means.map { mean in
      let share = high > low ? (mean - low) / (high - low) : 1
      return Int((min(1, max(0, share)) * Double(rows * steps)).rounded())
    }
    return (0..<rows).reversed().map { row in
      String(heights.map { Self.blocks[min(steps, max(0, $0 - row * steps))] })
    }
  }
}
