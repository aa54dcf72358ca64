import Layers
import Models
import Tensors
import Yams

extension ConfigurationTable {
  mutating func addTraining() {
    add("global_batch", \.training.globalBatch, .integer(.atLeast(1)), "images of an iteration, over all ranks")
    rule("global_batch") { configuration in
      let (batch, micro) = (configuration.training.globalBatch, configuration.training.microBatch)
      return batch.isMultiple(of: micro) ? nil : "\(batch) is not divisible by micro_batch \(micro)"
    }
    add(
      "micro_batch", \.training.microBatch, .integer(.atLeast(1)), values: "divides the global batch",
      "images of one forward and backward pass; batch normalisations normalise by them")
    addLength()
    add(
      "learning_rate", \.training.schedule.base, .number(.above(0)),
      "rate between warm-up and decay, see [learning rate](#learning-rate)")
    addRateScaling()
    within("schedule") { $0.addSchedule() }
    add(
      "momentum", \.training.momentum, .number(.from(0, below: 1)),
      "momentum of SGD, [in PyTorch's form](decisions/0002-momentum.md)")
    add(
      "weight_decay", \.training.weightDecay, .number(.atLeast(0)),
      "L2 penalty on weights, and on the scale of conv4_3 in VGG-16; biases do not decay")
    add(
      "decay_normalization", \.training.decaysNormalization, .boolean, default: "`false`", young: true,
      refusal: Architecture.needsNormalization,
      "whether scales and shifts of batch normalisations decay too, as with torchvision and mmdetection")
    add(
      "bias_learning_rate_multiplier", \.training.biasLearningRateMultiplier, .number(.atLeast(0)),
      "factor on the learning rate of biases")
    add(
      "base_learning_rate_multiplier", \.training.baseLearningRateMultiplier, .number(.from(0, to: 1)),
      default: "`1.0`",
      young: true,
      "factor on the learning rate of the base network, which ImageNet has taught; what is new behind it learns at the whole rate"
    )
    addOptional(
      "gradient_clip_norm", \.training.gradientClipNorm, .number(.above(0)), young: true,
      "a gradient of all parameters with a larger norm is scaled down to it; `metrics.jsonl` then has `gradient_norm`. [Definition of the norm](decisions/0020-first-iterations.md)"
    )
    addOptional(
      "ema_decay", \.training.averageDecay, .number(.above(0, below: 1)), young: true,
      "keep a [moving average](#moving-average) of the weights")
    addOptional(
      "freeze", \.training.freeze, .text, values: "a layer of `multibox describe`", young: true,
      "this layer and all before it keep their weights and have no backward pass; `conv5_3` is the whole pretrained base"
    )
    add("seed", \.training.seed, .integer(.atLeast(0)), "origin of all random numbers")
    addOptional(
      "threads", \.training.threads, .integer(.from(1, to: 1024)), change: .neutral,
      "compute threads of a rank; `null`: the processors it is bound to, divided among the ranks that share them")
    add(
      "convolution", \.training.convolution,
      // Not on every processor; `fastest` chooses them.
      .choice(ConvolutionMethod.allCases.filter { $0 != .tiles }.map { (name: $0.rawValue, value: $0) }),
      "[how convolutions are computed](decisions/0016-convolution.md). `fastest` chooses between `winograd`, `blocked-columns` and, in bfloat16, [tiles](decisions/0032-tiles.md); `columns` is im2col with OpenBLAS: least rounding, three to five times slower"
    )
    add(
      "precision", \.training.precision, .choice,
      "[what convolutions multiply](decisions/0019-bfloat16.md), and what [feature maps](decisions/0030-maps-in-bfloat16.md) consist of; weights and sums stay float32. `bfloat16` needs AVX512-BF16 (Intel since Cooper Lake, not all; AMD since Zen 4) and excludes `convolution: columns`"
    )
    rule("precision") { configuration in
      configuration.training.precision == .bfloat16 && configuration.training.convolution == .columns
        ? "bfloat16 needs another convolution than columns, which OpenBLAS multiplies in float32" : nil
    }
  }

  private mutating func addRateScaling() {
    add(
      "learning_rate_scaling", \.training.rateScaling, .choice, young: true,
      "how the rate follows the batch: in proportion to `global_batch` / `reference_batch`, or to its square root")
    addOptional(
      "reference_batch", \.training.referenceBatch, .integer(.atLeast(1)), young: true,
      "the batch that `learning_rate` is written for; goes with `learning_rate_scaling`")
    rule("reference_batch") { configuration in
      let training = configuration.training
      switch (training.rateScaling, training.referenceBatch) {
      case (.none, .some(let batch)):
        return "\(batch) scales nothing; give learning_rate_scaling: linear or sqrt, or leave it out"
      case (.linear, nil), (.sqrt, nil):
        return
          "learning_rate_scaling: \(training.rateScaling.rawValue) needs the batch that learning_rate is written for"
      default: return nil
      }
    }
  }

  private mutating func addLength() {
    addOptional(
      "epochs", \.training.epochs, .number(.above(0)), change: .length, young: true,
      "passes over the training images, in place of `iterations`; the last one is completed")
    addOptional("iterations", \.training.iterations, .integer(.atLeast(1)), change: .length, "optimizer steps")
    rule("iterations") { configuration in
      configuration.training.iterations == nil && configuration.training.epochs == nil
        ? "give iterations or epochs" : nil
    }
    rule("epochs") { configuration in
      configuration.training.iterations != nil && configuration.training.epochs != nil
        ? "give iterations or epochs, not both; --set training.iterations=null leaves one out" : nil
    }
  }

  private mutating func addSchedule() {
    let forSteps: @Sendable (Configuration) -> String? = { configuration in
      configuration.training.schedule.kind == .cosine
        ? "a cosine has none; leave it out, or take schedule.kind: steps" : nil
    }
    add("kind", \.training.schedule.kind, .choice, young: true, "decay of the learning rate")
    add(
      "milestones", \.training.schedule.milestones, .milestones, default: "two thirds and five sixths of the run",
      refusal: forSteps, "where the rate drops; not with `cosine`")
    add(
      "factor", \.training.schedule.factor, .number(.above(0, atMost: 1)), refusal: forSteps,
      "factor on the rate at each milestone; not with `cosine`")
    add(
      "warmup_iterations", \.training.schedule.warmupIterations, .integer(.atLeast(0)),
      "length of the linear warm-up; 0 for none")
    add(
      "warmup_factor", \.training.schedule.warmupFactor, .number(.above(0, atMost: 1)),
      "share of the rate with which the warm-up starts")
    rule("warmup_iterations") { $0.training.warmupFault(iterations: $0.training.iterations) }
  }
}

extension ValueKind<[LearningRatePlan.Milestone]> {
  /// Iterations, from 1 on, or fractions of the run, below 1, that grow strictly; the list may be empty.
  fileprivate static var milestones: Self {
    Self(
      type: "list", values: "increasing; iterations, or fractions of the run below 1",
      expected: "a list of strictly increasing integers of at least 1, or of fractions of the run above 0 and below 1",
      parse: { (node) throws(ValueFault) in
        if let iterations = node.list({ $0.integer.flatMap { $0 >= 1 ? $0 : nil } }) {
          guard zip(iterations, iterations.dropFirst()).allSatisfy(<) else { throw .unexpected }
          return iterations.map { .iteration($0) }
        }
        guard let fractions = node.list({ $0.number(Double.self).flatMap { $0 > 0 && $0 < 1 ? $0 : nil } }),
          zip(fractions, fractions.dropFirst()).allSatisfy(<)
        else { throw .unexpected }
        return fractions.map { .fraction($0) }
      },
      emit: { milestones in
        Node(
          list: milestones.map {
            switch $0 {
            case .iteration(let iteration): Node(integer: iteration)
            case .fraction(let fraction): Node(number: fraction)
            }
          })
      })
  }
}
