import Files
import Foundation

/// A file of torch.save with a dictionary of tensors, in the zip form or the legacy form, opened for reading.
///
/// Names are those that the network gives its tensors: the dictionary is found in the usual wrappers, and `module.` and its like
/// are taken away where all names have it. Nothing in the file is executed.
package final class PyTorchFile: TensorFile {
  /// How the file stores a tensor.
  package struct Source: Sendable {
    /// Its strides in elements; nil where they are those of a row-major tensor.
    package let strides: [Int]?
    /// The name of its storage when another tensor uses the same one.
    package let sharedStorage: String?
  }

  package let path: String
  package let tensors: [TensorEntry]
  package let metadata: [String: String]
  package var kept: [String: [Float]] = [:]
  /// What else the file holds, and why it is no weight.
  package let leftOut: [(name: String, reason: String)]
  /// Keys that lead to the dictionary: ["state_dict"].
  package let wrapper: [String]
  /// What stood before every name and was taken away: "module.".
  package let prefix: String
  package let form: String

  private let descriptor: Descriptor
  private let heap: PickleHeap
  private let storages: [String: StoredBytes]
  private let places: [String: Int]
  private let entries: [String: TensorEntry]
  private let usesOfStorage: [String: Int]
  /// Storages whose checksum was compared.
  private var verified: Set<String> = []

  /// Opens a file and validates its tensors against the file's size.
  package init(_ path: String, calls: any SystemCalls = LinuxCalls()) throws(FileError) {
    self.path = path
    descriptor = try Descriptor(path, calls: calls)
    let byteCount = Int(try descriptor.status().st_size)
    let isArchive = try descriptor.bytes(at: 0, count: 2) == [0x50, 0x4B]
    form = isArchive ? "the zip form of torch.save" : "the legacy form of torch.save"
    let container =
      isArchive
      ? try PyTorchContainer(archive: descriptor, byteCount: byteCount)
      : try PyTorchContainer(legacy: descriptor, byteCount: byteCount)
    let dictionary = try StateDictionary(container.object, in: container.heap, path: path)
    (heap, storages) = (container.heap, container.storages)
    (leftOut, wrapper, prefix) = (dictionary.leftOut, dictionary.wrapper, dictionary.prefix)
    metadata = try Self.metadata(container.metadata, path)
    var places: [String: Int] = [:]
    var entries: [String: TensorEntry] = [:]
    var total = 0
    for (name, index) in dictionary.tensors {
      let tensor = heap.tensors[index]
      let storage = heap.storages[tensor.storage]
      let bytes = storages[storage.key]!.range.count
      guard storage.wholeCount <= bytes / storage.type.byteCount else {
        throw FileError(
          path, tensor: name,
          "needs \(storage.wholeCount) \(storage.type.rawValue) elements of storage \(storage.key), which has \(bytes) bytes"
        )
      }
      let entry = TensorEntry(name: name, type: storage.type, shape: tensor.shape)
      total += entry.count
      // Tied weights may multiply what a file holds; what is many times as large is no file of weights.
      guard total <= 4 * byteCount + 1 << 24 else {
        throw FileError(path, "its tensors have far more elements than the file has bytes; they repeat their storages")
      }
      places[name] = index
      entries[name] = entry
    }
    (self.places, self.entries) = (places, entries)
    tensors = entries.values.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    let heap = self.heap
    usesOfStorage = Dictionary(
      places.values.map { (heap.storages[heap.tensors[$0].storage].key, 1) }, uniquingKeysWith: +)
  }

  private static func metadata(_ bytes: [UInt8], _ path: String) throws(FileError) -> [String: String] {
    guard !bytes.isEmpty else { return [:] }
    guard let texts = try? JSONDecoder().decode([String: String].self, from: Data(bytes)) else {
      throw FileError(path, "\(PyTorchContainer.metadataEntry) is no JSON object of texts")
    }
    return texts
  }

  package func tensor(named name: String) -> TensorEntry? { entries[name] }

  /// How the file stores a tensor.
  ///
  /// - Precondition: the tensor is one of this file's.
  package func source(of tensor: TensorEntry) -> Source {
    let view = view(of: tensor)
    let key = heap.storages[view.storage].key
    return Source(
      strides: view.isRowMajor ? nil : view.strides,
      sharedStorage: usesOfStorage[key, default: 0] > 1 ? key : nil)
  }

  private func view(of tensor: TensorEntry) -> PickleHeap.Tensor {
    guard let place = places[tensor.name] else { preconditionFailure("\(path) has no tensor \(tensor.name)") }
    return heap.tensors[place]
  }

  package func bytes(of tensor: TensorEntry) throws(FileError) -> [UInt8] {
    let view = view(of: tensor)
    let size = tensor.type.byteCount
    let count = tensor.count
    guard count > 0 else { return [] }
    let storage = heap.storages[view.storage]
    let stored = storages[storage.key]!
    let first = stored.range.lowerBound + (storage.start + view.offset) * size
    let reach = 1 + zip(view.shape, view.strides).reduce(0) { $0 + ($1.0 - 1) * $1.1 }
    let bytes = try descriptor.exactBytes(at: first, count: reach * size)
    if let checksum = stored.checksum, !verified.contains(storage.key) {
      if bytes.count == stored.range.count {
        let sum = CRC32.checksum(bytes)
        guard sum == checksum else { throw stored.fault(descriptor, sum) }
      } else {
        try stored.verify(descriptor)
      }
      verified.insert(storage.key)
    }
    return view.isRowMajor ? bytes : view.gathered(bytes, elementBytes: size, count: count)
  }

  package func read(_ tensor: TensorEntry, into floats: UnsafeMutableBufferPointer<Float>) throws(FileError) {
    precondition(floats.count == tensor.count, "\(tensor.name) has \(tensor.count) elements, not \(floats.count)")
    let bytes = try bytes(of: tensor)
    bytes.withUnsafeBytes { bytes in
      func convert<Element>(_: Element.Type, _ value: (Element) -> Float) where Element: BitwiseCopyable {
        for index in floats.indices {
          let element = bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Element>.size, as: Element.self)
          floats[index] = value(element)
        }
      }
      switch tensor.type {
      case .float32: UnsafeMutableRawBufferPointer(floats).copyMemory(from: bytes)
      case .float64: convert(Double.self) { Float($0) }
      case .float16: convert(Float16.self) { Float($0) }
      case .bfloat16: convert(UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
      case .signed64: convert(Int64.self) { Float($0) }
      case .signed32: convert(Int32.self) { Float($0) }
      case .signed16: convert(Int16.self) { Float($0) }
      case .signed8: convert(Int8.self) { Float($0) }
      case .unsigned8: convert(UInt8.self) { Float($0) }
      case .boolean: convert(UInt8.self) { $0 == 0 ? 0 : 1 }
      default: break
      }
    }
    if !tensor.type.isReadable, !tensor.type.isWhole {
      throw FileError(path, tensor: tensor.name, "\(tensor.type.rawValue) elements cannot be read as float32")
    }
  }
}

extension PickleHeap.Tensor {
  /// Whether elements follow each other in row-major order without gaps.
  var isRowMajor: Bool {
    var expected = 1
    for (extent, stride) in zip(shape, strides).reversed() where extent != 1 {
      if stride != expected { return false }
      expected *= extent
    }
    return true
  }

  /// Elements in row-major order, of bytes that begin with the first.
  fileprivate func gathered(_ bytes: [UInt8], elementBytes size: Int, count: Int) -> [UInt8] {
    var indices = [Int](repeating: 0, count: shape.count)
    var element = 0
    return [UInt8](unsafeUninitializedCapacity: count * size) { result, initialized in
      for place in 0..<count {
        for byte in 0..<size { result.initializeElement(at: place * size + byte, to: bytes[element * size + byte]) }
        // The next index, the last dimension first, and with it the element.
        var dimension = shape.count - 1
        while dimension >= 0 {
          indices[dimension] += 1
          element += strides[dimension]
          if indices[dimension] < shape[dimension] { break }
          element -= indices[dimension] * strides[dimension]
          indices[dimension] = 0
          dimension -= 1
        }
      }
      initialized = count * size
    }
  }
}
