/// The extent of a feature map batch, row-major with channels innermost: [batch, height, width, channels] (NHWC).
package struct Shape: Sendable, Equatable, CustomStringConvertible {
  /// Images.
  package var batch: Int
  /// Rows.
  package var height: Int
  /// Columns.
  package var width: Int
  /// Contiguous values of one pixel.
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
  /// Values of all images.
  package var count: Int { pixels * channels }
  /// "[4, 300, 300, 64]".
  package var description: String { "[\(batch), \(height), \(width), \(channels)]" }
}

/// How a value of a tensor is stored.
package enum ElementType: Sendable {
  case float32
  case bfloat16

  /// Bytes of a value.
  package var byteCount: Int {
    switch self {
    case .float32: 4
    case .bfloat16: 2
    }
  }
}

/// A view of memory that an ``AlignedBuffer`` owns. Copying the view does not copy the values, and the owner must outlive it.
package struct Tensor {
  /// The extent.
  package let shape: Shape
  /// How the values are stored.
  package let type: ElementType
  /// `shape.count` values.
  package let start: UnsafeMutableRawPointer

  /// Creates a view.
  package init(_ shape: Shape, _ type: ElementType = .float32, at start: UnsafeMutableRawPointer) {
    self.shape = shape
    self.type = type
    self.start = start
  }

  /// The first value.
  ///
  /// - Precondition: the values are floats.
  package var data: UnsafeMutablePointer<Float> {
    precondition(type == .float32, "a tensor of \(type) read as float32")
    return start.assumingMemoryBound(to: Float.self)
  }

  /// The floats as a collection.
  ///
  /// - Precondition: the values are floats.
  package var floats: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(start: data, count: shape.count) }

  /// The first float of one image.
  package func image(_ index: Int) -> UnsafeMutablePointer<Float> {
    precondition(index >= 0 && index < shape.batch, "image \(index) of a batch of \(shape.batch)")
    return data + index * shape.height * shape.width * shape.channels
  }
}
