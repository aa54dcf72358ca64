/// A value of a pickle. Nothing of it is alive: containers and objects are places in a ``PickleHeap``, so that what a pickle
/// builds can have neither cycles nor depth in memory, and a call is a name.
enum PickleValue {
  case none
  case truth(Bool)
  case integer(Int)
  /// Of more than 64 bits, little-endian two's complement.
  case longInteger([UInt8])
  case double(Double)
  case text(String)
  case bytes([UInt8])
  /// A tuple or a list.
  case sequence(Int, isTuple: Bool)
  case dictionary(Int)
  case global(Int)
  case storage(Int)
  case tensor(Int)
  case object(Int)

  /// The text, if it is one.
  var text: String? { if case .text(let text) = self { text } else { nil } }
  /// The number, if it is one of 64 bits.
  var integer: Int? { if case .integer(let number) = self { number } else { nil } }
}

/// What a pickle builds.
struct PickleHeap {
  /// A run of elements of one type that tensors are views of.
  struct Storage: Equatable {
    /// Of its elements.
    let type: ElementType
    /// The name of its bytes in the file.
    let key: String
    /// Elements of all bytes of that name.
    let wholeCount: Int
    /// The first element, where it is a part of these bytes only.
    let start: Int
    /// Elements.
    let count: Int
  }

  /// A view of a storage.
  struct Tensor {
    let storage: Int
    /// In elements from the start of the storage.
    let offset: Int
    let shape: [Int]
    /// In elements.
    let strides: [Int]
  }

  /// Something of a class or a call that means nothing here.
  struct Object {
    /// Of the class or function.
    let name: String
    /// The dictionary of items that it was given, as a class derived from dict has them.
    let items: Int
    /// Whether its state is that of a module of a network.
    var isModule = false
  }

  var sequences: [[PickleValue]] = []
  var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []
  /// "module.name" of each.
  var globals: [String] = []
  var storages: [Storage] = []
  /// Classes of storages whose elements are not supported, by key.
  var unsupportedStorages: [String: String] = [:]
  var tensors: [Tensor] = []
  var objects: [Object] = []

  /// The values of a tuple; nil for others.
  func tuple(_ value: PickleValue) -> [PickleValue]? {
    if case .sequence(let index, isTuple: true) = value { sequences[index] } else { nil }
  }

  /// The values of a tuple or list; nil for others.
  func sequence(_ value: PickleValue) -> [PickleValue]? {
    if case .sequence(let index, _) = value { sequences[index] } else { nil }
  }

  /// The name of a global; nil for others.
  func global(_ value: PickleValue) -> String? {
    if case .global(let index) = value { globals[index] } else { nil }
  }

  /// The place of a dictionary or of an object's items; nil for others.
  func dictionary(_ value: PickleValue) -> Int? {
    switch value {
    case .dictionary(let index): index
    case .object(let index): objects[index].items
    default: nil
    }
  }

  /// Entries with a text for a key, in the order of the pickle, the last of several with one key; nil for what is no dictionary.
  func entries(_ value: PickleValue) -> [(key: String, value: PickleValue)]? {
    guard let place = dictionary(value) else { return nil }
    var places: [String: Int] = [:]
    var entries: [(key: String, value: PickleValue)] = []
    for (key, value) in dictionaries[place] {
      guard let key = key.text else { continue }
      if let place = places[key] {
        entries[place].value = value
      } else {
        places[key] = entries.count
        entries.append((key, value))
      }
    }
    return entries
  }

  /// What a value is, for people.
  func description(_ value: PickleValue) -> String {
    switch value {
    case .none: "None"
    case .truth: "a truth value"
    case .integer, .longInteger, .double: "a number"
    case .text: "a text"
    case .bytes: "bytes"
    case .sequence(_, let isTuple): isTuple ? "a tuple" : "a list"
    case .dictionary: "a dictionary"
    case .global(let index): "the name \(globals[index])"
    case .storage: "a storage"
    case .tensor: "a tensor"
    case .object(let index): "an object of \(objects[index].name)"
    }
  }
}
