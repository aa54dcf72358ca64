import Foundation
import Inference
import Layers
import Measurement
import Testing
import Training

struct BenchmarkReportTests {
  private struct Summary: Decodable {
    struct Layer: Decodable {
      let name: String
      let forward_seconds: Double
      let backward_seconds: Double?
      let multiply_adds: Int
      let effective_gflops: Double
      let forward_bytes: Double
      let backward_bytes: Double
      let gigabytes_per_second: Double
      let limit_seconds: Double
      let lost_seconds: Double
    }
    let images_per_second: Double
    let images_per_second_median: Double
    let processor_share: Double
    let phases: [String: Double]
    let layers: [Layer]
    let effective_gflops: Double
    let peak_gflops: Double
    let memory_gigabytes_per_second: Double
    let seconds_outside_convolutions: Double
    let share_outside_convolutions: Double
  }

  private func workload(batch: Int = 8, microBatch: Int? = nil) throws -> Workload {
    try Workload(
      model: .ssd300VGG16, widthMultiplier: 1, classes: 21, batch: batch, microBatch: microBatch,
      precision: .float32, threads: 2, warmUp: 1, iterations: 3)
  }

  /// Three iterations of 4, 2 and 3 seconds in which every layer took 0.01 s forward and 0.02 s backward.
  private func report(isTraining: Bool) throws -> BenchmarkReport {
    let workload = try workload()
    let graph = Experiment(workload.configuration).model.graph
    var layers = LayerSeconds(graph)
    for index in graph.nodes.indices {
      layers.forward[index] = 0.01
      if isTraining { layers.backward[index] = 0.02 }
    }
    let iterations = [4, 2, 3].map { seconds in
      BenchmarkReport.Iteration(
        seconds: seconds, phases: [seconds / 4, seconds / 2], layers: layers, processorSeconds: seconds)
    }
    return BenchmarkReport(
      subject: "test", workload: workload, graph: graph, isTraining: isTraining, phaseNames: ["one", "other"],
      iterations: iterations, instructionSet: "none", hasTiles: false, peak: 1e12,
      memoryBandwidth: (all: 5e9, thread: 4e9))
  }

  private func summary(isTraining: Bool) throws -> Summary {
    try JSONDecoder().decode(Summary.self, from: Data(report(isTraining: isTraining).json().utf8))
  }

  private func isClose(_ one: Double, _ other: Double) -> Bool { abs(one - other) <= 1e-9 * abs(other) }

  @Test func `Figures are medians, the rate of images that of the fastest iteration`() throws {
    let summary = try summary(isTraining: true)
    #expect(isClose(summary.images_per_second, 4) && isClose(summary.images_per_second_median, 8 / 3))
    #expect(summary.phases == ["one": 0.75, "other": 1.5])
    #expect(summary.peak_gflops == 1000)
    // A processor was there for one of the two threads.
    #expect(isClose(summary.processor_share, 0.5))
  }

  /// 31.37 GMAC an image forward, and as many again for each gradient but that of the images: conv1_1 has 0.16 GMAC.
  @Test func `Effective operations are those of direct convolution, three passes for training and one for inference`()
    throws
  {
    let operations = 31_373_537_792
    let first = 300 * 300 * 64 * 27
    let training = try summary(isTraining: true)
    #expect(training.layers.reduce(0) { $0 + $1.multiply_adds } == operations)
    #expect(isClose(training.effective_gflops, 2 * 8 * Double(3 * operations - first) / 3 / 1e9))
    #expect(training.layers[0].name == "conv1_1" && training.layers[0].multiply_adds == first)
    #expect(isClose(training.layers[0].effective_gflops, 2 * 8 * Double(2 * first) / 0.03 / 1e9))
    let second = training.layers[1]
    #expect(isClose(second.effective_gflops, 2 * 8 * Double(3 * second.multiply_adds) / 0.03 / 1e9))
    #expect(second.forward_seconds == 0.01 && second.backward_seconds == 0.02)

    let inference = try summary(isTraining: false)
    #expect(isClose(inference.effective_gflops, 2 * 8 * Double(operations) / 3 / 1e9))
    #expect(isClose(inference.layers[0].effective_gflops, 2 * 8 * Double(first) / 0.01 / 1e9))
    #expect(inference.layers.allSatisfy { $0.backward_seconds == nil })
  }

  /// Forward inputs and output; backward the input that is kept, the output that tells where ReLU passes, its gradient, and that of the input.
  /// conv1_2 does pool1 as well, both ways, with the gradients of the maxima.
  @Test func `Bytes are those of the maps that a layer must move`() throws {
    let summary = try summary(isTraining: true)
    #expect(summary.memory_gigabytes_per_second == 5)
    let pixels = 8 * 300 * 300 * 4
    #expect(summary.layers[0].forward_bytes == Double(pixels * (3 + 64)))
    #expect(summary.layers[0].backward_bytes == Double(pixels * (3 + 64 + 64)))
    #expect(summary.layers[1].forward_bytes == Double(pixels * (64 + 16)))
    #expect(summary.layers[1].backward_bytes == Double(pixels * (64 + 16 + 64)))
    let bytes = Double(pixels * (3 * 64 + 2 * 16))
    #expect(isClose(summary.layers[1].gigabytes_per_second, bytes / 0.03 / 1e9))
    #expect(summary.layers[2].forward_bytes == 0)
    #expect(summary.layers[2].backward_bytes == 0)
    #expect(try self.summary(isTraining: false).layers.allSatisfy { $0.backward_bytes == 0 })
  }

  /// conv7 multiplies 361 pixels by 1024 × 1024 and loses no units to padding: its passes are bound by arithmetic. Poolings move maps alone.
  @Test func `A pass takes at least its arithmetic at the peak, or its maps through memory`() throws {
    for (isTraining, passes, measured) in [(true, 3.0, 0.03), (false, 1.0, 0.01)] {
      let layers = try summary(isTraining: isTraining).layers
      let pointwise = try #require(layers.first { $0.name == "conv7" })
      #expect(isClose(pointwise.limit_seconds, passes * 2 * 8 * 361 * 1024 * 1024 / 1e12))
      for layer in layers where layer.multiply_adds == 0 {
        #expect(isClose(layer.limit_seconds, (layer.forward_bytes + layer.backward_bytes) / 5e9))
      }
      #expect(layers.allSatisfy { isClose($0.lost_seconds, measured - $0.limit_seconds) })
      // Winograd's algorithm multiplies a quarter as often, and with 19 × 19 pixels somewhat more.
      let square = try #require(layers.first { $0.name == "conv5_2" })
      let share = square.limit_seconds / (passes * 2 * 8 * Double(square.multiply_adds) / 1e12)
      #expect(share > 0.25 && share < 0.3)
    }
    let report = try report(isTraining: true)
    let lost = report.mostLost(10)
    #expect(lost.count == 10 && lost.map(\.lostSeconds) == lost.map(\.lostSeconds).sorted(by: >))
    #expect(lost[0].lostSeconds == report.layers.map(\.lostSeconds).max())
  }

  /// The network has 23 convolutions, 12 predictors, 5 poolings and a normalisation.
  @Test func `What is no convolution is told apart`() throws {
    let summary = try summary(isTraining: true)
    #expect(summary.layers.count == 41 && summary.layers.count { $0.multiply_adds == 0 } == 6)
    #expect(isClose(summary.seconds_outside_convolutions, 3 - 35 * 0.03))
    #expect(isClose(summary.share_outside_convolutions, (3 - 35 * 0.03) / 3))
    #expect(summary.layers.filter { $0.multiply_adds == 0 }.allSatisfy { $0.effective_gflops == 0 })
  }

  @Test func `Without a wish the micro-batch is the batch, or its largest divisor up to eight`() throws {
    for (batch, expected) in [(1, 1), (4, 4), (8, 8), (9, 3), (11, 1), (12, 6), (32, 8)] {
      #expect(try workload(batch: batch).microBatch == expected)
    }
    #expect(try workload(microBatch: 2).microBatch == 2)
  }

  @Test func `The median is the middle value or the mean of the two middle ones`() {
    #expect([7.0].median == 7)
    #expect([3, 1, 2.0].median == 2)
    #expect([4, 1, 3, 2.0].median == 2.5)
  }
}
