import Foundation

/// Files that a split names and that are not there, told together: a wrong directory makes all of them missing.
struct MissingFiles {
  /// How many names are given as examples.
  private static let exampleCount = 3
  /// How many files are looked at, at most, to find the missing ones elsewhere.
  private static let searchLimit = 200_000

  /// What the files are, as in "images".
  private let plural: String
  /// In lower case, those that a file may have, when names have none.
  private let extensions: Set<String>
  private let tellsFirst: Bool
  private var names: [String] = []
  private var first: DatasetError?

  /// - Parameters:
  ///   - extensions: in lower case, those that a file may have, when the names have none.
  ///   - tellsFirst: whether the message has the error of the first file as well, for what that advises.
  init(_ plural: String, extensions: Set<String> = [], tellsFirst: Bool = false) {
    (self.plural, self.extensions, self.tellsFirst) = (plural, extensions, tellsFirst)
  }

  /// How many files were taken.
  var count: Int { names.count }

  /// Takes a file that is not there.
  ///
  /// - Parameters:
  ///   - name: its name, which may have directories.
  ///   - error: what to say when it is the only one.
  mutating func add(_ name: String, _ error: @autoclosure () -> DatasetError) {
    names.append(name)
    if first == nil { first = error() }
  }

  /// Tells of the missing files, if there are any, as one error.
  ///
  /// - Parameters:
  ///   - total: how many the split names.
  ///   - directories: where they were looked for.
  ///   - root: the directory below which they are looked for once more, for the message.
  ///   - advice: what to do when all that were found elsewhere are in one directory, which it is given.
  /// - Throws: the error, when the log's policy is to stop.
  func note(
    in log: inout FaultLog, total: Int, directories: [String], root: String, advice: (String) -> String = { _ in "" }
  ) throws(DatasetError) {
    guard let first else { return }
    let places = elsewhere(root)
    let whereabouts = Self.text(places, of: names.count, advice: advice)
    if names.count == 1 { return try log.note(.missingFile, first.adding(whereabouts)) }
    let examples =
      names.prefix(Self.exampleCount).joined(separator: ", ") + (names.count > Self.exampleCount ? ", …" : "")
    let reason =
      "\(names.count) of \(total) \(plural) are missing: \(examples); looked in \(directories.joined(separator: ", "))"
    let line = first.line.map { " (line \($0))" } ?? ""
    let details = tellsFirst ? "; the first\(line): \(first.reason)" : ""
    try log.note(
      .missingFile,
      DatasetError(file: first.file, reason: reason + whereabouts + details))
  }

  /// The directories below `root` that have files of these names, and how many names.
  private func elsewhere(_ root: String) -> [String: Int] {
    let wanted = Set(names.map { FileIndex.split($0).last })
    var (found, looked) = ([String: Set<String>](), 0)
    let top = URL(fileURLWithPath: root)
    guard let files = FileManager.default.enumerator(at: top, includingPropertiesForKeys: nil) else { return [:] }
    for case let file as URL in files {
      looked += 1
      if looked > Self.searchLimit { break }
      if !extensions.isEmpty, !extensions.contains(file.pathExtension.lowercased()) { continue }
      let name = (extensions.isEmpty ? file : file.deletingPathExtension()).lastPathComponent
      if wanted.contains(name) { found[file.deletingLastPathComponent().path, default: []].insert(name) }
    }
    return found.mapValues(\.count)
  }

  private static func text(_ places: [String: Int], of count: Int, advice: (String) -> String) -> String {
    let order = places.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    guard let best = order.first else { return "" }
    if count == 1 {
      return "; there is one in \(order.prefix(exampleCount).map(\.key).joined(separator: ", "))"
        + (order.count == 1 && best.value >= count ? advice(best.key) : "")
    }
    let list = order.prefix(exampleCount).map { "\($0.value) in \($0.key)" }.joined(separator: ", ")
    return "; files of these names are elsewhere: \(list)\(order.count > exampleCount ? ", …" : "")"
      + (order.count == 1 && best.value >= count ? advice(best.key) : "")
  }
}
