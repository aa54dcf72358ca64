import Files
import Yams

extension ValueKind where Value == String {
  /// Text that is not empty.
  static var text: Self {
    Self(
      type: "text", values: "", expected: "text",
      parse: { (node) throws(ValueFault) in
        guard let text = node.text else { throw .unexpected }
        return text
      },
      emit: { Node(text: $0) })
  }

  /// A path that is not empty, with the home directory in place of a leading `~`.
  static var path: Self {
    Self(
      type: "path", values: "", expected: "text", parse: { (node) throws(ValueFault) in try node.path() },
      emit: { Node(text: $0) })
  }
}

extension ValueKind where Value == [String] {
  /// A list of paths; a single one counts as a list of one, and null is the empty list.
  static var paths: Self {
    Self(
      type: "path or list", values: "", expected: "text or a list of texts",
      parse: { (node) throws(ValueFault) in
        if node.isNull { return [] }
        guard case .sequence(let items) = node.content else { return [try node.path()] }
        var paths: [String] = []
        for item in items { paths.append(try item.path()) }
        return paths
      },
      emit: { $0.isEmpty ? .null : $0.count == 1 ? Node(text: $0[0]) : Node(list: $0.map { Node(text: $0) }) })
  }

  /// A list of distinct texts.
  static var names: Self {
    Self(
      type: "list of names", values: "all different", expected: "a list of distinct names",
      parse: { (node) throws(ValueFault) in
        guard let names = node.list(\.text), !names.isEmpty, Set(names).count == names.count else { throw .unexpected }
        return names
      },
      emit: { Node(list: $0.map { Node(text: $0) }) })
  }
}

extension ValueKind where Value == [String?] {
  /// A path, or a list with a path or null for each directory; null is the empty list.
  static var pathsOfDirectories: Self {
    Self(
      type: "path, list or null", values: "",
      expected: "text, null, or a list with a text or null for each directory",
      parse: { (node) throws(ValueFault) in
        if node.isNull { return [] }
        guard let paths = try node.pathsOrNull() else { return [try node.path()] }
        guard !paths.isEmpty else { throw .unexpected }
        return paths
      },
      emit: {
        $0.count == 1 ? Node(textOrNull: $0[0]) : $0.isEmpty ? .null : Node(list: $0.map(Node.init(textOrNull:)))
      })
  }
}

extension ValueKind where Value == SplitChoice {
  /// The name of a split or the path of its file, or a list of them with null for directories that have no part.
  static var splits: Self {
    Self(
      type: "text or list", values: "", expected: "text, or a list with a text or null for each directory",
      parse: { (node) throws(ValueFault) in
        guard let names = try node.pathsOrNull() else { return .same(try node.path()) }
        guard names.contains(where: { $0 != nil }) else { throw .unexpected }
        return .each(names)
      },
      emit: { choice in
        switch choice {
        case .same(let name): Node(text: name)
        case .each(let names): Node(list: names.map(Node.init(textOrNull:)))
        }
      })
  }
}

extension ConfigurationNode {
  /// The path in a text.
  fileprivate func path() throws(ValueFault) -> String {
    guard let text else { throw .unexpected }
    do throws(HomeDirectory.PathError) {
      return try HomeDirectory.expand(text)
    } catch {
      throw .because(error.description)
    }
  }

  /// The items of a list of paths and nulls; nil when this is no list.
  fileprivate func pathsOrNull() throws(ValueFault) -> [String?]? {
    guard case .sequence(let items) = content else { return nil }
    var paths: [String?] = []
    for item in items { paths.append(item.isNull ? nil : try item.path()) }
    return paths
  }
}

extension Node {
  fileprivate init(textOrNull text: String?) {
    self = text.map { Node(text: $0) } ?? .null
  }
}
