import Foundation
import Images
import Randomness

/// An object of a synthetic image.
package struct SyntheticObject {
  package let shape: SyntheticShape
  package let outline: PlacedOutline
  package let color: Color
  /// The pixels whose centre lies inside the outline, also those beyond the borders or under other objects.
  package let area: Int
}

/// The part of an object that can be seen.
package struct SyntheticVisibility: Equatable {
  /// The outermost columns and rows with a visible pixel, counted from 0.
  package var left, top, right, bottom: Int
  /// The number of visible pixels.
  package var area: Int
  /// The number of pixels inside the image, under other objects or not.
  package var areaInside: Int
}

/// What is on a synthetic image and where, before anything is drawn: a pure function of the seed and the image's number.
package struct SyntheticScene {
  /// Sides of the image in pixels.
  package static let sides = 300...500
  /// The longer side of an object's bounding rectangle relative to the shorter side of the image.
  package static let extents = 0.08...0.8
  /// The largest part of an object that the border and other objects together may hide.
  package static let largestHiddenPart = 1.0 / 3
  /// The largest part of an object that may be beyond the border.
  package static let largestCutPart = 0.2
  /// An object hidden to a larger part than this is marked difficult.
  package static let difficultHiddenPart = 0.2

  package let seed: UInt64
  package let number: Int
  package let width: Int
  package let height: Int
  /// The two colours of the background.
  package let background: (Color, Color)
  /// In drawing order: later objects hide earlier ones.
  package private(set) var objects: [SyntheticObject] = []
  package private(set) var visibilities: [SyntheticVisibility] = []

  /// Arranges the image of a number; images of unequal numbers or seeds have nothing in common.
  package init(seed: UInt64, number: Int) {
    (self.seed, self.number) = (seed, number)
    var random = RandomStream(seed: seed, purpose: .synthesis, key: UInt64(number), 0)
    width = Self.sides.lowerBound + random.integer(below: Self.sides.count)
    height = Self.sides.lowerBound + random.integer(below: Self.sides.count)
    background = Self.backgroundColors(&random)
    let count = 1 + random.integer(below: 5)
    var attempts = 0
    while objects.count < count && attempts < 40 {
      attempts += 1
      place(candidate(&random))
    }
  }

  /// Muted colours of similar brightness, so that objects stand out from both.
  private static func backgroundColors(_ random: inout RandomStream) -> (Color, Color) {
    let hue = Double(random.uniform())
    let brightness = Double(random.uniform(0.2, 0.9))
    func color(_ random: inout RandomStream) -> Color {
      Color(
        hue: hue + Double(random.uniform(-0.12, 0.12)), saturation: Double(random.uniform(0.05, 0.35)),
        brightness: brightness + Double(random.uniform(-0.1, 0.1)))
    }
    return (color(&random), color(&random))
  }

  private func candidate(_ random: inout RandomStream) -> SyntheticObject {
    let shape = SyntheticShape.allCases[random.integer(below: SyntheticShape.allCases.count)]
    let side = Double(min(width, height))
    let logExtent = random.uniform(Float(log(Self.extents.lowerBound)), Float(log(Self.extents.upperBound)))
    let extent = exp(Double(logExtent)) * side
    let rotation = Double(random.uniform(-1, 1)) * shape.largestRotation
    let stretch = exp(Double(random.uniform(-0.22, 0.22)))
    // One object in six may reach beyond the border.
    let margin = random.chance(1 / 6) ? 0.3 * extent : 0.5 * extent + 1
    func position(_ length: Int) -> Double {
      margin + Double(random.uniform()) * (Double(length) - 2 * margin)
    }
    let center = Point(x: position(width), y: position(height))
    let outline = PlacedOutline(shape, stretch: stretch, rotation: rotation, extent: extent, center: center)
    var area = 0
    outline.forEachRun { _, columns in area += columns.count }
    return SyntheticObject(shape: shape, outline: outline, color: contrastingColor(&random), area: area)
  }

  /// A vivid colour far from the background and from the objects placed so far.
  private func contrastingColor(_ random: inout RandomStream) -> Color {
    var best: (color: Color, margin: Double)?
    for _ in 0..<60 {
      let color = Color(
        hue: Double(random.uniform()), saturation: Double(random.uniform(0.5, 1)),
        brightness: Double(random.uniform(0.25, 1)))
      let toBackground = min(color.distance(to: background.0), color.distance(to: background.1)) - 0.4
      let toObjects = (objects.map { color.distance(to: $0.color) }.min() ?? 1) - 0.25
      let margin = min(toBackground, toObjects)
      if margin >= 0 { return color }
      if margin > best?.margin ?? -.infinity { best = (color, margin) }
    }
    return best?.color ?? background.0.contrast
  }

  /// Adds an object on top, unless it or an earlier one would be hidden too much.
  private mutating func place(_ object: SyntheticObject) {
    let extended = visibilities(of: objects + [object])
    for (object, visibility) in zip(objects + [object], extended) {
      guard let visibility, visibility.hiddenPart(of: object) <= Self.largestHiddenPart,
        visibility.cutPart(of: object) <= Self.largestCutPart
      else { return }
    }
    objects.append(object)
    visibilities = extended.compactMap(\.self)
  }

  /// What can be seen of each object; nil if nothing.
  private func visibilities(of objects: [SyntheticObject]) -> [SyntheticVisibility?] {
    var visibilities = [SyntheticVisibility?](repeating: nil, count: objects.count)
    var isCovered = [Bool](repeating: false, count: width * height)
    for index in objects.indices.reversed() {
      var visible = SyntheticVisibility(left: width, top: height, right: -1, bottom: -1, area: 0, areaInside: 0)
      objects[index].outline.forEachRun { row, columns in
        guard (0..<height).contains(row) else { return }
        for column in columns.clamped(to: 0..<width) {
          visible.areaInside += 1
          if isCovered[row * width + column] { continue }
          isCovered[row * width + column] = true
          visible.area += 1
          (visible.left, visible.right) = (min(visible.left, column), max(visible.right, column))
          (visible.top, visible.bottom) = (min(visible.top, row), max(visible.bottom, row))
        }
      }
      if visible.area > 0 { visibilities[index] = visible }
    }
    return visibilities
  }
}

extension SyntheticVisibility {
  /// The part of an object's area that is beyond the border or under other objects.
  package func hiddenPart(of object: SyntheticObject) -> Double { 1 - Double(area) / Double(object.area) }

  /// The part of an object's area that is beyond the border.
  package func cutPart(of object: SyntheticObject) -> Double { 1 - Double(areaInside) / Double(object.area) }
}

extension Color {
  /// 0 for the same colour to 1 for black and white, weighted by the eye's sensitivity to red, green and blue.
  fileprivate func distance(to other: Color) -> Double {
    let (red, green, blue) = (red - other.red, green - other.green, blue - other.blue)
    return ((2 * red * red + 4 * green * green + 3 * blue * blue) / 9).squareRoot()
  }
}
