/// The categories of a file that can be classes.
///
/// Left out, with a note, is a category without annotations that has the name of another one, or that only names the group
/// of others, as Roboflow writes it before the classes with the number 0, or stands for the background.
package struct COCOCategoryList {
  /// What a record of the file says, and where.
  private struct Entry {
    let category: COCOCategory
    let place: JSONRecordPlace

    func error(_ reason: String) -> DatasetError {
      place.annotationPlace(identifier: .number(category.id)).error(reason)
    }
  }

  /// The categories by ascending id; no two have the same name.
  package private(set) var categories: [COCOCategory] = []
  /// The ids of all categories of the file, also of those that are left out.
  package private(set) var numbers: Set<Int> = []
  private let file: JSONRecordFile

  /// Reads the categories.
  ///
  /// - Parameter wanted: names that are the classes in any case.
  /// - Throws: `DatasetError` for a record that is broken, an id or name that is there twice.
  package init(_ file: JSONRecordFile, wanted: [String]?, log: inout FaultLog) throws(DatasetError) {
    self.file = file
    var entries: [Entry] = []
    var texts = FaultTally()
    try file.forEach(
      in: "categories", { parser throws(JSONPullParser.Fault) in try parser.cocoCategory() }
    ) { record, place throws(DatasetError) in
      let category = try record.value()
      let entry = Entry(category: category, place: place)
      texts.add(record, at: place)
      if category.name.isEmpty { throw entry.error("name: expected a text, found \"\"") }
      if let earlier = entries.first(where: { $0.category.id == category.id })?.category {
        // Some programs write a category for every object.
        guard earlier.name == category.name else { throw entry.error("id: \"\(earlier.name)\" has the same") }
        return texts.add(.repeatedCategory, entry.error("is listed before, taken once"))
      }
      numbers.insert(category.id)
      entries.append(entry)
    }
    try texts.empty(into: &log)
    let candidates = Self.groups(entries, wanted: wanted) + Self.repeated(entries) + Self.backgrounds(entries)
    if !candidates.isEmpty {
      let annotated = try annotatedNumbers()
      entries = try Self.withoutEmpty(entries, candidates, annotated: annotated, log: &log)
    }
    if let second = Self.repeated(entries).first {
      let entry = entries.last { $0.category.name == second }!
      throw entry.error(
        "name: another category is called \"\(second)\" too; rename one, or give all their annotations one category_id")
    }
    categories = entries.map(\.category).sorted { $0.id < $1.id }
  }

  /// The names by ascending id.
  package var names: [String] { categories.map(\.name) }

  /// The number of a name.
  package func number(of name: String) -> Int? { categories.first { $0.name == name }?.id }

  /// Names that several categories have.
  private static func repeated(_ entries: [Entry]) -> [String] {
    var seen: Set<String> = []
    return entries.map(\.category.name).filter { !seen.insert($0).inserted }
  }

  /// Names of categories that are in no group and name one.
  private static func groups(_ entries: [Entry], wanted: [String]?) -> [String] {
    entries.map(\.category).filter { category in
      isGroup(category) && wanted?.contains(category.name) != true
        && entries.contains { $0.category.id != category.id && $0.category.supercategory == category.name }
    }.map(\.name)
  }

  /// Names that stand for the class 0 of other programs.
  private static func backgrounds(_ entries: [Entry]) -> [String] {
    entries.map(\.category.name).filter(FaultLog.isBackground)
  }

  private static func isGroup(_ category: COCOCategory) -> Bool {
    ["", "none"].contains(category.supercategory?.lowercased() ?? "")
  }

  /// The categories that annotations have; broken records are told when all is read.
  private func annotatedNumbers() throws(DatasetError) -> Set<Int> {
    var numbers: Set<Int> = []
    try file.forEach(
      in: "annotations",
      { parser throws(JSONPullParser.Fault) in
        var number: Int?
        try parser.forEachMember { parser, key throws(JSONPullParser.Fault) in
          if key == "category_id" { number = try parser.lenientInteger() } else { try parser.skip() }
        }
        return number
      }
    ) { record, _ in
      if case .usable(let number?, _) = record { numbers.insert(number) }
    }
    return numbers
  }

  /// Leaves out those categories with the names that have no annotations; of a name that several have, one stays.
  private static func withoutEmpty(
    _ entries: [Entry], _ names: [String], annotated: Set<Int>, log: inout FaultLog
  ) throws(DatasetError) -> [Entry] {
    var kept: [Entry] = []
    for entry in entries {
      let category = entry.category
      guard names.contains(category.name), !annotated.contains(category.id) else {
        kept.append(entry)
        continue
      }
      let others = entries.map(\.category).filter { $0.name == category.name && $0.id != category.id }
      if FaultLog.isBackground(category.name) {
        try log.note(.emptyCategory, entry.error("\"\(category.name)\" has no annotation and is no class, left out"))
      } else if others.isEmpty {
        try log.note(
          .emptyCategory, entry.error("\"\(category.name)\" has no annotation and names the group of others, left out"))
      } else if let other = others.first(where: { takesPrecedence($0, over: category, annotated: annotated) }) {
        try log.note(
          .emptyCategory,
          entry.error("\"\(category.name)\" has no annotation and the name of the category \(other.id), left out"))
      } else {
        kept.append(entry)
      }
    }
    return kept
  }

  /// Of categories of one name that have no annotations, that with a group stays, or else the one with the largest id.
  private static func takesPrecedence(
    _ one: COCOCategory, over other: COCOCategory, annotated: Set<Int>
  ) -> Bool {
    if annotated.contains(one.id) { return true }
    return isGroup(one) == isGroup(other) ? one.id > other.id : isGroup(other)
  }
}
