import Foundation
import Yams

/// What `data.yaml`, or Darknet's `obj.data`, says of a data set.
///
/// ### Source
/// Ultralytics 8.3, `data/utils.py`, `check_det_dataset`; Darknet's `src/option_list.c`.
struct YOLODescription {
  /// A text of the file and where it stands.
  struct Entry {
    let text: String
    let line: Int?
  }

  /// The file.
  let path: String
  /// The directory that other paths are relative to, where one is stated.
  private(set) var directory: Entry?
  /// The names of the classes; nothing when the file has none.
  private(set) var names: YOLOClassNames?
  /// Directories and lists of images by the split's name.
  private(set) var splits: [String: [Entry]] = [:]
  /// Numbers that follow each box, where labels have keypoints.
  private(set) var keypointNumbers = 0

  /// Reads a description.
  ///
  /// - Throws: `DatasetError` with the line of what it cannot mean.
  init(contentsOf path: String) throws(DatasetError) {
    self.path = path
    if FileIndex.extension(of: path) == "data" {
      try readDarknet()
    } else {
      try readYAML()
    }
  }

  /// Keys whose value names images.
  private static let splitKeys: Set = ["train", "val", "valid", "validation", "test", "minival"]

  // MARK: YAML

  private mutating func readYAML() throws(DatasetError) {
    let text = try YOLOText(contentsOf: path, kind: .yaml).text
    let root: Node?
    do {
      root = try YAMLDocument(text).root
    } catch {
      throw DatasetError(file: path, line: error.line, reason: error.reason)
    }
    guard case .mapping(let mapping)? = root else {
      throw error("expected keys as names, train and val, found \(root.map(Self.kind) ?? "nothing")", root)
    }
    var count: (value: Int, node: Node)?
    var classes: [Int: String]?
    let members = YAMLDocument.merged(mapping)
    for (key, value) in members {
      guard let key = key.string else { continue }
      switch key {
      case "path": directory = try optionalText(value, key).map { Entry(text: $0, line: value.mark?.line) }
      case "names": classes = try classNames(value)
      case "nc":
        guard let text = try optionalText(value, key) else { continue }
        guard let number = Int(text) ?? Double(text).flatMap(Int.init(exactly:)), number > 0 else {
          throw error("nc: expected the number of classes, found \(Self.kind(value))", value)
        }
        count = (number, value)
      case "kpt_shape":
        let shape = value.sequence?.compactMap(\.int) ?? []
        guard shape.count == 2, (1...10_000).contains(shape[0]), (2...3).contains(shape[1]) else {
          throw error("kpt_shape: expected [points, 2 or 3], found \(Self.kind(value))", value)
        }
        keypointNumbers = shape[0] * shape[1]
      case let split where Self.splitKeys.contains(split): splits[split] = try places(value, split)
      default: continue
      }
    }
    guard let classes else { return }
    let names = YOLOClassNames(file: path, classes)
    if let count,
      count.value <= names.last
        || count.value != classes.count && members.first(where: { $0.key.string == "names" })?.value.sequence != nil
    {
      throw error("nc: \(count.value), but names has \(classes.count) (\(names.text))", count.node)
    }
    self.names = names
  }

  private func optionalText(_ node: Node, _ key: String) throws(DatasetError) -> String? {
    guard let scalar = node.scalar else { throw error("\(key): expected a path, found \(Self.kind(node))", node) }
    let isNull = scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    return isNull || scalar.string.isEmpty ? nil : scalar.string
  }

  private func places(_ node: Node, _ key: String) throws(DatasetError) -> [Entry] {
    let nodes = node.sequence.map(Array.init) ?? [node]
    var entries: [Entry] = []
    for node in nodes {
      if let text = try optionalText(node, key) { entries.append(Entry(text: text, line: node.mark?.line)) }
    }
    return entries
  }

  private func classNames(_ node: Node) throws(DatasetError) -> [Int: String] {
    var names: [Int: String] = [:]
    func add(_ number: Int, _ value: Node) throws(DatasetError) {
      guard let name = value.scalar?.string.trimmingCharacters(in: .whitespaces), !name.isEmpty else {
        throw error("names: expected the name of class \(number), found \(Self.kind(value))", value)
      }
      names[number] = name
    }
    switch node {
    case .sequence(let list):
      for (number, value) in list.enumerated() { try add(number, value) }
    case .mapping(let mapping):
      for (key, value) in mapping {
        guard let number = key.scalar.flatMap({ Int($0.string) }), (0...1_000_000).contains(number) else {
          throw error("names: expected the number of a class before a name, found \(Self.kind(key))", key)
        }
        guard names[number] == nil else { throw error("names: the class \(number) is there twice", key) }
        try add(number, value)
      }
    default:
      throw error(
        "names: expected a list of names, or numbers from 0 with names, found \(Self.kind(node))", node)
    }
    if names.isEmpty { throw error("names: expected the names of the classes, found none", node) }
    return names
  }

  private func error(_ reason: String, _ node: Node?) -> DatasetError {
    DatasetError(file: path, line: node?.mark?.line, reason: reason)
  }

  /// A value in words.
  private static func kind(_ node: Node) -> String {
    switch node {
    case .scalar(let scalar): "\"\(scalar.string.prefix(60))\""
    case .sequence(let list): list.isEmpty ? "an empty list" : "a list"
    case .mapping: "a mapping"
    case .alias: "an alias"
    }
  }

  // MARK: Darknet

  /// Lines of the form `key = value`; `names` is a list of its own.
  private mutating func readDarknet() throws(DatasetError) {
    for (index, line) in try YOLOText(contentsOf: path, kind: .darknet).lines.enumerated() {
      let line = line.trimmingCharacters(in: .whitespaces)
      if line.isEmpty || line.hasPrefix("#") { continue }
      guard let equals = line.firstIndex(of: "=") else {
        throw DatasetError(file: path, line: index + 1, reason: "expected key = value, found \"\(line.prefix(60))\"")
      }
      let key = line[..<equals].trimmingCharacters(in: .whitespaces)
      let value = line[line.index(after: equals)...].trimmingCharacters(in: .whitespaces)
      if value.isEmpty { continue }
      if Self.splitKeys.contains(key) { splits[key] = [Entry(text: value, line: index + 1)] }
      if key == "names" {
        let place = FileIndex.split(path).directories
        guard let file = YOLOPath(value).found(in: [place.isEmpty ? "." : place])?.path else {
          throw DatasetError(file: path, line: index + 1, reason: "names: there is no file \(value)")
        }
        names = try YOLOClassNames(contentsOf: file)
      }
    }
  }
}
