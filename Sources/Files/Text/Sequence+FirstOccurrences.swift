extension Sequence<String> {
  /// Every text once, in the order of the first occurrences.
  package var firstOccurrences: [String] {
    var seen: Set<String> = []
    return filter { seen.insert($0).inserted }
  }
}
