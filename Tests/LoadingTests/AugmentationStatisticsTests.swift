import Datasets
import Detection
import Foundation
import Loading
import Randomness
import Testing

/// The distributions of the original release, without any pixels.
@Suite struct AugmentationStatisticsTests {
  static let trials = 100_000

  private func image(_ boxes: [CornerBox]) -> (AnnotatedImage, [GroundTruth]) {
    // Large, so that rounding to whole pixels is little.
    let image = AnnotatedImage(
      identifier: "a", imagePath: "", annotationPath: "", width: 5000, height: 3750, objects: [])
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
    let expanded = views.filter { $0.width > 5000 }
    // A ratio below 5001/5000 leaves the width unchanged: 1 in 15,000 expansions.
    expectFrequency(expanded.count, of: views.count, probability: 0.5 * (1 - 1 / 15000))
    expectUniform(expanded.map { Float($0.width / 5000) }, in: 1...4)
    #expect(expanded.allSatisfy { abs($0.width / 5000 - $0.height / 3750) <= 1 / 3750 })
    #expect(expanded.allSatisfy { $0.x.rounded() == $0.x && $0.y.rounded() == $0.y })
    // Rounding down to whole pixels matters only where there is little room.
    let roomy = expanded.filter { $0.width > 10000 }
    expectUniform(roomy.map { Float(-$0.x / ($0.width - 5000)) }, in: 0...1)
    expectUniform(roomy.map { Float(-$0.y / ($0.height - 3750)) }, in: 0...1)
  }

  @Test func `half of the samples are mirrored and every interpolation is as frequent`() {
    let samples = draws(of: [])
    expectFrequency(samples.count { $0.view.isMirrored }, of: samples.count, probability: 0.5)
    for interpolation in Interpolation.allCases {
      expectFrequency(samples.count { $0.interpolation == interpolation }, of: samples.count, probability: 0.2)
    }
    let flips = draws(of: [], policy: .flip)
    expectFrequency(flips.count { $0.view.isMirrored }, of: flips.count, probability: 0.5)
    #expect(flips.allSatisfy { $0.view.width == 5000 && $0.distortion.changes.isEmpty && $0.interpolation == .linear })
    #expect(draws(of: [], policy: .none).allSatisfy { $0.view == SourceView(imageWidth: 5000, imageHeight: 3750) })
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

  /// How often the whole view is kept, and the regions that each of the other samplers contributes.
  private func crops(_ boxes: [CornerBox]) -> (whole: Int, regions: [[CornerBox]]) {
    let objects = boxes.map { GroundTruth(box: $0, label: 1) }
    var (whole, regions) = (0, RandomCrop.constraints.map { _ in [CornerBox]() })
    for number in 0..<Self.trials {
      var stream = stream(number)
      let crop = RandomCrop(from: &stream, objects: objects)
      if let constraint = crop.constraint, let sampler = RandomCrop.constraints.firstIndex(of: constraint) {
        regions[sampler].append(crop.region)
      } else {
        whole += crop.region == CornerBox(xMin: 0, yMin: 0, xMax: 1, yMax: 1) ? 1 : 0
      }
    }
    return (whole, regions)
  }

  /// The IoU of a region with an object that fills the view is scale², so a trial meets the bound b with probability
  /// (1 − √b) / 0.7, and a sampler finds a region unless all 50 trials fail. Of those that did, one is taken.
  @Test func `one of the samplers that found a region is chosen uniformly`() {
    let bounds = [0.1, 0.3, 0.5, 0.7, 0.9]
    let finds = bounds.map { 1 - pow(1 - (1 - max($0.squareRoot(), 0.3)) / 0.7, 50) }
    // Shares of the whole view, the five samplers with a lower bound, and the one that always finds something.
    var shares = [Double](repeating: 0, count: 7)
    for found in 0..<32 {
      let isFound = (0..<5).map { found >> $0 & 1 == 1 }
      let probability = zip(finds, isFound).reduce(1) { $0 * ($1.1 ? $1.0 : 1 - $1.0) }
      let takingPart = [true] + isFound + [true]
      for sampler in 0..<7 where takingPart[sampler] {
        shares[sampler] += probability / Double(takingPart.count { $0 })
      }
    }
    let (whole, regions) = crops([CornerBox(xMin: 0, yMin: 0, xMax: 1, yMax: 1)])
    expectFrequency(whole, of: Self.trials, probability: shares[0])
    for (sampler, found) in regions.enumerated() {
      expectFrequency(found.count, of: Self.trials, probability: shares[sampler + 1])
      let lowest = sampler < 5 ? max(Float(bounds[sampler]).squareRoot(), 0.3) : 0.3
      let scales = found.map { (($0.xMax - $0.xMin) * ($0.yMax - $0.yMin)).squareRoot() }
      expectUniform(scales, in: lowest - 1e-5...1 + 1e-5)
    }
  }

  @Test func `samplers that found nothing do not take part`() {
    // Regions cover at least 0.09 of the view: no region reaches an IoU of 0.1 with so small an object. What remains is
    // the whole view and the sampler of the upper bound.
    let (whole, regions) = crops([CornerBox(xMin: 0.5, yMin: 0.5, xMax: 0.51, yMax: 0.51)])
    expectFrequency(whole, of: Self.trials, probability: 0.5)
    #expect(regions.map(\.isEmpty) == [true, true, true, true, true, false])
    #expect(crops([]).whole == Self.trials)
  }
}
