/// The keys a configuration knows, for naming the one that was probably meant.
package struct KeyIndex {
  private var keys: [String] = []

  /// An empty index.
  package init() {}

  package mutating func insert(_ key: String) {
    keys.append(key)
  }

  /// What is wrong with an entry that has an unknown key. In a section of another program those keys are answered that have
  /// an answer.
  func problems(of entry: ConfigurationNode.Entry, called key: String) -> [ConfigurationError.Problem] {
    // The section of a misspelt name has keys of ours.
    let inner = nearest(to: key) == nil ? answers(inside: entry.value, called: key) : []
    if !inner.isEmpty { return inner }
    let hint = hint(for: key).map { "; " + $0 } ?? ""
    return [ConfigurationError.Problem(origin: entry.keyOrigin, key: key, reason: "unknown key" + hint)]
  }

  private func answers(inside node: ConfigurationNode, called section: String) -> [ConfigurationError.Problem] {
    guard case .mapping(let entries) = node.content else { return [] }
    return entries.flatMap { entry -> [ConfigurationError.Problem] in
      let key = "\(section).\(entry.key)"
      let inner = answers(inside: entry.value, called: key)
      guard inner.isEmpty, let hint = hint(for: key) else { return inner }
      return [ConfigurationError.Problem(origin: entry.keyOrigin, key: key, reason: "unknown key; \(hint)")]
    }
  }

  /// What to say of an unknown key: what a name of another program is called here, where a key of this name stands, or which
  /// one is nearly of that name; nil when there is nothing to say.
  package func hint(for unknown: String) -> String? {
    if let answer = ForeignKeys.answer(to: unknown, known: keys.contains) { return answer }
    let same = keys.filter { Self.lastComponent($0) == Self.lastComponent(unknown) }
    let meant = same.isEmpty ? [nearest(to: unknown)].compactMap(\.self) : same
    return meant.isEmpty ? nil : "did you mean \(meant.map { "'\($0)'" }.joined(separator: " or "))?"
  }

  /// The known key closest to `unknown`, by whole path or by last component alone, so that a key in the wrong section is
  /// recognised too; nil when nothing is near.
  package func nearest(to unknown: String) -> String? {
    let name = Self.lastComponent(unknown)
    var best: (distance: Int, ofPath: Int, key: String)?
    for key in keys {
      let ofPath = Self.editDistance(unknown, key)
      let distance = min(ofPath, Self.editDistance(name, Self.lastComponent(key)))
      if best.map({ (distance, ofPath) < ($0.distance, $0.ofPath) }) ?? true {
        best = (distance, ofPath, key)
      }
    }
    // Of short words many are two letters apart that have nothing in common: std and seed, dir and wire.
    guard let best, best.distance <= max(1, name.count / 4) else { return nil }
    return best.key
  }

  private static func lastComponent(_ key: String) -> String {
    String(key.split(separator: ".").last ?? "")
  }

  /// The distance by insertions, deletions and substitutions of one character and exchanges of two neighbours.
  private static func editDistance(_ first: String, _ second: String) -> Int {
    let (first, second) = (Array(first), Array(second))
    var (before, row) = ([Int](), Array(0...second.count))
    for i in first.indices {
      var next = [i + 1]
      for j in second.indices {
        var distance = min(row[j] + (first[i] == second[j] ? 0 : 1), row[j + 1] + 1, next[j] + 1)
        if i > 0, j > 0, first[i] == second[j - 1], first[i - 1] == second[j] {
          distance = min(distance, before[j - 1] + 1)
        }
        next.append(distance)
      }
      (before, row) = (row, next)
    }
    return row[second.count]
  }
}
