import Layers
import Randomness
import Tensors
import Testing

@Suite struct StochasticGradientDescentTests {
  /// Three steps with a changing rate, against the formula in Double.
  @Test func followsTheFormula() {
    var layout = ParameterLayout()
    let weight = layout.add("w", .weight, .kernel(height: 1, width: 1, input: 7, output: 5))
    let bias = layout.add("b", .bias, .vector(count: 5))
    let scale = layout.add("s", .scale, .vector(count: 3))
    let rule = StochasticGradientDescent(momentum: 0.9, weightDecay: 0.1, biasLearningRateMultiplier: 2)
    for kernels in Kernels.available {
      let (weights, momentum, gradients) = (ParameterArena(layout), ParameterArena(layout), ParameterArena(layout))
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

  @Test(arguments: [Float.infinity, -.infinity, .nan])
  func aGradientThatIsNotFiniteIsNoticed(value: Float) {
    for kernels in Kernels.available {
      var layout = ParameterLayout()
      let parameters = ["one", "two"].map { layout.add($0, .weight, .vector(count: 1001)) }
      let (weights, momentum, gradients) = (ParameterArena(layout), ParameterArena(layout), ParameterArena(layout))
      let context = ExecutionContext(pool: ThreadPool(threadCount: 1), kernels: kernels, scratch: ScratchSize())
      let rule = StochasticGradientDescent(momentum: 0.9, weightDecay: 0.1, biasLearningRateMultiplier: 2)
      gradients[parameters[1]][517] = value
      let position = parameters[1].range.lowerBound + 517
      func update(_ range: Range<Int>) -> Parameter? {
        rule.update(
          weights, momentum: momentum, gradients: gradients, in: range, learningRate: 0.1, context: context)
      }
      #expect(update(0..<position) == nil)
      #expect(update(position + 1..<weights.values.count) == nil)
      #expect(update(position..<position + 1) == parameters[1])
    }
  }
}
