import Randomness

/// A part of a data set that was divided.
package enum SplitPart: String, Sendable, CaseIterable {
  case train, validation, test
}

/// Shares of the images that are kept from training.
package struct SplitFractions: Sendable, Equatable {
  /// To test on, above 0 and below 1.
  package let test: Double
  /// To choose by while training, above 0; nil for none.
  package let validation: Double?

  /// - Precondition: the shares are above 0 and leave something to train on.
  package init(test: Double, validation: Double? = nil) {
    precondition(
      test > 0 && validation ?? 1 > 0 && test + (validation ?? 0) < 1,
      "shares \(test) and \(validation ?? 0) of the images")
    (self.test, self.validation) = (test, validation)
  }
}

/// Which image goes into which part of a data set.
///
/// Groups are drawn at random until a part has its share of the images. Up to 100 such draws are made; the first in which
/// every part has objects of every class is taken, else the first that lacks the fewest. All is a function of the seed, the
/// names and the groups: neither the order of files nor the machine matters.
package struct SplitPlan: Equatable, Sendable {
  /// The part of each image.
  package let parts: [SplitPart]

  private static let draws = 100

  /// Draws a plan; nil when there are fewer groups than parts.
  package init?(_ images: [SplitImage], _ groups: [[Int]], _ fractions: SplitFractions, seed: UInt64) {
    let kept: [(part: SplitPart, share: Double)] =
      [(.test, fractions.test)] + (fractions.validation.map { [(.validation, $0)] } ?? [])
    guard groups.count > kept.count else { return nil }
    let classes = Set(images.flatMap(\.objects.keys))
    var best: (parts: [SplitPart], lacking: Int)?
    for draw in 0..<Self.draws {
      var stream = RandomStream(seed: seed, purpose: .splitting, key: UInt64(draw))
      var rest = stream.permutation(count: groups.count).map { groups[$0] }
      var parts = [SplitPart](repeating: .train, count: images.count)
      for (place, (part, share)) in kept.enumerated() {
        let target = max(1, Int((share * Double(images.count)).rounded()))
        for group in Self.take(target, from: &rest, leaving: kept.count - place) {
          for index in group { parts[index] = part }
        }
      }
      let lacking = ([.train] + kept.map(\.part)).reduce(0) { sum, part in
        let present = Set(images.indices.lazy.filter { parts[$0] == part }.flatMap { images[$0].objects.keys })
        return sum + classes.count - present.count
      }
      if lacking < best?.lacking ?? .max { best = (parts, lacking) }
      if lacking == 0 { break }
    }
    parts = best!.parts
  }

  /// Takes groups in order, as far as they fit into `target` images, then one more if that comes closer; at least one.
  private static func take(_ target: Int, from rest: inout [[Int]], leaving least: Int) -> [[Int]] {
    var (taken, left, count) = ([[Int]](), [[Int]](), 0)
    for (index, group) in rest.enumerated() {
      let remaining = rest.count - index + left.count
      if count + group.count <= target, remaining > least {
        taken.append(group)
        count += group.count
      } else {
        left.append(group)
      }
    }
    // The first of the smallest.
    if let next = left.indices.min(by: { (left[$0].count, $0) < (left[$1].count, $1) }), left.count > least,
      taken.isEmpty || count + left[next].count - target < target - count
    {
      taken.append(left.remove(at: next))
    }
    rest = left
    return taken
  }
}
