import Kernels

/// A column matrix of two images by its definition.
struct ColumnMatrix {
  let source: (height: Int, width: Int, channels: Int)
  let target: (height: Int, width: Int)
  let kernel: Int
  var up = 1
  var down = 1
  let offset: (y: Int, x: Int)
  var step = 1

  static let images = 2

  /// Those of convolutions: strides, dilation, padding at one side only, a single tap.
  static func forward(channels: Int) -> [ColumnMatrix] {
    [
      ColumnMatrix(source: (5, 4, channels), target: (3, 2), kernel: 3, up: 2, offset: (-1, -1)),
      ColumnMatrix(source: (4, 5, channels), target: (2, 3), kernel: 3, up: 2, offset: (0, -1)),
      ColumnMatrix(source: (4, 9, channels), target: (4, 9), kernel: 3, offset: (-1, -1)),
      ColumnMatrix(source: (5, 4, channels), target: (5, 4), kernel: 3, offset: (-2, -2), step: 2),
      ColumnMatrix(source: (3, 5, channels), target: (3, 5), kernel: 1, offset: (0, 0)),
    ]
  }

  /// Those of convolutions and of their input gradients.
  static func all(channels: Int) -> [ColumnMatrix] {
    forward(channels: channels) + [
      ColumnMatrix(source: (3, 2, channels), target: (5, 4), kernel: 3, down: 2, offset: (-1, -1))
    ]
  }

  var geometry: GatherGeometry {
    GatherGeometry(source: source, target: target, kernel: kernel, up: up, down: down, offset: offset, step: step)
  }
  var rows: Int { Self.images * target.height * target.width }
  var columns: Int { kernel * kernel * source.channels }
  var sourceCount: Int { Self.images * source.height * source.width * source.channels }

  /// The pixel that a row reads at a tap, counted through the images; nil outside the image.
  func pixel(row: Int, tap: Int) -> Int? {
    func coordinate(_ target: Int, _ tap: Int, _ offset: Int, _ size: Int) -> Int? {
      let position = target * up + offset + tap * step
      return position >= 0 && position.isMultiple(of: down) && position / down < size ? position / down : nil
    }
    let (image, place) = row.quotientAndRemainder(dividingBy: target.height * target.width)
    guard let y = coordinate(place / target.width, tap / kernel, offset.y, source.height),
      let x = coordinate(place % target.width, tap % kernel, offset.x, source.width)
    else { return nil }
    return (image * source.height + y) * source.width + x
  }

  /// A number of the matrix.
  func value(row: Int, column: Int, of map: (Int) -> Float) -> Float {
    pixel(row: row, tap: column / source.channels).map { map($0 * source.channels + column % source.channels) } ?? 0
  }
}
