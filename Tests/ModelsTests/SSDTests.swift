import Foundation
import Kernels
import Layers
import Models
import Tensors
import Testing

@Suite struct SSDTests {
  @Test func hasThePapersNumbers() {
    let model = SSD(.ssd300VGG16, objectClassCount: 20)
    #expect(model.layout.valueCount == 26_285_486)
    #expect(model.graph.multiplyAdds == 31_373_537_792)
    #expect(model.defaultBoxes.countPerMap == [5776, 2166, 600, 150, 36, 4])
    #expect(model.layout.variables.count == 71)
    #expect(SSD(.ssd300VGG16, objectClassCount: 90, defaultBoxes: .torchvision).layout.valueCount == 35_641_826)
    #expect(SSD(.ssd300VGG16, objectClassCount: 80, defaultBoxes: .caffeCOCO).layout.valueCount == 34_305_206)
  }

  @Test func parametersHaveTorchvisionsNamesAndShapes() {
    let shapes = Dictionary(
      uniqueKeysWithValues: SSD(.ssd300VGG16, objectClassCount: 20).layout.variables.map {
        ($0.name, $0.fileShape)
      })
    #expect(shapes["backbone.features.0.weight"] == [64, 3, 3, 3])
    #expect(shapes["backbone.extra.0.7.1.weight"] == [1024, 512, 3, 3])
    #expect(shapes["backbone.extra.0.7.3.weight"] == [1024, 1024, 1, 1])
    #expect(shapes["backbone.extra.1.2.weight"] == [512, 256, 3, 3])
    #expect(shapes["backbone.extra.4.0.bias"] == [128])
    #expect(shapes["backbone.scale_weight"] == [512])
    #expect(shapes["head.classification_head.module_list.1.weight"] == [126, 1024, 3, 3])
    #expect(shapes["head.regression_head.module_list.5.weight"] == [16, 256, 3, 3])
  }

  @Test func theWidthMultiplierScalesEveryChannelCountButTheInputAndTheHeads() {
    let narrow = SSD(.ssd300VGG16, objectClassCount: 6, .init(widthMultiplier: 0.25))
    let wide = SSD(.ssd300VGG16, objectClassCount: 6)
    for (small, large) in zip(narrow.layout.variables, wide.layout.variables) {
      #expect(small.name == large.name)
      let isHead = small.name.hasPrefix("head")
      #expect(small.fileShape[0] == (isHead ? large.fileShape[0] : large.fileShape[0] / 4), "\(small.name)")
    }
    #expect(narrow.defaultBoxes.count == 8732)
  }

  @Test func initialWeightsDependOnTheSeedOnly() {
    let model = SSD(.ssd300VGG16, objectClassCount: 3, .init(widthMultiplier: 0.1))
    func weights(_ seed: UInt64) -> [Float] {
      let arena = VariableArena(model.layout)
      _ = model.initialize(arena, with: .xavier, seed: seed)
      return Array(arena.values)
    }
    #expect(weights(1) == weights(1))
    #expect(weights(1) != weights(2))
  }

  /// Softmax of the first answers: background three quarters of the time, as often as among the boxes in the loss.
  @Test(arguments: [1, 6, 20, 90]) func withHeTheFirstAnswerIsThePrior(classes: Int) {
    let model = SSD(.ssd300VGG16, objectClassCount: classes, .init(widthMultiplier: 0.0625))
    let weights = VariableArena(model.layout)
    let scales = model.initialize(weights, with: .he, seed: 1)
    #expect(scales == InputScales(["backbone.features.0.weight": 64]))
    #expect(
      model.initialize(weights, with: .he, hasPretrainedBase: true, seed: 1)
        == InputScales(["backbone.extra.0.7.1.weight": 64]))
    for parameter in model.layout.variables
    where parameter.name.hasPrefix("head.classification") && parameter.name.hasSuffix(".bias") {
      let biases = weights[parameter]
      for first in stride(from: 0, to: biases.count, by: classes + 1) {
        let exponentials = biases[first..<first + classes + 1].map { exp(Double($0)) }
        #expect(abs(exponentials[0] / exponentials.reduce(0, +) - 0.75) < 1e-6)
        #expect(Set(exponentials[1...]).count == 1)
      }
    }
    #expect(model.initialize(weights, with: .xavier, seed: 1) == InputScales())
    #expect(
      model.layout.variables.filter { $0.name.hasSuffix(".bias") }.allSatisfy { weights[$0].allSatisfy { $0 == 0 } })
  }

  /// Location 4·k … of default box k must come from the cell and box that k counts: a bias at one channel of one head moves exactly
  /// the default boxes of that map and kind.
  @Test func predictionsLieInTheOrderOfTheDefaultBoxes() {
    let model = SSD(.ssd300VGG16, objectClassCount: 2, .init(widthMultiplier: 0.05))
    let weights = VariableArena(model.layout)
    let executor = SSDExecutor(
      model, batch: 2, .evaluation, pool: ThreadPool(threadCount: 2), kernels: Kernels.available.last!)
    let pixels = AlignedBuffer(count: 2 * 300 * 300 * 3)
    let images = Tensor(model.graph.shape(model.graph.input, batch: 2), at: pixels.start)
    var first = 0
    for (map, featureMap) in model.defaultBoxes.layout.featureMaps.enumerated() {
      let kind = featureMap.boxesPerCell - 1
      for (name, numbers) in [("regression", 4), ("classification", model.classCount)] {
        weights.values.update(repeating: 0)
        let bias = model.layout.variables.first { $0.name == "head.\(name)_head.module_list.\(map).bias" }!
        weights[bias][kind * numbers + 1] = 7
        executor.forward(images, weights: weights, .evaluation)
        for image in 0..<2 {
          let result = numbers == 4 ? executor.locations(image) : executor.confidences(image)
          for box in 0..<model.defaultBoxes.count {
            let isOurs =
              box >= first && box < first + featureMap.boxCount && (box - first) % featureMap.boxesPerCell == kind
            for number in 0..<numbers where result[box * numbers + number] != (isOurs && number == 1 ? 7 : 0) {
              Issue.record("\(name) of map \(map): box \(box), number \(number)")
              return
            }
          }
        }
      }
      first += featureMap.boxCount
    }
  }
}
