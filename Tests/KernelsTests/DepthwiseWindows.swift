import Kernels

/// A depthwise convolution over two images by its definition.
struct DepthwiseWindows: Sendable {
  let input: (height: Int, width: Int)
  let output: (height: Int, width: Int)
  let kernel: Int
  let stride: Int
  let padding: (y: Int, x: Int)

  static let images = 2

  /// Symmetric padding as in PyTorch, SAME as in TensorFlow, where more of it may lie behind the map than before, none; maps smaller than
  /// a window, wide ones, and one that no window reaches the end of.
  static let all = [
    DepthwiseWindows(input: (5, 4), output: (5, 4), kernel: 3, stride: 1, padding: (1, 1)),
    DepthwiseWindows(input: (5, 4), output: (3, 2), kernel: 3, stride: 2, padding: (1, 1)),
    DepthwiseWindows(input: (4, 8), output: (2, 4), kernel: 3, stride: 2, padding: (0, 0)),
    DepthwiseWindows(input: (4, 5), output: (2, 3), kernel: 3, stride: 2, padding: (0, 1)),
    DepthwiseWindows(input: (4, 5), output: (2, 3), kernel: 3, stride: 1, padding: (0, 0)),
    DepthwiseWindows(input: (7, 6), output: (2, 3), kernel: 3, stride: 2, padding: (1, 1)),
    DepthwiseWindows(input: (2, 13), output: (2, 13), kernel: 3, stride: 1, padding: (1, 1)),
    DepthwiseWindows(input: (3, 14), output: (2, 7), kernel: 3, stride: 2, padding: (1, 0)),
    DepthwiseWindows(input: (1, 1), output: (1, 1), kernel: 3, stride: 2, padding: (1, 1)),
    DepthwiseWindows(input: (6, 5), output: (6, 5), kernel: 5, stride: 1, padding: (2, 2)),
    DepthwiseWindows(input: (5, 6), output: (3, 3), kernel: 5, stride: 2, padding: (2, 2)),
    DepthwiseWindows(input: (6, 5), output: (3, 3), kernel: 5, stride: 2, padding: (1, 2)),
    DepthwiseWindows(input: (2, 12), output: (2, 12), kernel: 5, stride: 1, padding: (2, 2)),
    DepthwiseWindows(input: (1, 2), output: (1, 1), kernel: 5, stride: 2, padding: (2, 1)),
  ]

  var taps: Int { kernel * kernel }
  var inputPixels: Int { Self.images * input.height * input.width }
  var outputPixels: Int { Self.images * output.height * output.width }

  func geometry(channels: Int) -> DepthwiseGeometry {
    DepthwiseGeometry(
      input: input, output: output, channels: channels, kernel: kernel, stride: stride, padding: padding)
  }

  /// The taps of the window of an output pixel that lie in the map, and the input pixels under them. Pixels count through the images.
  func pixels(_ outputPixel: Int) -> [(tap: Int, pixel: Int)] {
    let (row, column) = outputPixel.quotientAndRemainder(dividingBy: output.width)
    let (image, place) = row.quotientAndRemainder(dividingBy: output.height)
    return (0..<taps).compactMap { tap in
      let y = place * stride - padding.y + tap / kernel
      let x = column * stride - padding.x + tap % kernel
      guard (0..<input.height).contains(y), (0..<input.width).contains(x) else { return nil }
      return (tap, (image * input.height + y) * input.width + x)
    }
  }

  /// The first row of the input under the windows of a row of the output, both counted through the images.
  func firstRow(_ outputRow: Int) -> Int {
    let (image, y) = outputRow.quotientAndRemainder(dividingBy: output.height)
    return image * input.height + max(y * stride - padding.y, 0)
  }
}
