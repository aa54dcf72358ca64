/// The keys a configuration knows, for naming the one that was probably meant.
struct KeyIndex {
  private var keys: [String] = []

  mutating func insert(_ key: String) {
    keys.append(key)
  }

  /// What to say of an unknown key: what a name of another program is called here, where a key of this name stands, or which
  /// one is nearly of that name; nil when there is nothing to say.
  func hint(for unknown: String) -> String? {
    if let answer = ForeignKeys.answer(to: unknown, known: keys.contains) { return answer }
    let same = keys.filter { Self.lastComponent($0) == Self.lastComponent(unknown) }
    let meant = same.isEmpty ? [nearest(to: unknown)].compactMap(\.self) : same
    return meant.isEmpty ? nil : "did you mean \(meant.map { "'\($0)'" }.joined(separator: " or "))?"
  }

  /// The known key closest to `unknown`, by whole path or by last component alone, so that a key in the wrong section is
  /// recognised too; nil when nothing is near.
  func nearest(to unknown: String) -> String? {
    let name = Self.lastComponent(unknown)
    var best: (distance: Int, ofPath: Int, key: String)?
    for key in keys {
      let ofPath = Self.editDistance(unknown, key)
      let distance = min(ofPath, Self.editDistance(name, Self.lastComponent(key)))
      if best.map({ (distance, ofPath) < ($0.distance, $0.ofPath) }) ?? true {
        best = (distance, ofPath, key)
      }
    }
    guard let best, best.distance <= max(2, name.count / 3) else { return nil }
    return best.key
  }

  private static func lastComponent(_ key: String) -> String {
    String(key.split(separator: ".").last ?? "")
  }

  /// The Levenshtein distance: insertions, deletions and substitutions of one character.
  private static func editDistance(_ first: String, _ second: String) -> Int {
    let second = Array(second)
    var row = Array(0...second.count)
    for (i, character) in first.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for j in second.indices {
        let substituted = diagonal + (character == second[j] ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(substituted, row[j] + 1, diagonal + 1)
      }
    }
    return row[second.count]
  }
}
