import Files
import Foundation

/// The names of classes by their numbers in label files, which count from 0.
package struct YOLOClassNames: Sendable, Equatable {
  /// The file that has them, or the directory whose labels they are given for.
  let file: String
  private let names: [Int: String]

  init(file: String, _ names: [Int: String]) {
    (self.file, self.names) = (file, names)
  }

  init(file: String, _ names: [String]) {
    self.init(file: file, Dictionary(uniqueKeysWithValues: names.enumerated().map { ($0, $1) }))
  }

  /// Reads a list with a name on each line, as `classes.txt` or `obj.names`; empty lines at its end do not count.
  ///
  /// - Throws: `DatasetError` for a file that is no list, and for an empty line between names.
  init(contentsOf path: String) throws(DatasetError) {
    var lines = try YOLOText(contentsOf: path, kind: .names).lines.map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    while lines.last == "" { lines.removeLast() }
    if lines.isEmpty { throw DatasetError(file: path, reason: "has no name of a class") }
    if let index = lines.firstIndex(of: "") {
      throw DatasetError(
        file: path, line: index + 1, reason: "expected the name of class \(index), found an empty line")
    }
    self.init(file: path, lines)
  }

  /// The name of a number; nothing for one that is no class.
  func name(of number: Int) -> String? { names[number] }

  /// The names of classes by ascending number, each once; a name for the background is no class where there are others.
  package var ordered: [String] {
    let all = names.sorted { $0.key < $1.key }.map(\.value).firstOccurrences
    let classes = all.filter { !FaultLog.isBackground($0) }
    return classes.isEmpty ? all : classes
  }

  /// What is to be said of a name for the background that is left out of ``ordered``; nothing without one.
  var background: DatasetError? {
    let classes = Set(ordered)
    guard let name = names.values.filter({ !classes.contains($0) }).min() else { return nil }
    return DatasetError(
      file: file, reason: "\"\(name)\" is no class, left out: what is not annotated is background")
  }

  /// What is to be said of a name that several numbers have, which are one class; nothing when there is none.
  var repeated: DatasetError? {
    let numbers = Dictionary(grouping: names.keys) { names[$0]! }.filter { $0.value.count > 1 }
    guard let (name, places) = numbers.min(by: { $0.value.min()! < $1.value.min()! }) else { return nil }
    let list = places.sorted().map(String.init).joined(separator: ", ")
    let others = numbers.count > 1 ? " (and \(numbers.count - 1) more names like it)" : ""
    return DatasetError(
      file: file, reason: "\"\(name)\" is the name of the numbers \(list), taken as one class\(others)")
  }

  /// The largest number.
  var last: Int { names.keys.max() ?? -1 }

  /// The numbers with their names, for messages.
  var text: String {
    let list = names.sorted { $0.key < $1.key }
    let rest = list.count > 20 ? " and \(list.count - 20) more" : ""
    return list.prefix(20).map { "\($0) \($1)" }.joined(separator: ", ") + rest
  }
}
