/// The extent of a feature map batch, row-major with channels innermost: [batch, height, width, channels] (NHWC).
public struct Shape: Sendable, Equatable, CustomStringConvertible {
  /// Images.
  public var batch: Int
  /// Rows.
  public var height: Int
  /// Columns.
  public var width: Int
  /// Contiguous floats of one pixel.
  public var channels: Int

  /// Creates a shape.
  public init(batch: Int, height: Int, width: Int, channels: Int) {
    self.batch = batch
    self.height = height
    self.width = width
    self.channels = channels
  }

  /// Pixels of all images.
  public var pixels: Int { batch * height * width }
  /// Floats of all images.
  public var count: Int { pixels * channels }
  /// "[4, 300, 300, 64]".
  public var description: String { "[\(batch), \(height), \(width), \(channels)]" }
}

/// A view of floats that an ``AlignedBuffer`` owns. Copying the view does not copy the floats, and the owner must outlive it.
public struct Tensor {
  /// The extent.
  public let shape: Shape
  /// `shape.count` floats.
  public let data: UnsafeMutablePointer<Float>

  /// Creates a view.
  public init(_ shape: Shape, _ data: UnsafeMutablePointer<Float>) {
    self.shape = shape
    self.data = data
  }

  /// The floats as a collection.
  public var floats: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(start: data, count: shape.count) }

  /// The first float of one image.
  public func image(_ index: Int) -> UnsafeMutablePointer<Float> {
    precondition(index >= 0 && index < shape.batch, "image \(index) of a batch of \(shape.batch)")
    return data + index * shape.height * shape.width * shape.channels
  }
}
