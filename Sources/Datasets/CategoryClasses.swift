/// What the categories of several files, which each file numbers in its own way, are as classes.
struct CategoryClasses {
  /// A file with its categories.
  struct File {
    let path: String
    /// In the order of their numbers.
    let names: [String]
  }

  /// Names of the classes, label 1 first.
  let names: [String]
  private let labels: [String: Int]

  /// - Parameters:
  ///   - names: the classes; nothing means the categories of the first file.
  ///   - mayLackClasses: whether all files together may lack some of them.
  ///   - files: at least one.
  /// - Throws: `DatasetError` when the names cannot be classes, or are none of the categories.
  init(
    _ names: [String]?, mayLackClasses: Bool, files: [File], log: inout FaultLog
  ) throws(DatasetError) {
    let first = files[0]
    self.names = names ?? first.names
    labels = Dictionary(self.names.enumerated().map { ($1, $0 + 1) }, uniquingKeysWith: { first, _ in first })
    try log.checkClasses(self.names, file: first.path)
    if names != nil { try check(files, mayLackClasses: mayLackClasses, log: &log) }
  }

  /// The label of a category; nothing for one that is no class.
  func label(_ name: String) -> Int? { labels[name] }

  private func check(
    _ files: [File], mayLackClasses: Bool, log: inout FaultLog
  ) throws(DatasetError) {
    let categories = files.flatMap(\.names)
    let known = Set(categories)
    let missing = names.filter { !known.contains($0) }
    var told = Set(names)
    let all = names.filter(known.contains) + categories.filter { told.insert($0).inserted }
    if missing.count == names.count || !(missing.isEmpty || mayLackClasses) {
      let path = files.count == 1 ? files[0].path : "\(files[0].path) and \(files.count - 1) more"
      let fault =
        missing.count == names.count && names.count > 1
        ? "has none of the classes \(Self.shortened(names))"
        : "has no category \(missing.map { "\"\($0)\"" }.joined(separator: ", ")), which \(missing.count == 1 ? "is a class" : "are classes")"
      let reason = "\(fault); its categories are \(Self.shortened(all)); \(FaultLog.classProposal(all))"
      return try log.note(.unknownClass, DatasetError(file: path, reason: reason))
    }
    for file in files {
      let present = Set(file.names)
      let missing = names.filter { !present.contains($0) }
      if missing.isEmpty { continue }
      let list = missing.map { "\"\($0)\"" }.joined(separator: ", ")
      let reason =
        "has no \(missing.count == 1 ? "category" : "categories") \(list): no object of "
        + (missing.count == 1 ? "this class" : "these classes")
      try log.note(.absentCategory, DatasetError(file: file.path, reason: reason))
    }
  }

  /// Says how many objects of each category that is no class a file has.
  ///
  /// - Parameters:
  ///   - leftOut: objects by the name of their category.
  ///   - total: all objects of the file.
  func note(
    leftOut: [String: Int], of total: Int, in file: File, log: inout FaultLog
  ) throws(DatasetError) {
    if leftOut.isEmpty { return }
    let count = leftOut.values.reduce(0, +)
    let order = leftOut.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let list = order.prefix(20).map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    let all = FaultLog.classProposal(names + file.names.filter { leftOut[$0] != nil })
    let reason =
      "\(count) of \(total) objects are of categories that are no classes, left out: \(list)"
      + "\(order.count > 20 ? ", …" : ""); \(all)"
    try log.note(.unlistedCategory, DatasetError(file: file.path, reason: reason))
  }

  private static func shortened(_ names: [String]) -> String {
    let rest = names.count - 30
    return names.prefix(30).joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
  }
}
