import Detection
import Foundation
import Images

/// A box of a label, its edges in fractions of the image as it is shown.
struct YOLOBox: Equatable {
  private(set) var left, top, right, bottom: Double
  /// Whether the file's own numbers span an area.
  let hasArea: Bool
  /// How far an edge may be from where it was drawn, in fractions of the side, by the digits of the numbers.
  let rounding: Double

  /// From the centre and the size.
  ///
  /// - Parameters:
  ///   - values: cx, cy, width, height.
  ///   - decimals: digits behind the point.
  init(_ values: [Double], _ decimals: Int) {
    let (width, height) = (values[2], values[3])
    (left, right) = (values[0] - width / 2, values[0] + width / 2)
    (top, bottom) = (values[1] - height / 2, values[1] + height / 2)
    hasArea = width > 0 && height > 0
    rounding = Self.rounding(decimals) * 1.5
  }

  /// Around the points of an outline.
  ///
  /// - Parameter values: x, y of each point.
  init(around values: [Double], _ decimals: Int) {
    let x = stride(from: 0, to: values.count, by: 2).map { values[$0] }
    let y = stride(from: 1, to: values.count, by: 2).map { values[$0] }
    (left, right, top, bottom) = (x.min()!, x.max()!, y.min()!, y.max()!)
    hasArea = left < right && top < bottom
    rounding = Self.rounding(decimals)
  }

  /// What a number may be off by: half a unit of its last digit, or of single precision, in which programs compute.
  private static func rounding(_ decimals: Int) -> Double {
    max(0.5 * pow(10, -Double(decimals)), singlePrecision)
  }

  /// What a number of single precision, below 1, may be off by.
  private static let singlePrecision = 0x1p-25

  /// How far from a whole pixel an edge may be for which that is taken, in pixels.
  private static let mostCorrection = 0.1

  /// The box in pixels of the stored image.
  ///
  /// An edge is its fraction times the side. Where a whole pixel is within what ``rounding`` explains, and that is at most a
  /// tenth of a pixel, the edge is that pixel (with fewer digits only what arithmetic explains): what was drawn on whole pixels is the same whatever format it was written in.
  func pixels(of header: ImageHeader) -> PixelBox {
    let stored = turned(from: header.orientation)
    func edge(_ fraction: Double, _ side: Int) -> Double {
      let edge = fraction * Double(side)
      let explained = rounding * Double(side)
      let most = explained <= Self.mostCorrection ? explained : Self.singlePrecision * 1.5 * Double(side)
      // Half of a last digit is itself no exact number, hence the little more.
      return abs(edge - edge.rounded()) <= most * 1.001 ? edge.rounded() : edge
    }
    return PixelBox(
      xMin: edge(stored.left, header.width), yMin: edge(stored.top, header.height),
      xMax: edge(stored.right, header.width), yMax: edge(stored.bottom, header.height))
  }

  /// What an edge may reach beyond the image for its number's digits, in pixels; no more than a hundredth of the side.
  func tolerance(of header: ImageHeader) -> Double {
    let side = Double(max(header.width, header.height))
    return max(0.015, min(rounding, 0.01) * side)
  }

  /// The same box on the image as it is stored, which people are shown turned.
  ///
  /// ### Source
  /// CIPA DC-008 (EXIF 2.3), table of the tag Orientation.
  private func turned(from orientation: Int) -> YOLOBox {
    var box = self
    // From the shown image to the stored one: first rows and columns exchange, then sides are mirrored.
    if orientation >= 5 { (box.left, box.top, box.right, box.bottom) = (top, left, bottom, right) }
    if [2, 3, 7, 8].contains(orientation) { (box.left, box.right) = (1 - box.right, 1 - box.left) }
    if [3, 4, 6, 7].contains(orientation) { (box.top, box.bottom) = (1 - box.bottom, 1 - box.top) }
    return box
  }
}
