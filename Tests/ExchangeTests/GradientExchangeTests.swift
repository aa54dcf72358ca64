import Configuration
import Exchange
import Kernels
import MessagePassing
import Randomness
import Tensors
import Testing

/// Gradients of ranks that are threads of this process, from micro-batches to the sum that every rank updates with.
struct GradientExchangeTests {
  /// Twelve buckets and a rest of the smallest size.
  private let layout: VariableLayout = {
    var layout = VariableLayout()
    _ = layout.add("kernel", .kernel(height: 3, width: 3, input: 17, output: 200), start: .random, update: .weight)
    _ = layout.add("bias", .vector(count: 211), start: .constant(0), update: .bias(rateMultiplier: 2))
    return layout
  }()

  private static func settings(
    _ reduction: Configuration.Communication.Reduction = .reproducible, wire: WireFormat = .float32
  ) -> Configuration.Communication {
    var settings = Configuration.Communication()
    (settings.reduction, settings.wire, settings.bucketMegabytes) = (reduction, wire, 0.01)
    return settings
  }

  /// The gradient of a micro-batch; sizes far apart, so that another order of additions gives other bits.
  private static func gradient(_ microBatch: Int, iteration: Int, count: Int) -> [Float] {
    var random = RandomStream(seed: UInt64(iteration), purpose: .test, key: UInt64(microBatch))
    return (0..<count).map { _ in random.uniform(-1, 1) * Float(1 << random.integer(below: 20)) }
  }

  /// The sums of `iterations` iterations at every rank, computed as a training step does; `trained` leaves the start of the arena out.
  private func sums(
    worldSize: Int, microBatches: Int, iterations: Int = 2, trained: Range<Int>, settings: Configuration.Communication
  ) throws -> [[[Float]]] {
    let layout = layout
    return try ThreadCommunicator.run(worldSize: worldSize) { communicator in
      let order = SummationOrder(count: microBatches)
      let division = WorkDivision(communicator)
      let tree = GradientTree(
        layout, largestLayer: 997 * worldSize, share: GradientExchange.share(of: order, division, settings: settings),
        wire: settings.wire)
      let exchange = GradientExchange(
        try communicator.duplicate(), order: order, trained: trained,
        layout: RankLayout(worldSize: worldSize), settings: settings, kernels: Kernels.available.last!)
      defer { exchange.stop() }
      let context = ExecutionContext(
        pool: ThreadPool(threadCount: 1), kernels: Kernels.available[0], scratch: ScratchSize())
      var results: [[Float]] = []
      for iteration in 0..<iterations {
        tree.reset()
        for microBatch in division.share(of: microBatches) {
          let values = Self.gradient(microBatch, iteration: iteration, count: layout.arenaCount)
          // Backward completes it from the end, at every rank in other steps.
          if tree.isAtLastLeaf { exchange.begin(tree.pieces) }
          var end = trained.upperBound
          while end > trained.lowerBound {
            let start = max(trained.lowerBound, end - 997 * (1 + communicator.rank))
            tree.leaf.show(start..<end, of: [])
            values.withUnsafeBufferPointer {
              tree.leaf.at(start..<end).update(from: $0.baseAddress! + start, count: end - start)
            }
            tree.add(start..<end, context: context)
            if tree.isAtLastLeaf { exchange.complete(from: start) }
            end = start
          }
          if !tree.isAtLastLeaf { tree.endLeaf() }
        }
        var seen: [Range<Int>] = []
        while let bucket = try exchange.next() { seen.append(bucket) }
        precondition(seen == exchange.plan.buckets, "buckets come in the order of the plan")
        results.append(Array(tree.pieces[0].values[trained]))
      }
      return results
    }
  }

  @Test(arguments: 1...9, [1, 2, 3, 5])
  func `The sum has the bits of one rank, with one piece a rank or several`(worldSize: Int, each: Int) throws {
    let microBatches = worldSize * each
    for (trained, wire) in [
      (0..<layout.arenaCount, WireFormat.float32), (10_016..<layout.arenaCount, .float32),
      (0..<layout.arenaCount, .bfloat16),
    ] {
      let settings = Self.settings(wire: wire)
      let alone = try sums(worldSize: 1, microBatches: microBatches, trained: trained, settings: settings)[0]
      let all = try sums(worldSize: worldSize, microBatches: microBatches, trained: trained, settings: settings)
      #expect(alone[0] != alone[1])
      for (rank, own) in all.enumerated() {
        let haveEqualBits = zip(own.joined(), alone.joined()).allSatisfy { $0.bitPattern == $1.bitPattern }
        #expect(haveEqualBits, "rank \(rank) of \(worldSize), \(wire)")
      }
    }
  }

  @Test(
    arguments: 2...9, [(Configuration.Communication.Reduction.reproducible, WireFormat.bfloat16), (.native, .float32)])
  func `Sums of other kinds are the same at all ranks and near the exact one`(
    worldSize: Int, kind: (Configuration.Communication.Reduction, WireFormat)
  ) throws {
    let trained = 0..<layout.arenaCount
    let all = try sums(
      worldSize: worldSize, microBatches: 2 * worldSize, iterations: 1, trained: trained,
      settings: Self.settings(kind.0, wire: kind.1))
    #expect(all.allSatisfy { $0 == all[0] })
    let terms = (0..<2 * worldSize).map { Self.gradient($0, iteration: 0, count: trained.count).map(Double.init) }
    // Terms and every sum of two, up to five levels of them, are rounded to eight bits or to 24.
    let unit = kind.1 == .bfloat16 ? 0x1p-8 * 6 : 0x1p-24 * Double(2 * worldSize)
    for index in trained {
      let exact = terms.reduce(0) { $0 + $1[index] }
      let size = terms.reduce(0) { $0 + abs($1[index]) }
      guard abs(Double(all[0][0][index]) - exact) <= 1.01 * unit * size else {
        Issue.record("value \(index): \(all[0][0][index]), not \(exact)")
        return
      }
    }
  }

  @Test(arguments: [2, 5]) func `A rank that ends is an error at all others, and stays one`(worldSize: Int) throws {
    let layout = layout
    let messages = try ThreadCommunicator.run(worldSize: worldSize) { communicator -> [String] in
      let order = SummationOrder(count: worldSize)
      let own = try communicator.duplicate()
      // The last rank has nothing to say any more.
      if communicator.rank == worldSize - 1 { return [] }
      let exchange = GradientExchange(
        own, order: order, trained: 0..<layout.arenaCount, layout: RankLayout(worldSize: worldSize),
        settings: Self.settings(), kernels: Kernels.available[0])
      defer { exchange.stop() }
      exchange.begin([VariableArena(layout)])
      exchange.complete(from: 0)
      return (0..<2).map { _ in
        do throws(MessagePassingError) {
          return try exchange.next().map { "\($0)" } ?? "the end"
        } catch {
          return error.description
        }
      }
    }
    for own in messages.dropLast() {
      #expect(own[0].contains("rank \(worldSize - 1) has ended") && own[1] == own[0], "\(own)")
    }
  }
}
