import Files
import MessagePassing

/// What a forecast says beside its numbers.
package struct Advice: Sendable, Equatable {
  /// What it is about: "bucket", "wire", "shape", "ranks", "batch", "pieces".
  package let subject: String
  package let text: String
}

/// Looks for what would be faster, and for where more ranks are of no use.
struct Advisor {
  private let model: Model
  private let points: [Forecast.JobSize]
  private var subject: Subject { model.subject }

  /// Sizes of buckets that are tried, in 10⁶ bytes.
  private static let bucketSizes: [Float] = [0.5, 1, 2, 4, 8, 16, 25]
  private static let triedIterations = 4
  /// A change that gains less is not worth a word.
  private static let least = 0.01
  /// Batches that are known to learn with a linear rate and a long warm-up, and with other optimizers.
  private static let (usualBatch, largeBatch) = (512, 1024)
  private static let usefulEfficiency = 0.8
  /// Ranks up to which numbers are tried that were not asked for.
  private static let mostTried = 1024

  init(_ model: Model, _ points: [Forecast.JobSize]) { (self.model, self.points) = (model, points) }

  var advice: [Advice] {
    let largest = points.map(\.ranks).max() ?? 1
    return (largest > 1 ? exchange(ranks: largest) : []) + shape(ranks: largest) + usefulRanks + pieces + batch
  }

  /// Bucket and wire.
  private func exchange(ranks: Int) -> [Advice] {
    func seconds(_ choice: Model.Choice) -> Double {
      model.result(ranks: ranks, choice, most: Self.triedIterations).iteration
    }
    func best(_ wire: WireFormat) -> (size: Float?, seconds: Double) {
      var choice = model.usual
      choice.wire = wire
      var best = (size: choice.bucketMegabytes, seconds: seconds(choice))
      for size in [nil] + Self.bucketSizes.map(Optional.some) where size != subject.bucketMegabytes {
        choice.bucketMegabytes = size
        // Sizes that the network's buckets would not be told apart by, or that would take minutes to try.
        guard Float(subject.arenaCount * 4) / 1e6 > (size ?? 0) / 2,
          model.iterations(ranks: ranks, choice, most: Self.triedIterations) == Self.triedIterations
        else { continue }
        let tried = seconds(choice)
        if tried < best.seconds { best = (size, tried) }
      }
      return best
    }
    let now = seconds(model.usual)
    let own = best(subject.wire)
    let gain = now / own.seconds - 1
    let bucket =
      gain < Self.least
      ? "communication.bucket_megabytes: \(text(subject.bucketMegabytes)) is as good as any for \(ranks) ranks"
      : "--set communication.bucket_megabytes=\(text(own.size)): \(Quantities.percent(gain)) faster at \(ranks) ranks than \(text(subject.bucketMegabytes))"
    let otherWire: WireFormat = subject.wire == .float32 ? .bfloat16 : .float32
    let other = best(otherWire)
    let wireGain = own.seconds / other.seconds - 1
    let wire =
      wireGain < Self.least
      ? "communication.wire: \(subject.wire.rawValue) is as fast as \(otherWire.rawValue) at \(ranks) ranks, or faster"
      : "--set communication.wire=\(otherWire.rawValue) communication.bucket_megabytes=\(text(other.size)): \(Quantities.percent(wireGain)) faster at \(ranks) ranks; it changes the numbers that training computes"
    return [Advice(subject: "bucket", text: bucket), Advice(subject: "wire", text: wire)]
  }

  private func text(_ size: Float?) -> String {
    size.map { $0 == $0.rounded() ? "\(Int($0))" : "\($0)" } ?? "null"
  }

  /// Ranks and threads of a machine.
  private func shape(ranks: Int) -> [Advice] {
    let hosts = (ranks + model.question.ranksPerHost - 1) / model.question.ranksPerHost
    let own = model.inputs.steps[0]
    var shapes: [(ranksPerHost: Int, threads: Int, rate: Double)] = []
    for step in model.inputs.steps where !shapes.contains(where: { $0.threads == step.threads }) {
      let each = step == own ? model.question.ranksPerHost : max(1, own.processors / step.threads)
      guard each * step.threads <= own.processors || step == own, subject.microBatches.isMultiple(of: each * hosts)
      else {
        continue
      }
      var choice = model.usual
      (choice.ranksPerHost, choice.step) = (each, step)
      let result = model.result(ranks: each * hosts, choice, most: Self.triedIterations)
      shapes.append((each, step.threads, Double(subject.globalBatch) / result.iteration))
    }
    guard shapes.count > 1, let best = shapes.max(by: { $0.rate < $1.rate }) else {
      return [
        Advice(
          subject: "shape",
          text:
            "only \(Quantities.count(own.threads, "thread")) a rank measured; measure with --threads \(max(1, own.processors / 2)) and others to compare ranks x threads of a machine"
        )
      ]
    }
    let text = shapes.map { "\($0.ranksPerHost) x \($0.threads): \(Quantities.number($0.rate)) images/s" }
    return [
      Advice(
        subject: "shape",
        text:
          "ranks x threads of a machine, on \(Quantities.count(hosts, "machine")): \(text.joined(separator: ", ")); best \(best.ranksPerHost) x \(best.threads)"
      )
    ]
  }

  /// How many ranks are of use.
  private var usefulRanks: [Advice] {
    let most = max(2, min(Self.mostTried, max(points.map(\.ranks).max() ?? 1, 1)))
    var known: [Int: Double] = [1: model.singleProcess]
    for point in points { known[point.ranks] = point.imagesPerSecond }
    var twos = 2
    while twos <= most, subject.microBatches.isMultiple(of: twos) {
      if known[twos] == nil {
        let result = model.result(ranks: twos, model.usual, most: Self.triedIterations)
        known[twos] = Double(subject.globalBatch) / result.iteration
      }
      twos *= 2
    }
    let single = model.singleProcess
    let tried = known.sorted { $0.key < $1.key }
    guard tried.count > 1, let last = tried.last else { return [] }
    let useful = tried.last { $0.value / (Double($0.key) * single) >= Self.usefulEfficiency }?.key ?? 1
    let efficiency =
      useful == last.key
      ? "efficiency is at least 80 % up to \(Quantities.count(useful, "rank")), the most that was looked at"
      : "efficiency falls below 80 % behind \(Quantities.count(useful, "rank"))"
    var text = efficiency
    for (one, other) in zip(tried, tried.dropFirst()) {
      let share = (other.value - one.value) / Double(other.key - one.key) / single
      if share < 0.5 {
        text += "; from \(Quantities.count(one.key, "rank")) on more ranks add less than half their share"
        break
      }
    }
    if last.key == subject.microBatches {
      text +=
        "; more than \(last.key) ranks have no micro-batch to compute (training.micro_batch is \(subject.shape.microBatch))"
    }
    return [Advice(subject: "ranks", text: text)]
  }

  /// Numbers of ranks that send more than they need.
  private var pieces: [Advice] {
    points.filter { $0.pieces > 1 }.map { point in
      let better = subject.legalRanks.filter { ranks in
        SumPlan(hosts: model.question.hosts(worldSize: ranks), order: model.order, wire: .float32)?.pieces ?? 1 == 1
      }
      let (below, above) = (better.last { $0 < point.ranks }, better.first { $0 > point.ranks })
      return Advice(
        subject: "pieces",
        text:
          "\(point.ranks) ranks send \(point.pieces) subtrees of the sum instead of one; \([below, above].compactMap(\.self).map(String.init).joined(separator: " or ")) ranks send less"
      )
    }
  }

  /// Batches that learn worse.
  private var batch: [Advice] {
    guard subject.globalBatch > Self.usualBatch else { return [] }
    return [
      Advice(
        subject: "batch",
        text: subject.globalBatch < Self.largeBatch
          ? "a batch of \(subject.globalBatch) images is larger than what is known to learn as well as small ones (\(Self.usualBatch)); scale the rate (training.reference_batch), warm up for longer, and compare the score"
          : "a batch of \(subject.globalBatch) images: SGD is known to learn worse than with \(Self.usualBatch), whatever the rate; published runs of \(Self.largeBatch) and more take LARS or LAMB, which this program does not have, and more epochs. The batch ends scaling before the network does"
      )
    ]
  }
}
