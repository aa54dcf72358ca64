/// The extent of a feature map batch, row-major with channels innermost: [batch, height, width, channels] (NHWC).
package struct Shape: Sendable, Equatable, CustomStringConvertible {
  /// Images.
  package var batch: Int
  /// Rows.
  package var height: Int
  /// Columns.
  package var width: Int
  /// Contiguous floats of one pixel.
  package var channels: Int

  /// Creates a shape.
  package init(batch: Int, height: Int, width: Int, channels: Int) {
    self.batch = batch
    self.height = height
    self.width = width
    self.channels = channels
  }

  /// Pixels of all images.
  package var pixels: Int { batch * height * width }
  /// Floats of all images.
  package var count: Int { pixels * channels }
  /// "[4, 300, 300, 64]".
  package var description: String { "[\(batch), \(height), \(width), \(channels)]" }
}

/// A view of floats that an ``AlignedBuffer`` owns. Copying the view does not copy the floats, and the owner must outlive it.
package struct Tensor {
  /// The extent.
  package let shape: Shape
  /// `shape.count` floats.
  package let data: UnsafeMutablePointer<Float>

  /// Creates a view.
  package init(_ shape: Shape, _ data: UnsafeMutablePointer<Float>) {
    self.shape = shape
    self.data = data
  }

  /// The floats as a collection.
  package var floats: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(start: data, count: shape.count) }

  /// The first float of one image.
  package func image(_ index: Int) -> UnsafeMutablePointer<Float> {
    precondition(index >= 0 && index < shape.batch, "image \(index) of a batch of \(shape.batch)")
    return data + index * shape.height * shape.width * shape.channels
  }
}
