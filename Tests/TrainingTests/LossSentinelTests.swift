import Foundation
import Testing
import Training

struct LossSentinelTests {
  private func record(_ iteration: Int, _ confidenceLoss: Double, positives: Int = 12) -> TrainingRecord {
    var record = MetricsLogTests.record(iteration, loss: confidenceLoss + 2)
    record.confidenceLoss = confidenceLoss
    record.positives = positives
    return record
  }

  private func warnings(
    _ sentinel: inout LossSentinel, _ losses: [Double], from first: Int = 1
  ) -> [(iteration: Int, text: String)] {
    losses.enumerated().compactMap { index, loss in
      sentinel.take(record(first + index, loss)).map { (first + index, $0) }
    }
  }

  /// Cross-entropy of the frequencies themselves, a positive and three negatives.
  @Test(arguments: [[10, 10, 10, 10, 10, 10], [90, 5, 5], [7], [3, 0, 1]])
  func `The loss of a detector that ignores the image is that of the best constant answer`(objects: [Int]) {
    let sentinel = LossSentinel(objects: objects, warmupIterations: 0, after: 0)
    let total = Double(objects.reduce(0, +))
    var expected = -3 * log(0.75)
    for count in objects where count > 0 {
      expected -= Double(count) / total * log(0.25 * Double(count) / total)
    }
    #expect(abs(sentinel.guess - expected) < 1e-12)
  }

  @Test func `A loss that stays at the guess after the warm-up is warned of once, with what to change`() throws {
    var sentinel = LossSentinel(objects: [1, 1, 1, 1, 1, 1], warmupIterations: 100, after: 0)
    let found = warnings(&sentinel, [Double](repeating: sentinel.guess * 1.01, count: 1000))
    #expect(found.count == 1 && found.first?.iteration == 200)
    let text = try #require(found.first).text
    for part in [
      "4.04", "training.learning_rate: 0.00025", "training.gradient_clip_norm", "warmup_iterations, 100 now",
    ] {
      #expect(text.contains(part), "\(text)")
    }
  }

  @Test func `Learning is not warned of, however slow, nor what came before the window`() {
    var slow = LossSentinel(objects: [1, 1], warmupIterations: 10, after: 0)
    #expect(warnings(&slow, (0..<2000).map { slow.guess * (1 - 0.0005 * Double($0 + 20)) }.filter { $0 > 0 }).isEmpty)
    var late = LossSentinel(objects: [1, 1], warmupIterations: 10, after: 0)
    let plateau = [Double](repeating: late.guess, count: 60) + [Double](repeating: 1, count: 500)
    #expect(warnings(&late, plateau).isEmpty)
  }

  /// As the quick start: above the guess on average, and far below it soon.
  @Test func `A loss that is falling through the guess is not warned of`() {
    var sentinel = LossSentinel(objects: [1, 1, 1, 1, 1, 1], warmupIterations: 50, after: 0)
    let guess = sentinel.guess
    let losses = (0..<400).map { (index: Int) -> Double in
      let trend: Double = guess * (1.12 - 0.001 * Double(index))
      return index.isMultiple(of: 2) ? trend + 0.2 : trend - 0.2
    }
    #expect(warnings(&sentinel, losses).isEmpty)
  }

  /// A continued run has no memory of the losses before.
  @Test func `A run that continues is judged by its own iterations`() {
    var sentinel = LossSentinel(objects: [1, 1], warmupIterations: 10, after: 5000)
    let found = warnings(&sentinel, [Double](repeating: sentinel.guess, count: 300), from: 5001)
    #expect(found.map(\.iteration) == [5100])
  }

  @Test func `A leap by an order is warned of once, and none after it`() throws {
    var sentinel = LossSentinel(objects: [1, 1], warmupIterations: 500, after: 0)
    var losses = [Double](repeating: 1, count: 200)
    losses[10] = 500
    losses[150] = 60
    losses[160] = 60
    let found = warnings(&sentinel, losses)
    #expect(found.map(\.iteration) == [151])
    #expect(try #require(found.first).text.contains("leapt to 62 from about 3"))
  }

  @Test func `Iterations without any object do not count`() {
    var sentinel = LossSentinel(objects: [1, 1], warmupIterations: 0, after: 0)
    for iteration in 1...500 { #expect(sentinel.take(record(iteration, sentinel.guess, positives: 0)) == nil) }
  }
}
