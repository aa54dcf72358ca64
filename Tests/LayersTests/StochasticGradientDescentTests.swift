import Kernels
import Layers
import Randomness
import Tensors
import Testing

@Suite struct StochasticGradientDescentTests {
  /// Three steps with a changing rate, against the formula in Double.
  @Test func followsTheFormula() {
    var layout = VariableLayout()
    let weight = layout.add("w", .kernel(height: 1, width: 1, input: 7, output: 5), start: .random, update: .weight)
    let bias = layout.add("b", .vector(count: 5), start: .constant(0), update: .bias(rateMultiplier: 2))
    let scale = layout.add("s", .vector(count: 3), start: .constant(20), update: .weight)
    let rule = StochasticGradientDescent(momentum: 0.9, weightDecay: 0.1)
    for kernels in Kernels.available {
      let (weights, momentum, gradients) = (VariableArena(layout), VariableArena(layout), VariableArena(layout))
      let context = ExecutionContext(pool: ThreadPool(threadCount: 2), kernels: kernels, scratch: ScratchSize())
      var random = RandomStream(seed: 11, purpose: .test)
      var expected: [String: (w: [Double], m: [Double])] = [:]
      for parameter in [weight, bias, scale] {
        for index in weights[parameter].indices { weights[parameter][index] = random.normal() }
        let start = weights[parameter].map(Double.init)
        expected[parameter.name] = (start, start.map { _ in 0 })
      }
      for rate in [0.1, 0.1, 0.01] {
        for parameter in [weight, bias, scale] {
          for index in gradients[parameter].indices {
            let gradient = random.normal()
            gradients[parameter][index] = gradient
            let decay = parameter == bias ? 0 : 0.1
            let factor = parameter == bias ? 2.0 : 1
            expected[parameter.name]!.m[index] *= 0.9
            expected[parameter.name]!.m[index] += Double(gradient) + decay * expected[parameter.name]!.w[index]
            expected[parameter.name]!.w[index] -= factor * rate * expected[parameter.name]!.m[index]
          }
        }
        // In pieces that do not end where parameters end.
        let count = weights.values.count
        for range in [count / 3..<count, 7..<count / 3, 0..<7] {
          let bad = rule.update(
            weights, momentum: momentum, gradients: gradients, in: range, learningRate: Float(rate), context: context)
          #expect(bad == nil)
        }
      }
      for parameter in [weight, bias, scale] {
        // Three steps of three roundings each.
        #expect(relativeDistance(Array(weights[parameter]), expected[parameter.name]!.w) < 10 * 0x1p-24)
        #expect(relativeDistance(Array(momentum[parameter]), expected[parameter.name]!.m) < 10 * 0x1p-24)
      }
    }
  }

  /// Statistics move towards the mean of the micro-batches, without momentum, decay and clipping; frozen values stay.
  @Test func averagesFollowTheMeanOfTheMicroBatches() {
    var layout = VariableLayout()
    let mean = layout.add("mean", .vector(count: 33), start: .constant(0), update: .average(momentum: 0.25))
    let fixed = layout.add("fixed", .vector(count: 5), start: .constant(3), update: .frozen)
    let rule = StochasticGradientDescent(momentum: 0.9, weightDecay: 0.1)
    for kernels in Kernels.available {
      let (weights, momentum, gradients) = (VariableArena(layout), VariableArena(layout), VariableArena(layout))
      for variable in layout.variables { Initializer.he.initialize(variable, in: weights, seed: 1) }
      for index in 0..<33 { weights[mean][index] = Float(index) }
      for index in 0..<33 { gradients[mean][index] = Float(4 * index) - 8 }
      gradients[fixed].update(repeating: 7)
      let bad = rule.update(
        weights, momentum: momentum, gradients: gradients, in: 0..<weights.values.count, learningRate: 0.5, clip: 0.1,
        microBatches: 4,
        context: ExecutionContext(pool: ThreadPool(threadCount: 2), kernels: kernels, scratch: ScratchSize()))
      #expect(bad == nil)
      // 3/4 r + 1/4 (4 r - 8) / 4
      #expect(weights[mean].enumerated().allSatisfy { $1 == Float($0) - 0.5 })
      #expect(weights[fixed].allSatisfy { $0 == 3 })
      #expect(momentum.values.allSatisfy { $0 == 0 })
      let norm = GradientNorm(layout, in: 0..<layout.arenaCount, inputScales: InputScales())
      #expect(
        norm.evaluate(
          gradients,
          context: ExecutionContext(pool: ThreadPool(threadCount: 1), kernels: kernels, scratch: ScratchSize())
        ).norm == 0)
    }
  }

  @Test(arguments: [Float.infinity, -.infinity, .nan])
  func aGradientThatIsNotFiniteIsNoticed(value: Float) {
    for kernels in Kernels.available {
      var layout = VariableLayout()
      let parameters = ["one", "two"].map { layout.add($0, .vector(count: 1001), start: .constant(0), update: .weight) }
      let (weights, momentum, gradients) = (VariableArena(layout), VariableArena(layout), VariableArena(layout))
      let context = ExecutionContext(pool: ThreadPool(threadCount: 1), kernels: kernels, scratch: ScratchSize())
      let rule = StochasticGradientDescent(momentum: 0.9, weightDecay: 0.1)
      gradients[parameters[1]][517] = value
      let position = parameters[1].range.lowerBound + 517
      func update(_ range: Range<Int>) -> Variable? {
        rule.update(
          weights, momentum: momentum, gradients: gradients, in: range, learningRate: 0.1, context: context)
      }
      #expect(update(0..<position) == nil)
      #expect(update(position + 1..<weights.values.count) == nil)
      #expect(update(position..<position + 1) == parameters[1])
    }
  }

  /// Against the formulas in Double; s = 64 divides the gradient of "w" by 4096.
  @Test func clippingInputScalesAndAverageFollowTheirFormulas() {
    var layout = VariableLayout()
    let weight = layout.add("w", .kernel(height: 3, width: 3, input: 7, output: 50), start: .random, update: .weight)
    let bias = layout.add("b", .vector(count: 50), start: .constant(0), update: .bias(rateMultiplier: 2))
    let scales = InputScales(["w": 64])
    let rule = StochasticGradientDescent(momentum: 0.9, weightDecay: 0.1)
    for kernels in Kernels.available {
      let (weights, momentum, gradients) = (VariableArena(layout), VariableArena(layout), VariableArena(layout))
      let average = VariableArena(layout)
      let context = ExecutionContext(pool: ThreadPool(threadCount: 2), kernels: kernels, scratch: ScratchSize())
      var random = RandomStream(seed: 12, purpose: .test)
      for parameter in [weight, bias] {
        for index in weights[parameter].indices {
          weights[parameter][index] = random.normal()
          gradients[parameter][index] = random.normal()
          average[parameter][index] = random.normal()
        }
      }
      let (norm, notFinite) = GradientNorm(layout, in: 0..<layout.arenaCount, inputScales: scales).evaluate(
        gradients, context: context)
      func squares(_ parameter: Variable) -> Double { gradients[parameter].reduce(0) { $0 + Double($1) * Double($1) } }
      let expectedNorm = (squares(weight) / 4096 + squares(bias)).squareRoot()
      #expect(abs(norm - expectedNorm) < 1e-12 * expectedNorm && notFinite == nil)
      let clip = GradientClipping(limit: 0.5).factor(norm: norm)
      #expect(abs(Double(clip) * norm - 0.5) < 1e-6 && GradientClipping(limit: 1e9).factor(norm: norm) == 1)

      for (parameter, divisor, decay, rate) in [(weight, 4096.0, 0.1, 0.01), (bias, 1, 0, 0.02)] {
        let (w, a) = (weights[parameter].map(Double.init), average[parameter].map(Double.init))
        let g = gradients[parameter].map(Double.init)
        let moved = zip(w, g).map { w, g in w - rate * (Double(clip) / divisor * g + decay * w) }
        let averaged = zip(a, moved).map { a, w in a + 0.25 * (w - a) }
        let bad = rule.update(
          weights, momentum: momentum, gradients: gradients, in: parameter.range, learningRate: 0.01, clip: clip,
          inputScales: scales, average: (average, share: 0.25), context: context)
        #expect(bad == nil)
        #expect(relativeDistance(Array(weights[parameter]), moved) < 8 * 0x1p-24)
        #expect(relativeDistance(Array(average[parameter]), averaged) < 8 * 0x1p-24)
      }
    }
  }

  @Test func theNormHasTheSameBitsWithAllThreadsAndInstructionSetsAndNamesWhatIsNotFinite() {
    var layout = VariableLayout()
    let parameters = [70_001, 5, 200_003].enumerated().map {
      layout.add("p\($0)", .vector(count: $1), start: .constant(0), update: .weight)
    }
    let gradients = VariableArena(layout)
    var random = RandomStream(seed: 4, purpose: .test)
    for parameter in parameters {
      for index in gradients[parameter].indices { gradients[parameter][index] = random.normal() }
    }
    func evaluate(_ kernels: Kernels, threads: Int) -> (norm: Double, notFinite: Variable?) {
      GradientNorm(layout, in: parameters[1].range.lowerBound..<layout.arenaCount, inputScales: InputScales()).evaluate(
        gradients,
        context: ExecutionContext(pool: ThreadPool(threadCount: threads), kernels: kernels, scratch: ScratchSize()))
    }
    let norms = Kernels.available.flatMap { kernels in [1, 3].map { evaluate(kernels, threads: $0).norm } }
    #expect(Set(norms.map(\.bitPattern)).count == 1)
    // The first parameter is not in the range.
    #expect(abs(norms[0] * norms[0] / 200_008 - 1) < 0.02)
    for bad in [Float.nan, .infinity] {
      gradients[parameters[2]][200_000] = bad
      #expect(evaluate(Kernels.available[0], threads: 2).notFinite == parameters[2])
    }
    gradients[parameters[2]][200_000] = 0
    gradients[parameters[0]][1] = .nan
    #expect(evaluate(Kernels.available[0], threads: 2).notFinite == nil)
  }

  @Test func theShareOfNewWeightsInTheAverageFallsToItsEnd() {
    #expect(WeightAverage.share(decay: 0.9, iteration: 0) == 0.9)
    #expect(abs(WeightAverage.share(decay: 0.9, iteration: 10) - 0.45) < 1e-6)
    #expect(abs(WeightAverage.share(decay: 0.9, iteration: 100_000) - 0.1) < 1e-6)
  }
}
