/// The pickle of a state_dict: an OrderedDict of contiguous tensors, each with a storage of its own, of names that
/// torch.load(weights_only=True) allows.
struct StatePickle {
  private(set) var bytes: [UInt8] = [0x80, 2]

  /// Describes tensors; the storage of each has its place in the array for a key.
  init(_ tensors: [TensorSource]) {
    orderedDictionary()
    bytes.append(UInt8(ascii: "("))
    for (key, tensor) in tensors.enumerated() {
      text(tensor.name)
      global("torch._utils", "_rebuild_tensor_v2")
      bytes += Array("((".utf8)
      text("storage")
      global("torch", Self.storages[tensor.type]!)
      text(String(key))
      text("cpu")
      integer(tensor.count)
      bytes += Array("tQ".utf8)
      integer(0)
      tuple(tensor.shape)
      tuple(Self.strides(tensor.shape))
      bytes.append(0x89)
      orderedDictionary()
      bytes += Array("tR".utf8)
    }
    bytes += Array("u.".utf8)
  }

  /// Names of storages by their elements.
  private static let storages = Dictionary(uniqueKeysWithValues: PickleGlobals.storages.map { ($1, $0) })

  /// Whether PyTorch has a storage for such elements.
  static func holds(_ type: ElementType) -> Bool { storages[type] != nil }

  private static func strides(_ shape: [Int]) -> [Int] {
    var strides: [Int] = []
    var stride = 1
    for extent in shape.reversed() {
      strides.append(stride)
      stride *= max(extent, 1)
    }
    return strides.reversed()
  }

  private mutating func global(_ module: String, _ name: String) { bytes += Array("c\(module)\n\(name)\n".utf8) }

  private mutating func orderedDictionary() {
    global("collections", "OrderedDict")
    bytes += Array(")R".utf8)
  }

  private mutating func text(_ text: String) {
    bytes.append(UInt8(ascii: "X"))
    number(text.utf8.count, 4)
    bytes += Array(text.utf8)
  }

  private mutating func integer(_ value: Int) {
    if value < 1 << 31 {
      bytes.append(UInt8(ascii: "J"))
      number(value, 4)
    } else {
      bytes += [0x8A, 8]
      number(value, 8)
    }
  }

  private mutating func tuple(_ values: [Int]) {
    bytes.append(UInt8(ascii: "("))
    for value in values { integer(value) }
    bytes.append(UInt8(ascii: "t"))
  }

  private mutating func number(_ value: Int, _ count: Int) {
    bytes += (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}
