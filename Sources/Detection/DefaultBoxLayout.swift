/// How default boxes tile an image: which feature maps, how far apart, which sizes and shapes.
///
/// Every cell of a map carries `2 + 2 · aspectRatios.count` boxes around its centre ((x + ½) · step, (y + ½) · step), in
/// this order: the square of the minimum size, the square of √(minimum · maximum), then for each ratio r the box of
/// the minimum size with width · √r and height / √r, and the same with width and height exchanged.
///
/// ### Source
/// Liu et al. 2016, section 2.2, with the numbers and the order of the authors' release.
package struct DefaultBoxLayout: Sendable, Equatable {
  /// What is limited to 0 … 1 (fractions of the image) once boxes are made.
  package enum Clipping: String, Sendable, CaseIterable {
    /// Nothing: boxes reach beyond the image (the authors' release).
    case none
    /// Width and height, but not the centre (torchvision).
    case size
    /// Centre, width and height (several PyTorch ports).
    case all
  }

  /// The default boxes of one feature map.
  package struct FeatureMap: Sendable, Equatable {
    /// Height of the map in cells.
    package let rows: Int
    /// Width of the map in cells.
    package let columns: Int
    /// Distance between the centres of neighbouring cells, in pixels.
    package let step: Double
    /// Side of the small square and scale of the elongated boxes, in pixels.
    package let minimumSize: Double
    /// Together with `minimumSize` the side of the large square √(minimum · maximum), in pixels.
    package let maximumSize: Double
    /// Width : height of elongated boxes; each also stands for its inverse.
    package let aspectRatios: [Double]

    /// Describes the default boxes of one feature map.
    package init(
      rows: Int, columns: Int, step: Double, minimumSize: Double, maximumSize: Double, aspectRatios: [Double]
    ) {
      self.rows = rows
      self.columns = columns
      self.step = step
      self.minimumSize = minimumSize
      self.maximumSize = maximumSize
      self.aspectRatios = aspectRatios
    }

    /// Boxes of a cell.
    package var boxesPerCell: Int { 2 + 2 * aspectRatios.count }
    /// Boxes of the map.
    package var boxCount: Int { rows * columns * boxesPerCell }
  }

  /// Height of the network's input in pixels.
  package let imageHeight: Int
  /// Width of the network's input in pixels.
  package let imageWidth: Int
  /// The maps, in the order of the network's outputs.
  package let featureMaps: [FeatureMap]
  /// What is limited to the image.
  package let clipping: Clipping

  /// Creates a layout.
  ///
  /// - Throws: `DefaultBoxLayoutError` naming the map and the number that cannot be.
  package init(
    imageHeight: Int, imageWidth: Int, featureMaps: [FeatureMap], clipping: Clipping
  ) throws(DefaultBoxLayoutError) {
    if imageHeight < 1 || imageWidth < 1 { throw .emptyImage(height: imageHeight, width: imageWidth) }
    if featureMaps.isEmpty { throw .noFeatureMaps }
    for (index, map) in featureMaps.enumerated() {
      try Self.validate(map, index: index)
    }
    self.init(
      validImageHeight: imageHeight, imageWidth: imageWidth, featureMaps: featureMaps, clipping: clipping)
  }

  /// Creates a layout from one list per property, each with one element per feature map.
  ///
  /// - Parameters:
  ///   - mapSizes: rows and columns of the feature maps.
  ///   - steps: distance of cell centres, in pixels.
  ///   - minimumSizes: side of the small square, in pixels.
  ///   - maximumSizes: see `FeatureMap.maximumSize`, in pixels.
  ///   - aspectRatios: ratios of each map's elongated boxes, without inverses.
  /// - Throws: `DefaultBoxLayoutError` naming the list and the element that cannot be.
  package init(
    imageHeight: Int, imageWidth: Int, mapSizes: [(rows: Int, columns: Int)], steps: [Double],
    minimumSizes: [Double], maximumSizes: [Double], aspectRatios: [[Double]], clipping: Clipping
  ) throws(DefaultBoxLayoutError) {
    let lengths = [
      ("steps", steps.count), ("minimum sizes", minimumSizes.count), ("maximum sizes", maximumSizes.count),
      ("aspect ratios", aspectRatios.count),
    ]
    for (name, count) in lengths where count != mapSizes.count {
      throw .differentLengths(list: name, count: count, featureMaps: mapSizes.count)
    }
    try self.init(
      imageHeight: imageHeight, imageWidth: imageWidth,
      featureMaps: mapSizes.indices.map { map in
        FeatureMap(
          rows: mapSizes[map].rows, columns: mapSizes[map].columns, step: steps[map],
          minimumSize: minimumSizes[map], maximumSize: maximumSizes[map], aspectRatios: aspectRatios[map])
      },
      clipping: clipping)
  }

  /// Boxes of the whole image.
  package var boxCount: Int { featureMaps.reduce(0) { $0 + $1.boxCount } }

  package init(validImageHeight: Int, imageWidth: Int, featureMaps: [FeatureMap], clipping: Clipping) {
    self.imageHeight = validImageHeight
    self.imageWidth = imageWidth
    self.featureMaps = featureMaps
    self.clipping = clipping
  }

  private static func validate(_ map: FeatureMap, index: Int) throws(DefaultBoxLayoutError) {
    if map.rows < 1 || map.columns < 1 {
      throw .emptyFeatureMap(index: index, rows: map.rows, columns: map.columns)
    }
    let lengths = [("step", map.step), ("minimum size", map.minimumSize), ("maximum size", map.maximumSize)]
    for (name, value) in lengths where !(value > 0 && value.isFinite) {
      throw .notPositive(quantity: name, value: value, featureMap: index)
    }
    for ratio in map.aspectRatios where !(ratio > 0 && ratio.isFinite && ratio != 1) {
      throw .invalidAspectRatio(value: ratio, featureMap: index)
    }
  }
}

/// Why numbers do not describe default boxes. Feature maps count from 0.
package enum DefaultBoxLayoutError: Error, Equatable, CustomStringConvertible {
  /// The image has no pixels.
  case emptyImage(height: Int, width: Int)
  /// There is no feature map.
  case noFeatureMaps
  /// A list does not have one element per feature map.
  case differentLengths(list: String, count: Int, featureMaps: Int)
  /// A feature map has no cells.
  case emptyFeatureMap(index: Int, rows: Int, columns: Int)
  /// A step or size is zero, negative or not finite.
  case notPositive(quantity: String, value: Double, featureMap: Int)
  /// A ratio is not positive and finite, or is 1, whose box every cell has already.
  case invalidAspectRatio(value: Double, featureMap: Int)

  /// What is wrong, in a sentence for people.
  package var description: String {
    switch self {
    case .emptyImage(let height, let width):
      "default boxes need an image of at least one pixel, got \(height)×\(width)"
    case .noFeatureMaps:
      "default boxes need at least one feature map"
    case .differentLengths(let list, let count, let featureMaps):
      "default boxes: \(count) \(list) given for \(featureMaps) feature maps"
    case .emptyFeatureMap(let index, let rows, let columns):
      "default boxes: feature map \(index) has \(rows)×\(columns) cells"
    case .notPositive(let quantity, let value, let featureMap):
      "default boxes: the \(quantity) of feature map \(featureMap) is \(value), must be a positive number of pixels"
    case .invalidAspectRatio(let value, let featureMap):
      "default boxes: aspect ratio \(value) of feature map \(featureMap) must be positive, finite and other than 1"
    }
  }
}
