import Files

/// Reads a pickle without executing anything: what the pickle wants to call is looked up in ``PickleGlobals``, and becomes a tensor, a
/// dictionary, an inert object, or an error.
///
/// ### Source
/// Python's Lib/pickletools.py for the opcodes; PyTorch's torch/_weights_only_unpickler.py for those that its files need.
struct PickleMachine {
  /// The most values on the stack, in the memo and of each kind of the heap.
  private static let maximumCount = 1 << 20
  /// The most tensors.
  private static let maximumTensorCount = 100_000
  /// The most values in all containers together.
  private static let maximumItemCount = 4 << 20

  /// The most dimensions of a tensor, as in PyTorch.
  static let maximumDimensionCount = 64
  /// The longest name of a global with its module, in bytes.
  private static let maximumNameByteCount = 1 << 10

  var heap = PickleHeap()
  private(set) var bytes: PickleBytes
  private var stack: [PickleValue] = []
  /// How many values are below each mark.
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]
  private var itemCount = 0

  /// A machine that reads a file's bytes.
  init(_ bytes: PickleBytes) { self.bytes = bytes }

  /// Reads one pickle from its first to its last byte.
  ///
  /// - Returns: what it holds, in ``heap``.
  mutating func run() throws(FileError) -> PickleValue {
    guard try bytes.byte() == 0x80 else {
      throw bytes.fault(
        "no pickle of protocol 2 or later; torch.save(torch.load(FILE, weights_only=False), FILE) makes one", at: 0)
    }
    let version = try bytes.byte()
    guard (2...5).contains(version) else { throw bytes.fault("unsupported pickle protocol \(version)", at: 1) }
    while true {
      let offset = bytes.offset
      let opcode = try bytes.byte()
      if opcode == UInt8(ascii: ".") { break }
      try step(opcode, offset)
      guard stack.count <= Self.maximumCount, memo.count <= Self.maximumCount, marks.count <= Self.maximumCount,
        heap.sequences.count <= Self.maximumCount, heap.dictionaries.count <= 2 * Self.maximumCount,
        heap.tensors.count <= Self.maximumTensorCount, heap.globals.count <= Self.maximumCount,
        heap.storages.count <= Self.maximumCount, heap.objects.count <= Self.maximumCount,
        itemCount <= Self.maximumItemCount
      else { throw fault("more values than a file of weights has") }
    }
    guard stack.count == 1, marks.isEmpty else { throw fault("\(stack.count) values where one is to be left") }
    return stack[0]
  }

  func fault(_ reason: String) -> FileError { bytes.fault(reason) }

  private mutating func step(_ opcode: UInt8, _ offset: Int) throws(FileError) {
    switch opcode {
    case 0x95: _ = try bytes.bytes(8)
    case UInt8(ascii: "N"): push(.none)
    case 0x88: push(.truth(true))
    case 0x89: push(.truth(false))
    case UInt8(ascii: "K"): push(.integer(try bytes.number(bytes: 1)))
    case UInt8(ascii: "M"): push(.integer(try bytes.number(bytes: 2)))
    case UInt8(ascii: "J"): push(.integer(Int(Int32(truncatingIfNeeded: try bytes.number(bytes: 4)))))
    case 0x8A: push(longInteger(try bytes.bytes(bytes.number(bytes: 1))))
    case UInt8(ascii: "G"):
      push(.double(Double(bitPattern: try bytes.bytes(8).reduce(0) { $0 << 8 | UInt64($1) })))
    case UInt8(ascii: "X"): try pushText(lengthBytes: 4)
    case 0x8C: try pushText(lengthBytes: 1)
    case UInt8(ascii: "U"): try pushText(lengthBytes: 1, orLatin: true)
    case UInt8(ascii: "T"): try pushText(lengthBytes: 4, orLatin: true)
    case UInt8(ascii: "C"): push(.bytes(try bytes.bytes(bytes.number(bytes: 1))))
    case UInt8(ascii: "B"): push(.bytes(try bytes.bytes(bytes.number(bytes: 4))))
    case UInt8(ascii: "("): marks.append(stack.count)
    case UInt8(ascii: "0"): _ = try pop()
    case UInt8(ascii: "q"): memo[try bytes.number(bytes: 1)] = try top()
    case UInt8(ascii: "r"): memo[try bytes.number(bytes: 4)] = try top()
    case 0x94: memo[memo.count] = try top()
    case UInt8(ascii: "h"): try pushMemo(bytes.number(bytes: 1))
    case UInt8(ascii: "j"): try pushMemo(bytes.number(bytes: 4))
    case UInt8(ascii: ")"): pushSequence([], isTuple: true)
    case UInt8(ascii: "]"): pushSequence([], isTuple: false)
    case 0x85, 0x86, 0x87: pushSequence(try popLast(Int(opcode) - 0x84), isTuple: true)
    case UInt8(ascii: "t"): pushSequence(try popToMark(), isTuple: true)
    case UInt8(ascii: "}"): push(newDictionary())
    case 0x8F: push(newObject("set"))
    case UInt8(ascii: "a"): try append([pop()])
    case UInt8(ascii: "e"), 0x90: try append(popToMark())
    case UInt8(ascii: "s"): try setItems(popLast(2))
    case UInt8(ascii: "u"): try setItems(popToMark())
    case UInt8(ascii: "b"): try build()
    case UInt8(ascii: "c"):
      let module = try bytes.line()
      try pushGlobal(module, bytes.line())
    case 0x93:
      let names = try popLast(2)
      guard let module = names[0].text, let name = names[1].text else { throw fault("a global without a name") }
      try pushGlobal(module, name)
    case UInt8(ascii: "R"):
      let values = try popLast(2)
      push(try call(values[0], values[1]))
    case 0x81:
      let values = try popLast(2)
      guard let name = heap.global(values[0]) else { throw fault("an object without a class") }
      push(name == PickleGlobals.orderedDictionary ? newDictionary() : newObject(name))
    case UInt8(ascii: "Q"): push(try storage(pop()))
    default: throw bytes.fault("unsupported opcode 0x\(String(opcode, radix: 16, uppercase: true))", at: offset)
    }
  }
}

extension PickleMachine {
  private mutating func push(_ value: PickleValue) { stack.append(value) }

  private func top() throws(FileError) -> PickleValue {
    guard stack.count > marks.last ?? 0 else { throw fault("a value is missing") }
    return stack[stack.count - 1]
  }

  private mutating func pop() throws(FileError) -> PickleValue {
    let value = try top()
    stack.removeLast()
    return value
  }

  private mutating func popLast(_ count: Int) throws(FileError) -> [PickleValue] {
    guard stack.count - (marks.last ?? 0) >= count else { throw fault("a value is missing") }
    let values = Array(stack.suffix(count))
    stack.removeLast(count)
    return values
  }

  private mutating func popToMark() throws(FileError) -> [PickleValue] {
    guard let mark = marks.popLast() else { throw fault("a mark is missing") }
    let values = Array(stack[mark...])
    stack.removeLast(values.count)
    return values
  }

  private mutating func pushText(lengthBytes: Int, orLatin: Bool = false) throws(FileError) {
    let text = try bytes.bytes(bytes.number(bytes: lengthBytes))
    push(.text(try bytes.text(text, orLatin: orLatin)))
  }

  private func longInteger(_ bytes: [UInt8]) -> PickleValue {
    guard bytes.count <= 8 else { return .longInteger(bytes) }
    let shift = 64 - 8 * bytes.count
    return .integer(bytes.isEmpty ? 0 : (bytes.number(at: 0, bytes: bytes.count) << shift) >> shift)
  }

  private mutating func pushMemo(_ index: Int) throws(FileError) {
    guard let value = memo[index] else { throw fault("the memo has no \(index)") }
    push(value)
  }

  private mutating func pushSequence(_ values: [PickleValue], isTuple: Bool) {
    itemCount += values.count
    heap.sequences.append(values)
    push(.sequence(heap.sequences.count - 1, isTuple: isTuple))
  }

  mutating func newDictionary() -> PickleValue {
    heap.dictionaries.append([])
    return .dictionary(heap.dictionaries.count - 1)
  }

  mutating func newObject(_ name: String) -> PickleValue {
    heap.dictionaries.append([])
    heap.objects.append(PickleHeap.Object(name: name, items: heap.dictionaries.count - 1))
    return .object(heap.objects.count - 1)
  }

  private mutating func pushGlobal(_ module: String, _ name: String) throws(FileError) {
    guard module.utf8.count + name.utf8.count < Self.maximumNameByteCount else {
      throw fault("a name of more than \(Self.maximumNameByteCount) bytes")
    }
    let name = "\(module).\(name)"
    if let reason = PickleGlobals.refusal(of: name) { throw fault(reason) }
    heap.globals.append(name)
    push(.global(heap.globals.count - 1))
  }

  private mutating func append(_ values: [PickleValue]) throws(FileError) {
    switch try top() {
    case .sequence(let index, isTuple: false): heap.sequences[index] += values
    case .object: break
    default: throw fault("items for what is no list")
    }
    itemCount += values.count
  }

  mutating func setItems(_ values: [PickleValue]) throws(FileError) {
    try setItems(values, of: top())
  }

  /// Adds keys and values, which take turns.
  mutating func setItems(_ values: [PickleValue], of container: PickleValue) throws(FileError) {
    let index: Int
    switch container {
    case .dictionary(let dictionary): index = dictionary
    case .object(let object): index = heap.objects[object].items
    default: throw fault("items for what is no dictionary")
    }
    guard values.count.isMultiple(of: 2) else { throw fault("a key without a value") }
    itemCount += values.count
    for place in stride(from: 0, to: values.count, by: 2) {
      heap.dictionaries[index].append((values[place], values[place + 1]))
    }
  }

  /// Takes the state of an object, which is of interest only where it tells what the object is.
  private mutating func build() throws(FileError) {
    let state = try pop()
    guard case .object(let index) = try top() else { return }
    // Objects with slots have a second dictionary.
    let dictionary = heap.tuple(state)?.first ?? state
    if case .dictionary(let place) = dictionary {
      heap.objects[index].isModule = heap.dictionaries[place].contains { $0.key.text == "_parameters" }
    }
  }

  /// Remembers a tensor.
  mutating func newTensor(_ tensor: PickleHeap.Tensor) -> PickleValue {
    heap.tensors.append(tensor)
    return .tensor(heap.tensors.count - 1)
  }

  /// Remembers a storage.
  mutating func newStorage(_ storage: PickleHeap.Storage) -> PickleValue {
    heap.storages.append(storage)
    return .storage(heap.storages.count - 1)
  }
}
