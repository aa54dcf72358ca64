import Yams

extension Configuration {
  /// Keys that may change between two parts of a run without changing what an iteration computes.
  private static let neutralKeys: Set = [
    "output", "data.root", "data.loader_threads", "data.queue_megabytes", "data.log_images", "training.iterations",
    "training.threads",
    "evaluation.every", "evaluation.damaged_images",
    "checkpoint.every", "checkpoint.every_seconds", "checkpoint.keep", "communication.bucket_megabytes",
    "communication.stall_seconds",
  ]

  /// The keys whose values differ from those of an earlier, resolved configuration, as "key: before, now".
  func differences(from yaml: String) -> [String] {
    let (before, now) = (Self.values(of: yaml), Self.values(of: resolvedYAML))
    return Set(before.keys).union(now.keys).subtracting(Self.neutralKeys).sorted().compactMap { key in
      let (old, new) = (before[key] ?? "nothing", now[key] ?? "nothing")
      return old == new ? nil : "\(key) was \(old), is \(new)"
    }
  }

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
