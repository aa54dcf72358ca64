import Kernels

/// A map that is read: a number for every pixel, or one for each window of 2×2 pixels, which belongs to one of them or to none.
struct GradientMap {
  let values: MapMemory
  let maxima: Maxima?
  private let choice: Memory<UInt8>
  private let grid: TileGrid
  private let pooled: (height: Int, width: Int)

  init(_ trial: Trial, _ grid: TileGrid, ofMaxima: Bool) {
    self.grid = grid
    // The last windows have fewer pixels, or there are none.
    let extra = trial.stream.integer(below: 2)
    pooled = ((grid.height + extra) / 2, (grid.width + extra) / 2)
    let count = TileGrid.images * pooled.height * pooled.width * grid.channels
    choice = trial.bytes(count)
    for i in 0..<count {
      let pixel = trial.stream.integer(below: 5)
      choice[i] = pixel == 4 ? .max : UInt8(pixel)
    }
    values = trial.mapNumbers(ofMaxima ? count : grid.count)
    let geometry = PoolingGeometry(
      input: (grid.height, grid.width), output: pooled, channels: grid.channels, kernel: 2, stride: 2, padding: 0)
    maxima = ofMaxima ? Maxima(geometry, argmax: choice.start) : nil
  }

  subscript(place: Int) -> Float {
    guard maxima != nil else { return values[place] }
    let (pixel, channel) = place.quotientAndRemainder(dividingBy: grid.channels)
    let (row, column) = (pixel / grid.width % grid.height, pixel % grid.width)
    guard row / 2 < pooled.height, column / 2 < pooled.width else { return 0 }
    let image = pixel / grid.width / grid.height
    let window = ((image * pooled.height + row / 2) * pooled.width + column / 2) * grid.channels + channel
    return Int(choice[window]) == row % 2 * 2 + column % 2 ? values[window] : 0
  }
}
