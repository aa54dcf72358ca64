import Foundation
import Images
import Synthetic
import Testing

struct SyntheticSceneTests {
  /// Cairo's anti-aliased area is the reference: a pixel covered wholly is inside, one not touched is outside.
  @Test(arguments: SyntheticShape.allCases, [(0.9, 0.2, 60.0), (1.2, -0.2, 13.4)])
  func theRunsOfAnOutlineAgreeWithCairo(shape: SyntheticShape, placement: (Double, Double, Double)) {
    let (stretch, rotation, extent) = placement
    let center = Point(x: 35.3, y: 34.6)
    let outline = PlacedOutline(shape, stretch: stretch, rotation: rotation, extent: extent, center: center)
    let canvas = Canvas(width: 70, height: 70, background: .black)
    canvas.fill(outline.path(), with: .white)
    let pixels = canvas.image().pixels
    let coverage = stride(from: 0, to: pixels.count, by: 3).map { pixels[$0] }
    var isInside = [Bool](repeating: false, count: 70 * 70)
    outline.forEachRun { row, columns in
      for column in columns { isInside[row * 70 + column] = true }
    }
    for (inside, coverage) in zip(isInside, coverage) {
      #expect(inside ? coverage > 0 : coverage < 255)
    }
    let area = coverage.map { Double($0) / 255 }.reduce(0, +)
    // Each pixel on the edge is counted wholly or not at all; the edges are at most some four extents long.
    #expect(abs(Double(isInside.count { $0 }) - area) <= 4 * extent * 0.2)
  }

  @Test(arguments: SyntheticShape.allCases)
  func anOutlineHasTheExtentAndTheCenterWanted(shape: SyntheticShape) {
    let outline = PlacedOutline(
      shape, stretch: 1.2, rotation: shape.largestRotation, extent: 80, center: Point(x: 100, y: 50))
    let bounds = outline.bounds
    #expect(abs(max(bounds.right - bounds.left, bounds.bottom - bounds.top) - 80) < 1e-9)
    #expect(abs((bounds.left + bounds.right) / 2 - 100) < 1e-9 && abs((bounds.top + bounds.bottom) / 2 - 50) < 1e-9)
  }

  @Test func scenesKeepTheirPromises() {
    let scenes = (1...100).map { SyntheticScene(seed: 3, number: $0) }
    for scene in scenes {
      #expect(SyntheticScene.sides.contains(scene.width) && SyntheticScene.sides.contains(scene.height))
      #expect((1...5).contains(scene.objects.count) && scene.objects.count == scene.visibilities.count)
      for (object, visible) in zip(scene.objects, scene.visibilities) {
        #expect(0 <= visible.left && visible.left <= visible.right && visible.right < scene.width)
        #expect(0 <= visible.top && visible.top <= visible.bottom && visible.bottom < scene.height)
        #expect((0...SyntheticScene.largestHiddenPart).contains(visible.hiddenPart(of: object)))
        #expect((0...SyntheticScene.largestCutPart).contains(visible.cutPart(of: object)))
        let bounds = object.outline.bounds
        let extent = max(bounds.right - bounds.left, bounds.bottom - bounds.top)
        let relative = extent / Double(min(scene.width, scene.height))
        // The range is sampled in single precision.
        #expect(
          relative > SyntheticScene.extents.lowerBound - 1e-6 && relative < SyntheticScene.extents.upperBound + 1e-6)
      }
    }
    let objects = scenes.flatMap { zip($0.objects, $0.visibilities) }
    for shape in SyntheticShape.allCases {
      // About 300 objects, so each class about 50 times; 24 is four standard deviations below.
      #expect(objects.count { $0.0.shape == shape } >= 24)
    }
    #expect(objects.contains { $1.cutPart(of: $0) > 0 })
    #expect(objects.contains { $1.hiddenPart(of: $0) > SyntheticScene.difficultHiddenPart })
    #expect(Set(scenes.map(\.objects.count)) == [1, 2, 3, 4, 5])
  }

  /// Drawing the objects flat with and without one of them shows where that one can be seen.
  @Test(arguments: 1...10)
  func boxesEncloseWhatCanBeSeenOfTheirObject(number: Int) {
    let scene = SyntheticScene(seed: 5, number: number)
    func drawn(without hidden: Int?) -> [UInt8] {
      let canvas = Canvas(width: scene.width, height: scene.height, background: .black)
      for (index, object) in scene.objects.enumerated() where index != hidden {
        canvas.fill(object.outline.path(), with: object.color)
      }
      return canvas.image().pixels
    }
    let all = drawn(without: nil)
    for (index, visible) in scene.visibilities.enumerated() {
      let others = drawn(without: index)
      let seen = all.indices.filter { all[$0] != others[$0] }.map { $0 / 3 }
      let (columns, rows) = (seen.map { $0 % scene.width }, seen.map { $0 / scene.width })
      // Pixels covered by less than half may be left out; at the tip of a star, which has 36°, that is three rows.
      #expect((0...3).contains(visible.left - columns.min()!) && (0...3).contains(columns.max()! - visible.right))
      #expect((0...3).contains(visible.top - rows.min()!) && (0...3).contains(rows.max()! - visible.bottom))
    }
  }

  /// Colours differ by a third of the scale before light falls off by at most a third and a shade takes as much again.
  @Test(arguments: 1...8)
  func objectsStandOutFromWhatIsAroundThem(number: Int) throws {
    let scene = SyntheticScene(seed: 1, number: number)
    let image = scene.image()
    #expect((image.width, image.height) == (scene.width, scene.height))
    // The last object lies on top, so all of it that is inside the image can be seen.
    let (object, visible) = try #require(Array(zip(scene.objects, scene.visibilities)).last)
    var isInside = [Bool](repeating: false, count: scene.width * scene.height)
    object.outline.forEachRun { row, columns in
      for column in columns.clamped(to: 0..<scene.width) where (0..<scene.height).contains(row) {
        isInside[row * scene.width + column] = true
      }
    }
    var (inside, outside) = ([[Double]](), [[Double]]())
    for row in visible.top...visible.bottom {
      for column in visible.left...visible.right {
        let pixel = row * scene.width + column
        let color = (0..<3).map { Double(image.pixels[pixel * 3 + $0]) / 255 }
        if isInside[pixel] { inside.append(color) } else { outside.append(color) }
      }
    }
    let contrasts = (0..<3).map { channel in
      func mean(_ colors: [[Double]]) -> Double { colors.map { $0[channel] }.reduce(0, +) / Double(colors.count) }
      return abs(mean(inside) - mean(outside))
    }
    #expect(contrasts.max()! > 0.14)
  }

  @Test func anImageDependsOnSeedAndNumberOnly() {
    let image = SyntheticScene(seed: 1, number: 2).image()
    #expect(image == SyntheticScene(seed: 1, number: 2).image())
    #expect(image != SyntheticScene(seed: 2, number: 2).image())
    #expect(image != SyntheticScene(seed: 1, number: 3).image())
  }
}
