import Yams

extension Configuration {
  /// Every key with its value, defaults included; reading it gives this configuration again.
  package var resolvedYAML: String {
    let leaves = ConfigurationTable.all.keys.compactMap { key in
      key.write(self).map { (path: key.path[...], value: $0) }
    }
    do {
      return try Yams.serialize(node: Self.mapping(leaves[...]), width: -1, allowUnicode: true)
    } catch {
      preconditionFailure("a configuration cannot be written as YAML: \(error)")
    }
  }

  /// The mapping of values by paths; those with the same first component stand beside each other.
  private static func mapping(_ leaves: ArraySlice<(path: ArraySlice<String>, value: Node)>) -> Node {
    var (pairs, rest) = ([(Node, Node)](), leaves)
    while let (path, value) = rest.first, let name = path.first {
      let group = rest.prefix { $0.path.first == name }
      rest = rest.dropFirst(group.count)
      let inner = group.map { (path: $0.path.dropFirst(), value: $0.value) }
      pairs.append((Node(name), path.count == 1 ? value : mapping(inner[...])))
    }
    return Node(pairs)
  }
}
