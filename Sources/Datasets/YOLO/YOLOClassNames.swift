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

  /// The names by ascending number.
  package var ordered: [String] { names.sorted { $0.key < $1.key }.map(\.value) }

  /// The largest number.
  var last: Int { names.keys.max() ?? -1 }

  /// The numbers with their names, for messages.
  var text: String {
    let list = names.sorted { $0.key < $1.key }
    let rest = list.count > 20 ? " and \(list.count - 20) more" : ""
    return list.prefix(20).map { "\($0) \($1)" }.joined(separator: ", ") + rest
  }
}
