import Datasets
import Detection
import Foundation
import Images
import Kernels
import Loading
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(10))) struct LoaderTests {
  /// 5 · 7 · 3 values are not a multiple of the alignment.
  static let input = NetworkInput(width: 7, height: 5, mean: (123, 117, 104))

  /// A micro-batch, copied out of the loader's memory.
  struct Copy: Equatable {
    let pixels: [Float]
    let samples: [SampleSchedule.Sample]
    let groundTruth: [[GroundTruth]]
    let identifiers: [String]
    let replacements: [ImageReplacement]

    init(_ batch: MicroBatch, input: NetworkInput = LoaderTests.input) {
      pixels = Array(UnsafeBufferPointer(start: batch.pixels, count: batch.count * input.width * input.height * 3))
      samples = batch.samples
      groundTruth = batch.groundTruth
      identifiers = batch.identifiers
      replacements = batch.replacements
    }
  }

  private func loader(
    _ dataset: Dataset, globalBatch: Int = 8, microBatch: Int = 2, microBatches: Range<Int>? = nil, threads: Int = 2,
    capacity: Int = 2, byteLimit: Int = .max, firstIteration: Int = 0, augmentation: AugmentationPolicy = .ssd,
    damaged: DamagedImagePolicy = .stop
  ) -> Loader {
    Loader(
      dataset: dataset, schedule: SampleSchedule(seed: 3, count: dataset.images.count, globalBatch: globalBatch),
      augmentation: augmentation, difficult: .trainOnly, damaged: damaged, input: Self.input,
      kernels: Kernels.available[0], microBatch: microBatch, microBatches: microBatches ?? 0..<globalBatch / microBatch,
      threads: threads, capacity: capacity,
      byteLimit: byteLimit, firstIteration: firstIteration)
  }

  private func iterations(_ count: Int, of loader: Loader) throws -> [[Copy]] {
    try (0..<count).map { _ in try loader.nextIteration().map { Copy($0) } }
  }

  @Test func `what an iteration holds does not depend on threads, capacity or where the run starts`() throws {
    let folder = try AnnotatedDirectory()
    try folder.writeImages(count: 7)
    let dataset = try folder.read()
    let expected = try iterations(6, of: loader(dataset, threads: 1))
    #expect(expected[0] != expected[1])
    #expect(try iterations(6, of: loader(dataset, threads: 3)) == expected)
    #expect(try iterations(6, of: loader(dataset, threads: 3, capacity: 4)) == expected)
    #expect(try iterations(6, of: loader(dataset, threads: 3, byteLimit: 1)) == expected)
    #expect(try iterations(2, of: loader(dataset, firstIteration: 4)) == Array(expected[4...]))
    var schedule = SampleSchedule(seed: 3, count: 7, globalBatch: 8)
    for (number, iteration) in expected.enumerated() {
      let samples = schedule.samples(iteration: number)
      #expect(iteration.flatMap(\.samples) == samples)
      #expect(iteration.flatMap(\.identifiers) == samples.map { "image\($0.imageIndex)" })
    }
  }

  @Test func `the shares of the ranks together are the iteration`() throws {
    let folder = try AnnotatedDirectory()
    try folder.writeImages(count: 7)
    let dataset = try folder.read()
    let expected = try iterations(3, of: loader(dataset))
    for shares in [[0..<2, 2..<4], [0..<1, 1..<2, 2..<3, 3..<4], [0..<1, 1..<4]] {
      let parts = try shares.map { try iterations(3, of: loader(dataset, microBatches: $0)) }
      #expect((0..<3).map { number in parts.flatMap { $0[number] } } == expected)
    }
  }

  @Test func `without augmentation a sample is the resized image with its boxes`() throws {
    let folder = try AnnotatedDirectory()
    try folder.writeImages(count: 3)
    let dataset = try folder.read()
    let loader = loader(dataset, globalBatch: 3, microBatch: 3, augmentation: .none)
    let batch = try #require(try loader.nextIteration().first)
    #expect(UInt(bitPattern: batch.pixels) % 64 == 0)
    for (index, sample) in batch.samples.enumerated() {
      let image = dataset.images[sample.imageIndex]
      var expected = [Float](repeating: 0, count: 105)
      try Self.input.sample(Image(contentsOf: image.imagePath), kernels: Kernels.available[0], into: &expected)
      #expect(Array(UnsafeBufferPointer(start: batch.pixels + index * 105, count: 105)) == expected)
      #expect(batch.groundTruth[index] == image.objects.map(\.groundTruth))
    }
  }

  @Test func `micro-batches are aligned and do not overlap`() throws {
    let folder = try AnnotatedDirectory()
    try folder.writeImages(count: 2)
    let loader = loader(try folder.read())
    for _ in 0..<3 {
      let addresses = try loader.nextIteration().map { UInt(bitPattern: $0.pixels) }
      #expect(addresses.allSatisfy { $0 % 64 == 0 })
      for (a, b) in zip(addresses, addresses.dropFirst()) { #expect(b - a >= 2 * 105 * 4) }
    }
  }

  @Test(arguments: [1, 3]) func `an unreadable image is thrown at its iteration and ever after`(threads: Int) throws {
    let folder = try AnnotatedDirectory()
    try folder.writeImages(count: 7)
    let dataset = try folder.read()
    var schedule = SampleSchedule(seed: 3, count: 7, globalBatch: 2)
    // The last image of the first epoch stands in iteration 3.
    let bad = dataset.images[schedule.sample(at: 6).imageIndex]
    let bytes = try #require(FileManager.default.contents(atPath: bad.imagePath))
    try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: bad.imagePath))
    let loader = loader(dataset, globalBatch: 2, threads: threads, capacity: 5)
    for _ in 0..<3 { _ = try loader.nextIteration() }
    for _ in 0..<2 {
      let error = try #require(throws: DatasetError.self) { try loader.nextIteration() }
      #expect(error.file == bad.imagePath)
      #expect(!error.reason.isEmpty)
    }
  }

  @Test func `another image takes the place of a damaged one, whatever threads and shares there are`() throws {
    let folder = try AnnotatedDirectory()
    try folder.writeImages(count: 7)
    let dataset = try folder.read()
    let whole = try iterations(6, of: loader(dataset))
    for index in [2, 5] {
      let path = dataset.images[index].imagePath
      try #require(FileManager.default.contents(atPath: path)).prefix(60).write(to: URL(fileURLWithPath: path))
    }
    let expected = try iterations(6, of: loader(dataset, threads: 1, damaged: .replace))
    for (number, (iteration, before)) in zip(expected, whole).enumerated() {
      #expect(iteration.flatMap(\.samples) == before.flatMap(\.samples))
      for (position, sample) in iteration.flatMap(\.samples).enumerated() {
        let name = iteration.flatMap(\.identifiers)[position]
        #expect(["image2", "image5"].contains(name) == false)
        if ![2, 5].contains(sample.imageIndex) { #expect(name == "image\(sample.imageIndex)") }
      }
      let damaged = iteration.flatMap(\.samples).count { [2, 5].contains($0.imageIndex) }
      #expect(iteration.flatMap(\.replacements).count == damaged)
      if damaged == 0 { #expect(iteration.flatMap(\.pixels) == before.flatMap(\.pixels), "iteration \(number)") }
    }
    #expect(try iterations(6, of: loader(dataset, threads: 3, damaged: .replace)) == expected)
    #expect(try iterations(2, of: loader(dataset, firstIteration: 4, damaged: .replace)) == Array(expected[4...]))
    let parts = try [0..<1, 1..<4].map { try iterations(3, of: loader(dataset, microBatches: $0, damaged: .replace)) }
    #expect((0..<3).map { number in parts.flatMap { $0[number] } } == Array(expected[..<3]))
    // In another epoch it is another image.
    let substitutes = Set(expected.joined().flatMap(\.replacements).map(\.substitute))
    #expect(substitutes.count > 1)
  }

  @Test func `when no image is left to take the place of damaged ones, the run ends`() throws {
    for count in [1, 3] {
      let folder = try AnnotatedDirectory()
      try folder.writeImages(count: count)
      let dataset = try folder.read()
      for image in dataset.images {
        let bytes = try #require(FileManager.default.contents(atPath: image.imagePath))
        try bytes.prefix(60).write(to: URL(fileURLWithPath: image.imagePath))
      }
      let error = try #require(throws: DatasetError.self) {
        try loader(dataset, globalBatch: 2, damaged: .replace).nextIteration()
      }
      #expect(dataset.images.map(\.imagePath).contains(error.file))
      #expect(error.reason.hasSuffix("; \(count == 1 ? 0 : 16) images in its place are damaged too"), "\(error)")
    }
  }

  @Test func `an image that has changed or gone since the data set was read is named`() throws {
    let folder = try AnnotatedDirectory()
    try folder.writeImages(count: 1)
    let dataset = try folder.read()
    try folder.write(image: "image0", width: 20, height: 30)
    let changed = try #require(throws: DatasetError.self) {
      try loader(dataset, globalBatch: 2).nextIteration()
    }
    #expect(
      changed.description
        == "\(folder.imagePath("image0")): has 20×30 pixels, but had 40×30 when the data set was read")
    try FileManager.default.removeItem(atPath: folder.imagePath("image0"))
    let gone = try #require(throws: DatasetError.self) { try loader(dataset, globalBatch: 2).nextIteration() }
    #expect(gone.file == folder.imagePath("image0"))
  }

  @Test func `stopping ends threads that wait for room, and the loader`() throws {
    let folder = try AnnotatedDirectory()
    try folder.writeImages(count: 3)
    let dataset = try folder.read()
    let loader = loader(dataset, threads: 3)
    _ = try loader.nextIteration()
    // Time for the ring to fill; the outcome does not depend on it.
    Thread.sleep(forTimeInterval: 0.1)
    loader.stop()
    loader.stop()
    #expect(throws: CancellationError.self) { try loader.nextIteration() }
    #expect(loader.waitSeconds > 0)
  }

  @Test(arguments: [1, 3]) func `evaluation takes each image once, in order, in batches`(threads: Int) throws {
    let folder = try AnnotatedDirectory()
    try folder.writeImages(count: 7)
    let dataset = try folder.read()
    for (images, sizes) in [(0..<7, [3, 3, 1]), (2..<6, [3, 1]), (1..<4, [3]), (4..<4, [])] {
      let loader = EvaluationLoader(
        dataset: dataset, images: images, input: Self.input, kernels: Kernels.available[0], batch: 3, threads: threads,
        capacity: 2)
      var batches: [Copy] = []
      while let batch = try loader.nextBatch() { batches.append(Copy(batch)) }
      #expect(try loader.nextBatch() == nil)
      #expect(batches.map(\.samples.count) == sizes)
      #expect(batches.flatMap(\.samples).map(\.imageIndex) == Array(images))
      #expect(batches.flatMap(\.groundTruth) == dataset.images[images].map { $0.objects.map(\.groundTruth) })
      var expected: [Float] = []
      for image in dataset.images[images] {
        var pixels = [Float](repeating: 0, count: 105)
        try Self.input.sample(image.load(), kernels: Kernels.available[0], into: &pixels)
        expected += pixels
      }
      #expect(batches.flatMap(\.pixels) == expected)
    }
  }
}
