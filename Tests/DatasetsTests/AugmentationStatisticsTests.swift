import Datasets
import Detection
import Randomness
import Testing

/// The distributions of the original release, without any pixels.
@Suite struct AugmentationStatisticsTests {
  static let trials = 20_000

  private func image(_ boxes: [CornerBox]) -> (AnnotatedImage, [GroundTruth]) {
    let image = AnnotatedImage(
      identifier: "a", imagePath: "", annotationPath: "", width: 500, height: 375, objects: [])
    return (image, boxes.map { GroundTruth(box: $0, label: 1) })
  }

  private func draws(of boxes: [CornerBox], policy: AugmentationPolicy = .ssd) -> [AugmentedSample] {
    let (image, objects) = image(boxes)
    return (0..<Self.trials).map { index in
      AugmentedSample(
        policy: policy, image: image, objects: objects, seed: 1, epoch: index / 100, imageIndex: index % 100)
    }
  }

  private func stream(_ number: Int) -> RandomStream {
    RandomStream(seed: 2, purpose: .test, key: UInt64(number))
  }

  @Test func `each colour change is made half of the time, by uniform amounts`() {
    let distortions = draws(of: []).map(\.distortion)
    var amounts: [[Float]] = [[], [], [], []]
    for change in distortions.flatMap(\.changes) {
      switch change {
      case .brightness(let amount): amounts[0].append(amount)
      case .contrast(let amount): amounts[1].append(amount)
      case .saturation(let amount): amounts[2].append(amount)
      case .hue(let amount): amounts[3].append(amount)
      }
    }
    let ranges: [ClosedRange<Float>] = [-32...32, 0.5...1.5, 0.5...1.5, -18...18]
    for (values, range) in zip(amounts, ranges) {
      expectFrequency(values.count, of: Self.trials, probability: 0.5)
      expectUniform(values, in: range)
    }
  }

  @Test func `contrast comes second or last, equally often`() {
    func kind(_ change: PhotometricDistortion.Change) -> Int {
      switch change {
      case .brightness: 0
      case .contrast: 1
      case .saturation: 2
      case .hue: 3
      }
    }
    let full = draws(of: []).map { $0.distortion.changes.map(kind) }.filter { $0.count == 4 }
    expectFrequency(full.count, of: Self.trials, probability: 1 / 16)
    expectFrequency(full.count { $0 == [0, 1, 2, 3] }, of: full.count, probability: 0.5)
    #expect(full.allSatisfy { $0 == [0, 1, 2, 3] || $0 == [0, 2, 3, 1] })
  }

  @Test func `half of the images are expanded, to a uniform ratio, at a uniform place`() {
    // Without objects the crop keeps the whole canvas.
    let views = draws(of: []).map(\.view)
    let expanded = views.filter { $0.width > 500 }
    // A ratio below 501/500 leaves the width unchanged: 1 in 1500 expansions.
    expectFrequency(expanded.count, of: views.count, probability: 0.5 * (1 - 1 / 1500))
    expectUniform(expanded.map { Float($0.width / 500) }, in: 1...4)
    #expect(expanded.allSatisfy { abs($0.width / 500 - $0.height / 375) <= 1 / 375 })
    #expect(expanded.allSatisfy { $0.x.rounded() == $0.x && $0.y.rounded() == $0.y })
    // Rounding down to whole pixels matters only where there is little room.
    let roomy = expanded.filter { $0.width > 1000 }
    expectUniform(roomy.map { Float(-$0.x / ($0.width - 500)) }, in: 0...1)
    expectUniform(roomy.map { Float(-$0.y / ($0.height - 375)) }, in: 0...1)
  }

  @Test func `half of the samples are mirrored and every interpolation is as frequent`() {
    let samples = draws(of: [])
    expectFrequency(samples.count { $0.view.isMirrored }, of: samples.count, probability: 0.5)
    for interpolation in Interpolation.allCases {
      expectFrequency(samples.count { $0.interpolation == interpolation }, of: samples.count, probability: 0.2)
    }
    let flips = draws(of: [], policy: .flip)
    expectFrequency(flips.count { $0.view.isMirrored }, of: flips.count, probability: 0.5)
    #expect(flips.allSatisfy { $0.view.width == 500 && $0.distortion.changes.isEmpty && $0.interpolation == .linear })
    #expect(draws(of: [], policy: .none).allSatisfy { $0.view == SourceView(imageWidth: 500, imageHeight: 375) })
  }

  @Test func `regions have uniform scale, aspect ratio and place`() {
    let regions = (0..<Self.trials).map { number in
      var stream = stream(number)
      return RandomCrop.drawRegion(from: &stream)
    }
    #expect(regions.allSatisfy { 0 <= $0.xMin && $0.xMax <= 1 && 0 <= $0.yMin && $0.yMax <= 1 })
    var scales: [Float] = []
    var aspectRatios: [Float] = []
    for region in regions {
      let (width, height) = (region.xMax - region.xMin, region.yMax - region.yMin)
      let area = width * height
      scales.append(area.squareRoot())
      // The room for the aspect ratio vanishes as the scale approaches 1.
      if area < 0.8 {
        let (lowest, highest) = (max(0.5, area), min(2, 1 / area))
        aspectRatios.append((width / height - lowest) / (highest - lowest))
      }
    }
    // Both are recovered from rounded edges.
    expectUniform(scales, in: 0.3 - 1e-5...1 + 1e-5)
    expectUniform(aspectRatios, in: -1e-4...1 + 1e-4)
    let movable = regions.filter { $0.xMax - $0.xMin < 0.8 && $0.yMax - $0.yMin < 0.8 }
    expectUniform(movable.map { $0.xMin / (1 - ($0.xMax - $0.xMin)) }, in: 0...1 + 1e-5)
    expectUniform(movable.map { $0.yMin / (1 - ($0.yMax - $0.yMin)) }, in: 0...1 + 1e-5)
  }

  /// How often the whole view is kept.
  private func wholeViews(_ boxes: [CornerBox]) -> Int {
    (0..<Self.trials).count { number in
      var stream = stream(number)
      let crop = RandomCrop(from: &stream, objects: boxes.map { GroundTruth(box: $0, label: 1) })
      return crop.region == CornerBox(xMin: 0, yMin: 0, xMax: 1, yMax: 1)
    }
  }

  @Test func `one of the samplers that found a region is chosen uniformly`() {
    // The IoU of a region with an object that fills the view is scale², so a trial meets a bound b with probability
    // (1 − √b) / 0.7 and a sampler finds a region unless all 50 trials fail.
    let finds = [0.1, 0.3, 0.5, 0.7, 0.9].map { bound in
      1
        - zip(0..<RandomCrop.trials, repeatElement(1 - (1 - max(bound.squareRoot(), 0.3)) / 0.7, count: 50))
        .reduce(1) { $0 * $1.1 }
    }
    // Distribution of the number found, starting from the whole view and the sampler that always succeeds.
    var probabilityOfCount = [0, 0, 1.0]
    for find in finds {
      var next = Array(repeating: 0.0, count: probabilityOfCount.count + 1)
      for (count, probability) in probabilityOfCount.enumerated() {
        next[count] += probability * (1 - find)
        next[count + 1] += probability * find
      }
      probabilityOfCount = next
    }
    let expected = probabilityOfCount.enumerated().dropFirst(2).reduce(0) { $0 + $1.element / Double($1.offset) }
    expectFrequency(
      wholeViews([CornerBox(xMin: 0, yMin: 0, xMax: 1, yMax: 1)]), of: Self.trials, probability: expected)
  }

  @Test func `samplers that found nothing do not take part`() {
    // Regions cover at least 0.09 of the view: no region reaches an IoU of 0.1 with so small an object. What remains is
    // the whole view and the sampler of the upper bound.
    expectFrequency(
      wholeViews([CornerBox(xMin: 0.5, yMin: 0.5, xMax: 0.51, yMax: 0.51)]), of: Self.trials, probability: 0.5)
    #expect(wholeViews([]) == Self.trials)
  }
}
