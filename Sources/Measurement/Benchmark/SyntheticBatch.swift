import Detection
import Loading
import Randomness
import Tensors

/// Images and objects made up in memory, the same ones every time.
struct SyntheticBatch {
  private let pixels: AlignedBuffer
  private let objects: [[GroundTruth]]
  private let valuesPerImage: Int

  /// The most objects of an image; with all numbers equally frequent there are 2.5, as in Pascal VOC 2007.
  private static let mostObjects = 4
  /// Sides of boxes, as fractions of the image's.
  private static let sides: (Float, Float) = (0.1, 0.8)

  /// Makes up `images` of the given shape with objects of `objectClasses` classes.
  init(images: Int, shape: Shape, objectClasses: Int) {
    var random = RandomStream(seed: 0, purpose: .benchmark)
    valuesPerImage = shape.height * shape.width * shape.channels
    pixels = AlignedBuffer(count: images * valuesPerImage)
    // 0 … 255 minus the mean colour.
    for index in pixels.floats.indices { pixels.floats[index] = random.uniform(-120, 135) }
    objects = (0..<images).map { _ in
      (0..<1 + random.integer(below: Self.mostObjects)).map { _ in
        let (width, height) = (random.uniform(Self.sides.0, Self.sides.1), random.uniform(Self.sides.0, Self.sides.1))
        let (x, y) = (random.uniform(0, 1 - width), random.uniform(0, 1 - height))
        return GroundTruth(
          box: CornerBox(xMin: x, yMin: y, xMax: x + width, yMax: y + height),
          label: 1 + random.integer(below: objectClasses))
      }
    }
  }

  /// Cuts the batch, which must outlive the result.
  ///
  /// - Precondition: `size` divides the number of images.
  func microBatches(of size: Int) -> [MicroBatch] {
    precondition(objects.count.isMultiple(of: size), "micro-batches of \(size) from \(objects.count) images")
    return stride(from: 0, to: objects.count, by: size).map { first in
      let images = first..<first + size
      return MicroBatch(
        pixels: pixels.floats.baseAddress! + first * valuesPerImage,
        samples: images.map { .init(position: $0, epoch: 0, imageIndex: $0) },
        groundTruth: Array(objects[images]), identifiers: images.map { "image \($0)" })
    }
  }
}
