import Files

/// How an element of a tensor is stored. Raw values are safetensors' names.
package enum ElementType: String, Sendable, CaseIterable {
  case boolean = "BOOL"
  case unsigned8 = "U8"
  case signed8 = "I8"
  case float8E5M2 = "F8_E5M2"
  case float8E4M3 = "F8_E4M3"
  case float8E8M0 = "F8_E8M0"
  case signed16 = "I16"
  case unsigned16 = "U16"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case signed32 = "I32"
  case unsigned32 = "U32"
  case float32 = "F32"
  case complex64 = "C64"
  case float64 = "F64"
  case signed64 = "I64"
  case unsigned64 = "U64"

  /// Bytes of an element.
  package var byteCount: Int {
    switch self {
    case .boolean, .unsigned8, .signed8, .float8E5M2, .float8E4M3, .float8E8M0: 1
    case .signed16, .unsigned16, .float16, .bfloat16: 2
    case .signed32, .unsigned32, .float32: 4
    case .complex64, .float64, .signed64, .unsigned64: 8
    }
  }

  /// True when ``TensorFile/read(_:into:)`` converts it to `Float`.
  package var isReadable: Bool {
    switch self {
    case .float16, .bfloat16, .float32, .float64: true
    default: false
    }
  }

  /// True for integers and truth values.
  package var isWhole: Bool {
    switch self {
    case .boolean, .unsigned8, .signed8, .signed16, .unsigned16, .signed32, .unsigned32, .signed64, .unsigned64: true
    default: false
    }
  }
}

/// A tensor that a file lists.
package struct TensorEntry: Sendable, Equatable {
  /// Its name in the file.
  package let name: String
  /// How elements are stored.
  package let type: ElementType
  /// Extents, outermost first; empty for a scalar.
  package let shape: [Int]

  /// Number of elements.
  package var count: Int { shape.reduce(1, *) }
}

/// A file of weights opened for reading, whatever its format. What it lists has been validated: every tensor is there in full.
package protocol TensorFile: AnyObject {
  /// Where the file is.
  var path: String { get }
  /// Its format, for people: "the zip form of torch.save".
  var form: String { get }
  /// By name, in UTF-8 order.
  var tensors: [TensorEntry] { get }
  /// Texts that the file carries beside its tensors, by key; empty when there are none.
  var metadata: [String: String] { get }
  /// Values that were read already, by tensor; see ``parametersSHA256(keepsValues:)``.
  var kept: [String: [Float]] { get set }

  /// The entry of a tensor; nil when the file does not have it.
  func tensor(named name: String) -> TensorEntry?

  /// Reads a tensor's elements in row-major order, converted to `Float`.
  ///
  /// - Precondition: the tensor is one of this file's and the buffer has its count.
  /// - Throws: `FileError` when elements are no floating-point numbers, the file has changed or fails its checksum.
  func read(_ tensor: TensorEntry, into floats: UnsafeMutableBufferPointer<Float>) throws(FileError)

  /// Reads a tensor's elements in row-major order as they are stored, little-endian.
  ///
  /// - Precondition, errors: as for ``read(_:into:)``, of any type of element.
  func bytes(of tensor: TensorEntry) throws(FileError) -> [UInt8]
}

extension TensorFile {
  /// Reads a tensor's elements in row-major order, converted to `Float`.
  ///
  /// - Precondition, errors: as for ``read(_:into:)``.
  package func floats(of tensor: TensorEntry) throws(FileError) -> [Float] {
    if let floats = kept[tensor.name] { return floats }
    var floats = [Float](repeating: 0, count: tensor.count)
    try floats.withUnsafeMutableBufferPointer { (buffer) throws(FileError) in try read(tensor, into: buffer) }
    return floats
  }

  /// SHA-256 over all floating-point tensors, in UTF-8 order of their names, as little-endian float32 in row-major order.
  ///
  /// - Parameter keepsValues: whether ``floats(of:)`` gives, until ``releaseValues()``, the very values that are hashed here, and does
  ///   not read them again. They take as much memory as the file.
  package func parametersSHA256(keepsValues: Bool = false) throws(FileError) -> String {
    let hash = SHA256()
    for tensor in tensors where tensor.type.isReadable {
      let values = try floats(of: tensor)
      values.withUnsafeBytes(hash.update)
      if keepsValues { kept[tensor.name] = values }
    }
    return hash.finish()
  }

  /// Gives back the memory of the values that ``parametersSHA256(keepsValues:)`` has kept.
  package func releaseValues() { kept = [:] }
}

/// Opens files of weights.
package enum TensorFiles {
  /// Opens a file by what it contains, whatever its name: safetensors, PyTorch's zip or legacy form, or Caffe's.
  ///
  /// - Throws: `FileError` naming what the file is, when it is none of these, or what is wrong with it.
  package static func open(_ path: String, calls: any SystemCalls = LinuxCalls()) throws(FileError) -> any TensorFile {
    switch FileSignature(ofFile: path) {
    // Which of the two an archive is, its directory tells, and no text inside.
    case .pyTorch, .torchScript, .legacyPyTorch: try PyTorchFile(path, calls: calls)
    case .caffe: try CaffeFile(path, calls: calls)
    default: try SafetensorsFile(path, calls: calls)
    }
  }
}
