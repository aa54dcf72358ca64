import Images
import Randomness

/// Random changes of brightness, contrast, saturation and hue on 8-bit pixels.
///
/// Each of the four is done with probability ½. Contrast comes second or last, with equal probability. After every
/// change samples are rounded to the nearest integer, ties to even, and saturate at 0 and 255, so the order matters.
///
/// The original release writes the picture as JPEG again after this step, after the expansion and after the crop; that
/// loss is not reproduced.
///
/// ### Source
/// Liu et al. 2016 refer to Howard 2013; numbers from the authors' release (`ApplyDistort`).
public struct PhotometricDistortion: Sendable, Equatable {
  /// One change of all pixels.
  public enum Change: Sendable, Equatable {
    /// Adds to every sample; drawn from −32 … 32.
    case brightness(Float)
    /// Multiplies every sample; drawn from 0.5 … 1.5.
    case contrast(Float)
    /// Multiplies the saturation; drawn from 0.5 … 1.5.
    case saturation(Float)
    /// Adds to the hue, in steps of 2°; drawn from −18 … 18. `HSVPixel` says what happens at the ends of the scale.
    case hue(Float)
  }

  /// The changes in the order in which they are made.
  public let changes: [Change]

  /// Makes the given changes.
  public init(changes: [Change]) {
    self.changes = changes
  }

  /// Draws the order, the changes and their amounts.
  public init(from stream: inout RandomStream) {
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
  public func apply(to image: inout Image, visibleIn view: SourceView) {
    let rows = pixelRange(from: view.y, length: view.height, count: image.height)
    let columns = pixelRange(from: view.x, length: view.width, count: image.width)
    let width = image.width
    image.pixels.withUnsafeMutableBufferPointer { pixels in
      for y in rows {
        let row = UnsafeMutableBufferPointer(
          rebasing: pixels[(y * width + columns.lowerBound) * 3..<(y * width + columns.upperBound) * 3])
        for change in tables { change.apply(to: row) }
      }
    }
  }

  /// The changes with their tables of 256 results.
  private var tables: [TabulatedChange] {
    changes.map { change in
      switch change {
      case .brightness(let amount): .samples(table { $0 + amount })
      case .contrast(let factor): .samples(table { $0 * factor })
      case .saturation(let factor): .saturation(table { $0 * factor })
      case .hue(let amount): .hue(table { $0 + amount })
      }
    }
  }

  private func table(_ function: (Float) -> Float) -> [UInt8] {
    (0..<256).map { UInt8(min(max(function(Float($0)).rounded(.toNearestOrEven), 0), 255)) }
  }
}

/// A change as a function of one 8-bit quantity.
private enum TabulatedChange {
  case samples([UInt8])
  case saturation([UInt8])
  case hue([UInt8])

  /// - Parameter row: [pixels, 3], red first.
  func apply(to row: UnsafeMutableBufferPointer<UInt8>) {
    switch self {
    case .samples(let table):
      for index in row.indices { row[index] = table[Int(row[index])] }
    case .saturation(let table):
      changeHSV(row) { $0.saturation = table[Int($0.saturation)] }
    case .hue(let table):
      changeHSV(row) { $0.hue = table[Int($0.hue)] }
    }
  }

  @inline(__always)
  private func changeHSV(_ row: UnsafeMutableBufferPointer<UInt8>, _ change: (inout HSVPixel) -> Void) {
    for first in stride(from: 0, to: row.count, by: 3) {
      var pixel = HSVPixel(red: row[first], green: row[first + 1], blue: row[first + 2])
      change(&pixel)
      (row[first], row[first + 1], row[first + 2]) = pixel.rgb
    }
  }
}
