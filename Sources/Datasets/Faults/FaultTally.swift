/// What is repaired alike in many records of a file, to be told once for all of them.
struct FaultTally {
  private struct Entry {
    let kind: DatasetFault.Kind
    let first: DatasetError
    var count: Int
  }

  private var entries: [Entry] = []

  /// Counts a repair; the first of its kind is what the message will name.
  mutating func add(_ kind: DatasetFault.Kind, count: Int = 1, _ error: @autoclosure () -> DatasetError) {
    if let index = entries.firstIndex(where: { $0.kind == kind }) {
      entries[index].count += count
    } else {
      entries.append(Entry(kind: kind, first: error(), count: count))
    }
  }

  /// Counts the repairs of another tally as well.
  mutating func add(_ other: FaultTally) {
    for entry in other.entries { add(entry.kind, count: entry.count, entry.first) }
  }

  /// Of each kind the first and how many there are more.
  var messages: [DatasetFault] {
    entries.map { entry in
      DatasetFault(entry.kind, entry.first.adding(entry.count > 1 ? " (and \(entry.count - 1) more like it)" : ""))
    }
  }

  /// Tells the ``messages``, and forgets them.
  ///
  /// - Throws: an error among them, when the log's policy is to stop.
  mutating func empty(into log: inout FaultLog) throws(DatasetError) {
    defer { entries = [] }
    for message in messages { try log.note(message.kind, message.error) }
  }
}

extension DatasetError {
  /// The same error with more words at its end.
  package func adding(_ words: String) -> DatasetError {
    DatasetError(file: file, line: line, object: object, reason: reason + words)
  }
}
