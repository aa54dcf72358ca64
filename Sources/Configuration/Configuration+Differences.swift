import Yams

extension Configuration {
  /// Keys that may change between two parts of a run without changing what an iteration computes.
  private static let neutralKeys: Set = [
    "output", "data.root", "data.image_directory", "data.loader_threads", "data.queue_megabytes", "data.log_images",
    "data.maximum_megapixels",
    "data.evaluation_split", "training.threads",
    "evaluation.every", "evaluation.damaged_images", "evaluation.patience", "checkpoint.every",
    "checkpoint.every_seconds", "checkpoint.keep",
    "checkpoint.keep_best", "communication.bucket_megabytes", "communication.stall_seconds",
  ]
  /// Neutral as well, unless the learning rate goes by the length of the run.
  private static let lengthKeys: Set = ["training.iterations", "training.epochs"]

  /// The keys whose values differ from those of an earlier, resolved configuration, as "key: before, now".
  package func differences(from yaml: String) -> [String] {
    let (before, now) = (Self.values(of: yaml), Self.values(of: resolvedYAML))
    let neutral = training.schedule.dependsOnLength ? Self.neutralKeys : Self.neutralKeys.union(Self.lengthKeys)
    return Set(before.keys).union(now.keys).subtracting(neutral).sorted().compactMap { key in
      // A key that an older version did not know was off.
      let (old, new) = (before[key] ?? Self.valuesBefore[key] ?? "nothing", now[key] ?? "nothing")
      return old == new ? nil : "\(key) was \(old), is \(new)"
    }
  }

  /// What keys that are younger than the format of checkpoints stand for where they are missing.
  private static let valuesBefore = [
    "training.epochs": "null", "training.gradient_clip_norm": "null", "training.ema_decay": "null",
    "training.freeze": "null", "training.schedule.kind": "steps",
  ]

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
