import Files

/// The dictionary of tensors in what a file of PyTorch holds, out of its wrappers.
struct StateDictionary {
  /// Something of the file that is no weight.
  typealias LeftOut = (name: String, reason: String)

  /// Where a dictionary of tensors is looked for first, in this order.
  private static let wrappers = [
    "state_dict", "model_state_dict", "model_state", "model", "net", "network", "module", "weights", "params",
    "ema_state_dict",
    "ema", "model_ema", "state_dict_ema", "params_ema",
  ]
  /// What programs that wrap a network put before every name.
  private static let prefixes = ["module.", "model.", "_orig_mod."]
  private static let maximumDepth = 8

  /// The tensors, by the names that the network gives them.
  private(set) var tensors: [(name: String, tensor: Int)] = []
  /// What else the file holds.
  private(set) var leftOut: [LeftOut] = []
  /// The keys that lead to the dictionary.
  private(set) var wrapper: [String] = []
  /// What stood before every name.
  private(set) var prefix = ""

  /// Finds the dictionary.
  ///
  /// - Parameters:
  ///   - value: what the file holds.
  ///   - path: the file, for errors.
  /// - Throws: `FileError` when there is none, or several, or a tensor of a kind that is not supported.
  init(_ value: PickleValue, in heap: PickleHeap, path: String) throws(FileError) {
    var entries = try Self.entries(value, heap, path, key: nil)
    while let inner = try Self.inner(entries, heap, path), wrapper.count < Self.maximumDepth {
      for (key, value) in entries where key != inner.key {
        leftOut.append(((wrapper + [key]).joined(separator: "."), "\(heap.description(value)) beside the weights"))
      }
      wrapper.append(inner.key)
      entries = inner.entries
    }
    for (name, value) in entries {
      if case .tensor(let tensor) = value {
        tensors.append((name, tensor))
      } else {
        try Self.requireNoTensor(value, name: name, heap, path)
        leftOut.append((name, "\(heap.description(value)), not a tensor"))
      }
    }
    guard !tensors.isEmpty else {
      let keys = entries.map(\.key).prefix(12).joined(separator: ", ")
      throw FileError(path, "holds no dictionary of tensors; its keys are \(keys.isEmpty ? "none" : keys)")
    }
    removePrefixes()
  }

  /// The entries of a dictionary; `key` is where it was found.
  private static func entries(
    _ value: PickleValue, _ heap: PickleHeap, _ path: String, key: String?
  ) throws(FileError) -> [(key: String, value: PickleValue)] {
    if case .object(let index) = value, heap.objects[index].isModule || heap.entries(value)?.isEmpty != false {
      throw refusal(ofObject: heap.objects[index].name, path, key)
    }
    guard let entries = heap.entries(value) else {
      throw FileError(path, "holds \(heap.description(value)), not a dictionary of tensors")
    }
    return entries
  }

  private static func refusal(ofObject name: String, _ path: String, _ key: String?) -> FileError {
    let place = key.map { " under '\($0)'" } ?? ""
    return FileError(
      path,
      "holds a whole network of class '\(name)'\(place), whose program only Python can run; in Python save its weights alone, by torch.save(model.state_dict(), FILE)"
    )
  }

  /// The entry that holds the weights; nil when these are among the entries themselves.
  private static func inner(
    _ entries: [(key: String, value: PickleValue)], _ heap: PickleHeap, _ path: String
  ) throws(FileError) -> (key: String, entries: [(key: String, value: PickleValue)])? {
    // A dictionary may be there many times, even in itself.
    var seen: Set<Int> = []
    func holdsTensors(_ value: PickleValue, depth: Int) -> Bool {
      if let place = heap.dictionary(value), !seen.insert(place).inserted { return false }
      guard let inner = heap.entries(value) else { return false }
      if inner.contains(where: { if case .tensor = $0.value { true } else { false } }) { return true }
      return depth > 0 && inner.contains { wrappers.contains($0.key) && holdsTensors($0.value, depth: depth - 1) }
    }
    for key in wrappers {
      seen = []
      if let entry = entries.first(where: { $0.key == key }), holdsTensors(entry.value, depth: 3) {
        return (key, heap.entries(entry.value)!)
      }
    }
    if entries.contains(where: { if case .tensor = $0.value { true } else { false } }) { return nil }
    for (key, value) in entries {
      if case .object(let index) = value, heap.objects[index].isModule {
        throw refusal(ofObject: heap.objects[index].name, path, key)
      }
    }
    seen = []
    let candidates = entries.filter { !$0.key.contains("optim") && holdsTensors($0.value, depth: 0) }
    guard candidates.count <= 1 else {
      throw FileError(
        path,
        "has several dictionaries of tensors: \(candidates.map(\.key).joined(separator: ", ")); save the one to be read alone"
      )
    }
    return candidates.first.map { ($0.key, heap.entries($0.value)!) }
  }

  /// Throws for a tensor of a kind that is not supported.
  private static func requireNoTensor(
    _ value: PickleValue, name: String, _ heap: PickleHeap, _ path: String
  ) throws(FileError) {
    guard case .object(let index) = value else { return }
    let made = heap.objects[index].name
    guard made.hasPrefix("torch."), made != "torch.device", made != "torch.torch_version.TorchVersion" else { return }
    throw FileError(
      path, tensor: name,
      "is made by '\(made)', a kind of tensor that is not supported; save it as a plain tensor of float32")
  }

  /// Takes away what stands before every name.
  private mutating func removePrefixes() {
    while let found = Self.prefixes.first(where: { prefix in
      tensors.allSatisfy { $0.name.hasPrefix(prefix) && $0.name.utf8.count > prefix.utf8.count }
    }) {
      prefix += found
      tensors = tensors.map { (String($0.name.dropFirst(found.count)), $0.tensor) }
    }
  }
}
