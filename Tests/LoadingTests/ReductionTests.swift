import Datasets
import Detection
import Images
import Kernels
import Loading
import Testing

/// How much smaller images are decoded for what a sample shows of them.
@Suite struct ReductionTests {
  private let input = NetworkInput(width: 300, height: 300, mean: (123, 117, 104))

  private func samples(_ width: Int, _ height: Int, policy: AugmentationPolicy = .ssd) -> [AugmentedSample] {
    let objects = [GroundTruth(box: CornerBox(xMin: 0.2, yMin: 0.2, xMax: 0.8, yMax: 0.8), label: 1)]
    let image = AnnotatedImage(
      identifier: "a", imagePath: "", annotationPath: "", width: width, height: height, objects: [])
    return (0..<2000).map {
      AugmentedSample(policy: policy, image: image, objects: objects, seed: 5, epoch: 0, imageIndex: $0)
    }
  }

  @Test(arguments: [(500, 375), (1600, 1200), (4000, 3000), (120, 90), (5000, 400)])
  func `what is shown keeps enough pixels, and no more than need be`(width: Int, height: Int) {
    for sample in samples(width, height) {
      let reduction = sample.reduction(for: input)
      let decoded = min(sample.view.width, sample.view.height) / Double(reduction)
      let needed = sample.interpolation == .area ? 300.0 : 600.0
      if reduction > 1 { #expect(decoded >= needed) }
      let isWhole = sample.view.width == Double(width) && sample.view.height == Double(height)
      if reduction < 8, !(isWhole && sample.interpolation == .linear) { #expect(decoded / 2 < needed) }
    }
  }

  @Test func `large photographs are mostly decoded smaller, a sample as in inference never`() {
    let large = samples(4000, 3000).map { $0.reduction(for: input) }
    #expect(large.count { $0 > 1 } > 1500)
    for policy in [AugmentationPolicy.flip, .none] {
      #expect(samples(4000, 3000, policy: policy).allSatisfy { $0.reduction(for: input) == 1 })
    }
  }

  @Test func `boxes stay on the pixels`() throws {
    // A bright rectangle on a dark image, stored as JPEG.
    let (width, height, columns, rows) = (1000, 800, 300..<700, 160..<480)
    var picture = Image(width: width, height: height, pixels: Array(repeating: 20, count: width * height * 3))
    for y in rows { for x in columns { for c in 0..<3 { picture.pixels[(y * width + x) * 3 + c] = 230 } } }
    let bytes = try picture.jpeg(quality: 95)
    let object = AnnotatedObject(
      pixelBox: PixelBox(xMin: 300, yMin: 160, xMax: 700, yMax: 480), label: 1, isDifficult: false, width: width,
      height: height)
    let annotated = AnnotatedImage(
      identifier: "a", imagePath: "", annotationPath: "", width: width, height: height, objects: [object])
    let input = NetworkInput(width: 60, height: 50, mean: (0, 0, 0))
    var reductions: Set<Int> = []
    for index in 0..<60 {
      let sample = AugmentedSample(
        policy: .ssd, image: annotated, objects: [object.groundTruth], seed: 8, epoch: 0, imageIndex: index)
      guard let box = sample.objects.first?.box, sample.distortion.changes.isEmpty else { continue }
      let reduced = try ReducedImage(decoding: bytes, path: "a", reduction: sample.reduction(for: input))
      reductions.insert(reduced.reduction)
      var output = [Float](repeating: 0, count: 60 * 50 * 3)
      sample.render(
        reduced.image, reduction: reduced.reduction, for: input, kernels: Kernels.available[0], into: &output)
      // Half way up the edges; blurred over a pixel or two of the input.
      func isBright(_ x: Float, _ y: Float) -> Bool {
        output[(Int(y * 50) * 60 + Int(x * 60)) * 3] > 125
      }
      let (centerX, centerY) = ((box.xMin + box.xMax) / 2, (box.yMin + box.yMax) / 2)
      let (dx, dy): (Float, Float) = (2 / 60, 2 / 50)
      guard box.width > 6 * dx, box.height > 6 * dy else { continue }
      for (x, isInside) in [
        (box.xMin - dx, false), (box.xMin + dx, true), (box.xMax - dx, true), (box.xMax + dx, false),
      ]
      where (0..<1).contains(x) { #expect(isBright(x, centerY) == isInside) }
      for (y, isInside) in [
        (box.yMin - dy, false), (box.yMin + dy, true), (box.yMax - dy, true), (box.yMax + dy, false),
      ]
      where (0..<1).contains(y) { #expect(isBright(centerX, y) == isInside) }
    }
    #expect(reductions.count >= 3)
  }
}
