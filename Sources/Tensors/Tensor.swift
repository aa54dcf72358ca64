import Kernels

/// The extent of a feature map batch, row-major with channels innermost: [batch, height, width, channels] (NHWC), and what it consists of.
package struct Shape: Sendable, Equatable, CustomStringConvertible {
  /// Images.
  package var batch: Int
  /// Rows.
  package var height: Int
  /// Columns.
  package var width: Int
  /// Contiguous values of one pixel.
  package var channels: Int
  /// How a value is stored.
  package var precision: Precision

  /// Creates a shape.
  package init(batch: Int, height: Int, width: Int, channels: Int, precision: Precision = .float32) {
    self.batch = batch
    self.height = height
    self.width = width
    self.channels = channels
    self.precision = precision
  }

  /// Pixels of all images.
  package var pixels: Int { batch * height * width }
  /// Values of all images.
  package var count: Int { pixels * channels }
  /// Bytes of all images.
  package var byteCount: Int { count * precision.byteCount }
  /// "[4, 300, 300, 64]".
  package var description: String { "[\(batch), \(height), \(width), \(channels)]" }

  /// The same extent in another precision.
  package func stored(as precision: Precision) -> Shape {
    var shape = self
    shape.precision = precision
    return shape
  }
}

/// A view of memory that an ``AlignedBuffer`` owns. Copying the view does not copy the values, and the owner must outlive it.
package struct Tensor {
  /// The extent, and how values are stored.
  package let shape: Shape
  /// `shape.count` values.
  package let start: UnsafeMutableRawPointer

  /// Creates a view.
  package init(_ shape: Shape, at start: UnsafeMutableRawPointer) {
    self.shape = shape
    self.start = start
  }

  /// The place of a value, counted through all images.
  package func at(_ index: Int) -> UnsafeMutableRawPointer { start + index * shape.precision.byteCount }

  /// The place of the first value of an image.
  package func image(_ index: Int) -> UnsafeMutableRawPointer {
    precondition(index >= 0 && index < shape.batch, "image \(index) of a batch of \(shape.batch)")
    return at(index * shape.height * shape.width * shape.channels)
  }

  /// The first value.
  ///
  /// - Precondition: the values are floats.
  package var data: UnsafeMutablePointer<Float> {
    precondition(shape.precision == .float32, "values of \(shape.precision) read as float32")
    return start.assumingMemoryBound(to: Float.self)
  }

  /// The values as a collection.
  ///
  /// - Precondition: the values are floats.
  package var floats: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(start: data, count: shape.count) }

  /// The first value of one image.
  ///
  /// - Precondition: the values are floats.
  package func floats(image: Int) -> UnsafeMutablePointer<Float> {
    precondition(shape.precision == .float32, "values of \(shape.precision) read as float32")
    return self.image(image).assumingMemoryBound(to: Float.self)
  }

  /// A copy of all values.
  package func values(_ kernels: Kernels) -> [Float] {
    switch shape.precision {
    case .float32: return Array(floats)
    case .bfloat16:
      return Array(unsafeUninitializedCapacity: shape.count) { copy, count in
        kernels.decodeBFloat16(
          start.assumingMemoryBound(to: UInt16.self), to: copy.baseAddress!, count: shape.count)
        count = shape.count
      }
    }
  }

  /// Sets the values from the index on, rounded to what is stored.
  package func set(_ values: UnsafePointer<Float>, count: Int, from index: Int = 0, _ kernels: Kernels) {
    switch shape.precision {
    case .float32: (data + index).update(from: values, count: count)
    case .bfloat16: kernels.encodeBFloat16(values, to: at(index).assumingMemoryBound(to: UInt16.self), count: count)
    }
  }
}
