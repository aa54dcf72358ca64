import Datasets
import Detection
import Images
import Kernels
import Loading
import Randomness
import Testing

/// Boxes follow the pixels.
@Suite struct AugmentationGeometryTests {
  private let mean: (Float, Float, Float) = (123, 117, 104)

  /// An image of the mean colour (almost: 8 bits) with one white rectangle.
  private func marked(width: Int, height: Int, columns: Range<Int>, rows: Range<Int>) -> Image {
    var image = Image(width: width, height: height, pixels: [UInt8](repeating: 100, count: width * height * 3))
    for y in rows { for x in columns { for channel in 0..<3 { image.pixels[(y * width + x) * 3 + channel] = 255 } } }
    return image
  }

  @Test(arguments: [AugmentationPolicy.ssd, .flip, .none])
  func `the box of a marked object is where its mark is found`(policy: AugmentationPolicy) {
    let (width, height) = (80, 60)
    let (outputWidth, outputHeight) = (64, 48)
    var survivors = 0
    for trial in 0..<400 {
      var stream = RandomStream(seed: 3, purpose: .test, key: UInt64(trial))
      let (left, top) = (stream.integer(below: 50), stream.integer(below: 40))
      let columns = left..<left + 8 + stream.integer(below: 20)
      let rows = top..<top + 8 + stream.integer(below: 10)
      let object = AnnotatedObject(
        pixelBox: PixelBox(
          xMin: Double(columns.lowerBound), yMin: Double(rows.lowerBound), xMax: Double(columns.upperBound),
          yMax: Double(rows.upperBound)), label: 3, isDifficult: true, width: width, height: height)
      let annotated = AnnotatedImage(
        identifier: "a", imagePath: "", annotationPath: "", width: width, height: height, objects: [object])
      let sample = AugmentedSample(
        policy: policy, image: annotated, objects: [object.groundTruth], seed: 4, epoch: 0, imageIndex: trial)
      guard let found = sample.objects.first else { continue }
      #expect(found.label == 3 && found.isDifficult)

      // The nearest pixel is white exactly where the output pixel's centre is in the box.
      var output = [Float](repeating: 0, count: outputWidth * outputHeight * 3)
      sample.view.resample(
        marked(width: width, height: height, columns: columns, rows: rows), interpolation: .nearest,
        to: NetworkInput(width: outputWidth, height: outputHeight, mean: mean), kernels: Kernels.available[0],
        into: &output)
      let white = (0..<outputWidth * outputHeight).filter { output[$0 * 3] > 100 }
      // An object of less than a pixel may have no mark.
      guard let firstX = white.map({ $0 % outputWidth }).min(), let lastX = white.map({ $0 % outputWidth }).max(),
        let firstY = white.map({ $0 / outputWidth }).min(), let lastY = white.map({ $0 / outputWidth }).max()
      else { continue }
      survivors += 1
      // Edges of the mark are known to half an output pixel; the rest is the rounding of `Float` fractions.
      let tolerance: Float = 0.5 + 1e-3
      #expect(abs(found.box.xMin * Float(outputWidth) - Float(firstX)) <= tolerance)
      #expect(abs(found.box.xMax * Float(outputWidth) - Float(lastX + 1)) <= tolerance)
      #expect(abs(found.box.yMin * Float(outputHeight) - Float(firstY)) <= tolerance)
      #expect(abs(found.box.yMax * Float(outputHeight) - Float(lastY + 1)) <= tolerance)
    }
    #expect(survivors > 200)
  }

  @Test func `an expanded image is the image on a canvas of the mean`() {
    let image = Image(width: 6, height: 4, pixels: (0..<72).map { UInt8($0 * 3) })
    var expansions = 0
    for trial in 0..<40 {
      var stream = RandomStream(seed: 9, purpose: .test, key: UInt64(trial))
      var view = SourceView(imageWidth: 6, imageHeight: 4)
      var objects = [GroundTruth(box: CornerBox(xMin: 0, yMin: 0, xMax: 1, yMax: 1), label: 1)]
      Expansion(from: &stream).apply(to: &view, objects: &objects)
      let (width, height) = (Int(view.width), Int(view.height))
      let (left, top) = (Int(-view.x), Int(-view.y))
      if width > 6 { expansions += 1 }
      var canvas = [Float](repeating: 0, count: width * height * 3)
      for y in 0..<4 {
        for x in 0..<6 {
          for (channel, mean) in [mean.0, mean.1, mean.2].enumerated() {
            canvas[((top + y) * width + left + x) * 3 + channel] = Float(image.pixels[(y * 6 + x) * 3 + channel]) - mean
          }
        }
      }
      var output = [Float](repeating: .nan, count: canvas.count)
      view.resample(
        image, interpolation: .nearest, to: NetworkInput(width: width, height: height, mean: mean),
        kernels: Kernels.available[0], into: &output)
      #expect(output == canvas)
      let box = objects[0].box
      #expect(
        abs(box.xMin * Float(width) - Float(left)) < 1e-4 && abs(box.xMax * Float(width) - Float(left + 6)) < 1e-4)
      #expect(
        abs(box.yMin * Float(height) - Float(top)) < 1e-4 && abs(box.yMax * Float(height) - Float(top + 4)) < 1e-4)
    }
    #expect(expansions > 10)
  }

  @Test func `an object survives a crop when its centre is inside, edges included`() throws {
    let crop = RandomCrop(region: CornerBox(xMin: 0.25, yMin: 0.25, xMax: 0.75, yMax: 0.75))
    func project(_ xMin: Float, _ yMin: Float, _ xMax: Float, _ yMax: Float) -> CornerBox? {
      crop.project(GroundTruth(box: CornerBox(xMin: xMin, yMin: yMin, xMax: xMax, yMax: yMax), label: 1))?.box
    }
    #expect(project(0.375, 0.5, 0.5, 0.625) == CornerBox(xMin: 0.25, yMin: 0.5, xMax: 0.5, yMax: 0.75))
    #expect(project(0.125, 0.125, 0.375, 0.375) == CornerBox(xMin: 0, yMin: 0, xMax: 0.25, yMax: 0.25))
    #expect(project(0.625, 0.625, 0.875, 0.875) == CornerBox(xMin: 0.75, yMin: 0.75, xMax: 1, yMax: 1))
    #expect(project(0, 0, 1, 1) == CornerBox(xMin: 0, yMin: 0, xMax: 1, yMax: 1))
    #expect(project(0.125, 0.5, 0.3125, 0.625) == nil)
    #expect(project(0.5, 0.6875, 0.625, 0.875) == nil)
  }

  @Test func `any object may meet a constraint`() {
    let region = CornerBox(xMin: 0, yMin: 0, xMax: 0.5, yMax: 0.5)
    let same = GroundTruth(box: region, label: 1)
    let half = GroundTruth(box: CornerBox(xMin: 0, yMin: 0, xMax: 0.25, yMax: 0.5), label: 1)
    let far = GroundTruth(box: CornerBox(xMin: 0.6, yMin: 0.6, xMax: 0.7, yMax: 0.7), label: 1)
    #expect(RandomCrop.Constraint.atLeast(0.9).isMet(by: region, objects: [far, same]))
    #expect(RandomCrop.Constraint.atLeast(0.5).isMet(by: region, objects: [half]))
    #expect(!RandomCrop.Constraint.atLeast(0.51).isMet(by: region, objects: [half, far]))
    #expect(RandomCrop.Constraint.atMost(1).isMet(by: region, objects: [same]))
    #expect(!RandomCrop.Constraint.atMost(0.4).isMet(by: region, objects: [same, half]))
    #expect(!RandomCrop.Constraint.atLeast(0).isMet(by: region, objects: []))
  }

  @Test func `mirroring twice changes nothing, mirroring once exchanges the sides`() {
    let flip = HorizontalFlip(isApplied: true)
    // Multiples of 1/256, so that 1 − x is exact.
    let original = [
      GroundTruth(box: CornerBox(xMin: 13 / 256, yMin: 0.25, xMax: 200 / 256, yMax: 0.5), label: 2, isDifficult: true),
      GroundTruth(box: CornerBox(xMin: 0, yMin: 0, xMax: 1, yMax: 1), label: 7),
    ]
    var objects = original
    var view = SourceView(x: 3, y: 4, width: 5, height: 6)
    flip.apply(to: &view, objects: &objects)
    #expect(view.isMirrored)
    #expect(objects[0].box == CornerBox(xMin: 56 / 256, yMin: 0.25, xMax: 243 / 256, yMax: 0.5))
    flip.apply(to: &view, objects: &objects)
    #expect(objects == original && view == SourceView(x: 3, y: 4, width: 5, height: 6))
  }

  @Test func `a draw depends on seed, epoch and image only`() {
    let image = AnnotatedImage(identifier: "a", imagePath: "", annotationPath: "", width: 90, height: 70, objects: [])
    let objects = [GroundTruth(box: CornerBox(xMin: 0.2, yMin: 0.2, xMax: 0.8, yMax: 0.8), label: 1)]
    func draw(_ seed: UInt64, _ epoch: Int, _ index: Int) -> AugmentedSample {
      AugmentedSample(policy: .ssd, image: image, objects: objects, seed: seed, epoch: epoch, imageIndex: index)
    }
    func isSame(_ a: AugmentedSample, _ b: AugmentedSample) -> Bool {
      a.view == b.view && a.objects == b.objects && a.distortion == b.distortion && a.interpolation == b.interpolation
    }
    #expect(isSame(draw(1, 2, 3), draw(1, 2, 3)))
    #expect(!isSame(draw(1, 2, 3), draw(2, 2, 3)))
    #expect(!isSame(draw(1, 2, 3), draw(1, 3, 3)))
    #expect(!isSame(draw(1, 2, 3), draw(1, 2, 4)))
  }
}
