import Kernels
import Layers
import Models
import Tensors
import Testing

/// Batches of fewer images than planned: the last ones, and those with unreadable images.
@Suite struct BatchSizeTests {
  private static let largest = 8

  private static func model(_ architecture: Architecture) -> SSD {
    SSD(architecture, objectClassCount: 3, .init(widthMultiplier: 0.25))
  }

  @Test(arguments: [Mode.evaluation, .training]) func `Scratch is enough for any batch`(mode: Mode) {
    var smallerNeedsMore = false
    for architecture in Architecture.all {
      let graph = Self.model(architecture).graph
      for batch in 2...Self.largest {
        let planned = graph.scratch(batch: batch, mode)
        for node in graph.nodes {
          let full = graph.demand(node, batch: batch, mode).scratch
          for fewer in 1..<batch {
            let needed = graph.demand(node, batch: fewer, mode).scratch
            #expect(
              planned.union(needed) == planned,
              "\(architecture.name) \(node.layer.name): \(fewer) of \(batch) images need \(needed), got \(planned)")
            if full.union(needed) != full { smallerNeedsMore = true }
          }
        }
      }
    }
    #expect(smallerNeedsMore, "no layer needs more for fewer images: the plan for the largest batch would do")
  }

  /// Kernels that are kept from batch to batch serve all sizes, whichever came first.
  @Test(arguments: Architecture.all.map(\.name), [[8, 1, 3, 8], [1, 8, 5], [3, 4, 2]])
  func `An image has the same scores in any batch`(name: String, sizes: [Int]) throws {
    let model = Self.model(try #require(Architecture.all.first { $0.name == name }))
    let weights = VariableArena(model.layout)
    _ = model.initialize(weights, with: .he, seed: 1)
    let (pool, kernels) = (ThreadPool(threadCount: 2), Kernels.available.last!)
    let shape = model.graph.shape(model.graph.input, batch: Self.largest)
    let pixels = AlignedBuffer(count: shape.count)
    for index in 0..<shape.count { pixels.floats[index] = Float((index * 7919) % 511) - 255 }
    func scores(_ executor: SSDExecutor, images: Range<Int>) -> [[Float]] {
      var part = shape
      part.batch = images.count
      let start = pixels.floats.baseAddress! + images.lowerBound * shape.count / shape.batch
      executor.forward(Tensor(part, at: start), weights: weights, .evaluation)
      let count = model.defaultBoxes.count * model.classCount
      return images.indices.map {
        Array(UnsafeBufferPointer(start: executor.confidences($0 - images.lowerBound), count: count))
      }
    }
    let single = SSDExecutor(model, batch: 1, .evaluation, pool: pool, kernels: kernels)
    let alone = (0..<Self.largest).map { scores(single, images: $0..<$0 + 1)[0] }
    let executor = SSDExecutor(
      model, batch: Self.largest, .evaluation, keepsWeights: true, pool: pool, kernels: kernels)
    for size in sizes {
      for first in [0, Self.largest - size] {
        let together = scores(executor, images: first..<first + size)
        for (index, image) in together.enumerated() {
          #expect(
            image == alone[first + index], "image \(first + index) in a batch of \(size), after others of \(sizes)")
        }
      }
    }
  }
}
