import Images
import Kernels
import Randomness

/// Random changes of brightness, contrast, saturation and hue on 8-bit pixels.
///
/// Each of the four is done with probability ½. Contrast comes second or last, with equal probability. After every
/// change samples are rounded to the nearest integer, ties to even, and saturate at 0 and 255, so the order matters.
///
/// The original release writes the image as JPEG again after this step, after the expansion and after the crop; that
/// loss is not reproduced.
///
/// ### Source
/// Liu et al. 2016 refer to Howard 2013; numbers from the authors' release (`ApplyDistort`).
package struct PhotometricDistortion: Sendable, Equatable {
  /// One change of all pixels.
  package enum Change: Sendable, Equatable {
    /// Adds to every sample; drawn from −32 … 32.
    case brightness(Float)
    /// Multiplies every sample; drawn from 0.5 … 1.5.
    case contrast(Float)
    /// Multiplies the saturation; drawn from 0.5 … 1.5.
    case saturation(Float)
    /// Adds to the hue, in steps of 2°; drawn from −18 … 18.
    case hue(Float)
  }

  /// The changes in the order in which they are made.
  package let changes: [Change]

  /// Makes the given changes.
  package init(changes: [Change]) {
    self.changes = changes
  }

  /// Draws the order, the changes and their amounts.
  package init(from stream: inout RandomStream) {
    let contrastIsSecond = stream.chance(0.5)
    let brightness = Self.draw(from: &stream, -32, 32).map(Change.brightness)
    let contrast = Self.draw(from: &stream, 0.5, 1.5).map(Change.contrast)
    let saturation = Self.draw(from: &stream, 0.5, 1.5).map(Change.saturation)
    let hue = Self.draw(from: &stream, -18, 18).map(Change.hue)
    let order = contrastIsSecond ? [brightness, contrast, saturation, hue] : [brightness, saturation, hue, contrast]
    changes = order.compactMap { $0 }
  }

  /// An amount, or nothing when the change is not made.
  private static func draw(from stream: inout RandomStream, _ lower: Float, _ upper: Float) -> Float? {
    stream.chance(0.5) ? stream.uniform(lower, upper) : nil
  }

  /// Distorts the pixels that a view shows; the others are left as they are.
  ///
  /// - Parameter kernels: which ones does not matter to the result.
  package func apply(to image: inout Image, visibleIn view: SourceView, kernels: Kernels) {
    let rows = touchedPixels(from: view.y, length: view.height).clamped(to: 0..<image.height)
    let columns = touchedPixels(from: view.x, length: view.width).clamped(to: 0..<image.width)
    let width = image.width
    image.pixels.withUnsafeMutableBufferPointer { pixels in
      for y in rows {
        let row = pixels[(y * width + columns.lowerBound) * 3..<(y * width + columns.upperBound) * 3]
        for change in changes { change.apply(to: UnsafeMutableBufferPointer(rebasing: row), kernels) }
      }
    }
  }
}

extension PhotometricDistortion.Change {
  /// - Parameter row: [pixels, 3], red first.
  fileprivate func apply(to row: UnsafeMutableBufferPointer<UInt8>, _ kernels: Kernels) {
    switch self {
    case .brightness(let term): kernels.scaleSamples(row, factor: 1, term: term)
    case .contrast(let factor): kernels.scaleSamples(row, factor: factor, term: 0)
    case .saturation(let factor): kernels.scaleSaturation(row, factor: factor)
    case .hue(let term): kernels.turnHue(row, by: term)
    }
  }
}
