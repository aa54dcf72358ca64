import Files

/// What the calls in a pickle of PyTorch build.
extension PickleMachine {
  /// The result of a call: of the few that mean something, what they mean; of harmless others, an inert object.
  mutating func call(_ function: PickleValue, _ arguments: PickleValue) throws(FileError) -> PickleValue {
    guard let name = heap.global(function) else { throw fault("a call of \(heap.description(function))") }
    guard let arguments = heap.tuple(arguments) else { throw fault("a call of \(name) without arguments") }
    switch name {
    case PickleGlobals.orderedDictionary: return try orderedDictionary(arguments)
    case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2": return try tensor(arguments, name)
    case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state",
      "torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer":
      guard let first = arguments.first, case .tensor = first else { return newObject(name) }
      return first
    case "torch._tensor._rebuild_from_type_v2":
      let plain = ["torch.Tensor", "torch._tensor.Tensor", "torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer"]
      guard arguments.count == 4, let type = heap.global(arguments[1]), plain.contains(type),
        heap.global(arguments[0]) != name
      else { return newObject(name) }
      return try call(arguments[0], arguments[2])
    case "torch._utils._rebuild_tensor_v3":
      return newObject(
        name + (arguments.count > 6 ? heap.global(arguments[6]).map { " of \($0.prefix(40))" } ?? "" : ""))
    case "torch.Size": return arguments.first ?? .none
    case "_codecs.encode":
      guard arguments.first?.text != nil else { throw fault("\(name) of no text") }
      // Nothing of interest is made of bytes, and a pickle can encode one long text many times.
      return newObject("bytes")
    default:
      guard PickleGlobals.isInert(name) else {
        throw fault(
          "calls '\(name)', which is not among the functions that files of weights need; nothing was executed; save the weights alone, by torch.save(model.state_dict(), FILE)"
        )
      }
      // copyreg._reconstructor and its like make an object of the class that they are given.
      let isConstructor = name.hasSuffix("_reconstructor")
      return newObject(isConstructor ? arguments.first.flatMap(heap.global) ?? name : name)
    }
  }

  /// Python 2 gives the entries as a list of pairs.
  private mutating func orderedDictionary(_ arguments: [PickleValue]) throws(FileError) -> PickleValue {
    let dictionary = newDictionary()
    guard let list = arguments.first else { return dictionary }
    guard let pairs = heap.sequence(list) else { throw fault("an OrderedDict of \(heap.description(list))") }
    for pair in pairs {
      guard let items = heap.sequence(pair), items.count == 2 else { throw fault("an OrderedDict without pairs") }
      try setItems(items, of: dictionary)
    }
    return dictionary
  }

  /// A tensor of (storage, offset, size, stride, …), which must lie in its storage.
  private mutating func tensor(_ arguments: [PickleValue], _ name: String) throws(FileError) -> PickleValue {
    if case .object(let index)? = arguments.first { return newObject(heap.objects[index].name) }
    guard arguments.count >= 4, case .storage(let index) = arguments[0], let offset = arguments[1].integer,
      let shape = extents(arguments[2]), let strides = extents(arguments[3])
    else { throw fault("\(name) without storage, offset, size and stride") }
    let storage = heap.storages[index]
    guard shape.count == strides.count, offset >= 0 else {
      throw fault("a tensor of size \(shape) with strides \(strides) from element \(offset)")
    }
    var last = offset
    var count = 1
    var overflows = false
    for (extent, stride) in zip(shape, strides) {
      // What an extent of 0 leaves empty must be countable all the same.
      let extent = max(extent, 1)
      let (reach, reachOverflow) = (extent - 1).multipliedReportingOverflow(by: stride)
      let (sum, sumOverflow) = last.addingReportingOverflow(reach)
      let (product, countOverflow) = count.multipliedReportingOverflow(by: extent)
      (last, count) = (sum, product)
      overflows = overflows || reachOverflow || sumOverflow || countOverflow
    }
    guard !overflows, shape.contains(0) || last < storage.count else {
      throw fault(
        "a tensor of size \(shape) with strides \(strides) goes beyond its storage of \(storage.count) elements")
    }
    // A stride of 0 repeats elements, as expand() does.
    guard shape.contains(0) || count <= max(storage.count, 1 << 22) else {
      throw fault("a tensor of size \(shape) repeats a storage of \(storage.count) elements too often")
    }
    return newTensor(PickleHeap.Tensor(storage: index, offset: offset, shape: shape, strides: strides))
  }

  /// Numbers that are not negative, not more of them than a tensor has dimensions.
  private func extents(_ value: PickleValue) -> [Int]? {
    guard let values = heap.sequence(value), values.count <= Self.maximumDimensionCount else { return nil }
    let extents = values.compactMap(\.integer)
    return extents.count == values.count && extents.allSatisfy { $0 >= 0 } ? extents : nil
  }

  /// The storage of a persistent id: ("storage", class, key, location, elements), in the legacy form with a view behind.
  mutating func storage(_ identifier: PickleValue) throws(FileError) -> PickleValue {
    guard let parts = heap.tuple(identifier), let kind = parts.first?.text else {
      throw fault("an unknown persistent id")
    }
    guard kind == "storage" else {
      let name = parts.dropFirst().first.flatMap(heap.global) ?? "unknown"
      guard kind == "module" else { throw fault("a persistent id of '\(kind)'") }
      throw wholeModule(name)
    }
    guard parts.count >= 5, let name = heap.global(parts[1]),
      let key = parts[2].text ?? parts[2].integer.map(String.init),
      let count = parts[4].integer, count >= 0
    else { throw fault("a storage without class, key and number of elements") }
    guard !key.isEmpty, key.utf8.count <= 40, key.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) }) else {
      throw fault("a storage with the key '\(key.prefix(40))'")
    }
    guard let type = PickleGlobals.elements(ofStorage: name) else {
      heap.unsupportedStorages[key] = name
      return newObject(name)
    }
    var (start, viewCount) = (0, count)
    if parts.count > 5, let view = heap.sequence(parts[5]) {
      guard view.count == 3, let first = view[1].integer, let elements = view[2].integer, first >= 0, elements >= 0,
        first <= count, elements <= count - first
      else { throw fault("a view that goes beyond its storage of \(count) elements") }
      (start, viewCount) = (first, elements)
    }
    return newStorage(
      PickleHeap.Storage(type: type, key: key, wholeCount: count, start: start, count: viewCount))
  }

  /// That a file holds a whole network.
  func wholeModule(_ name: String) -> FileError {
    fault(
      "a whole network of class '\(name)', whose program only Python can run; save its weights by torch.save(model.state_dict(), FILE)"
    )
  }
}
