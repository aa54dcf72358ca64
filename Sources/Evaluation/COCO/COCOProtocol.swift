/// The fixed numbers of COCO's metric for boxes.
///
/// ### Source
/// `Params.setDetParams` of pycocotools 2.0.11; `thresholds` and `recalls` have the bits of its `numpy.linspace`.
enum COCOProtocol {
  /// Smallest IoU of a detection with the object it finds: 0.5, 0.55 … 0.95.
  static let thresholds = (0..<9).map { 0.5 + Double($0) * ((0.95 - 0.5) / 9) } + [0.95]
  /// Position of 0.5 in `thresholds`.
  static let half = 0
  /// Position of 0.75 in `thresholds`.
  static let threeQuarters = 5
  /// Where precision is read off: 0, 0.01 … 1.
  static let recalls = (0..<100).map { Double($0) * 0.01 } + [1]
  /// Areas in pixels that count, both ends included; other objects are ignored, and so are other detections that find none.
  static let areas: InlineArray<4, ClosedRange<Double>> = [0...1e10, 0...1024, 1024...9216, 9216...1e10]
  /// Detections of a class and an image that are looked at, those of the highest scores.
  static let maximumDetections = 100
}

/// Which objects and detections count, by their area: a position in `COCOProtocol.areas`.
package enum COCOAreaRange: Int, Sendable, CaseIterable {
  /// Any area.
  case all
  /// Up to 32² pixels.
  case small
  /// From 32² to 96² pixels.
  case medium
  /// From 96² pixels.
  case large
}
