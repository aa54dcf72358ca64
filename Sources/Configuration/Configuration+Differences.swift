import Yams

extension Configuration {
  /// The keys whose values differ from those of an earlier, resolved configuration, as "key: before, now".
  package func differences(from yaml: String) -> [String] {
    let (before, now) = (Self.values(of: yaml), Self.values(of: resolvedYAML))
    var known: [String: ConfigurationKey] = [:]
    for key in ConfigurationTable.all.keys { known[key.name] = key }
    return Set(before.keys).union(now.keys).sorted().compactMap { name in
      switch known[name]?.change {
      case .neutral: return nil
      case .length where !training.schedule.dependsOnLength: return nil
      default: break
      }
      let usual = known[name].flatMap { $0.isYoung ? $0.write(Configuration(source: ""))?.scalar?.string : nil }
      let (old, new) = (before[name] ?? usual ?? "nothing", now[name] ?? "nothing")
      return old == new ? nil : "\(name) was \(old), is \(new)"
    }
  }

  /// Every value by its key, as it is written.
  package var texts: [String: String] { Self.values(of: resolvedYAML) }

  /// Every leaf of a YAML document by its dotted key; a sequence is one leaf.
  private static func values(of yaml: String) -> [String: String] {
    var values: [String: String] = [:]
    func collect(_ node: Node, _ path: String) {
      switch node {
      case .mapping(let mapping):
        for (key, value) in mapping {
          let name = key.string ?? ""
          collect(value, path.isEmpty ? name : path + "." + name)
        }
      case .sequence(let sequence): values[path] = "[" + sequence.map { $0.string ?? "…" }.joined(separator: ", ") + "]"
      case .scalar(let scalar): values[path] = scalar.string
      case .alias: break
      }
    }
    if let node = try? Yams.compose(yaml: yaml) { collect(node, "") }
    return values
  }
}
