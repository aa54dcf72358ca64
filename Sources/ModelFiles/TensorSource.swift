import Files
import Tensors

/// A tensor to be written: float32, a count, or elements of another type as they are.
package struct TensorSource {
  private enum Elements {
    case floats((UnsafeMutableBufferPointer<Float>) -> Void)
    case stored(ElementType, [UInt8])
  }

  /// The key in the file.
  package let name: String
  /// Extents, outermost first.
  package let shape: [Int]
  private let elements: Elements

  /// Describes a float32 tensor whose elements `copy` produces: it fills a buffer of the tensor's count, in file order.
  package init(name: String, shape: [Int], copy: @escaping (UnsafeMutableBufferPointer<Float>) -> Void) {
    (self.name, self.shape, elements) = (name, shape, .floats(copy))
  }

  /// Describes a scalar of 64 bits.
  package init(name: String, count: Int) {
    self.init(
      name: name, shape: [], type: .signed64, bytes: withUnsafeBytes(of: Int64(count).littleEndian) { Array($0) })
  }

  /// Describes a tensor of elements that are written as they are.
  ///
  /// - Precondition: the bytes are those of the shape's elements, in row-major order, little-endian.
  package init(name: String, shape: [Int], type: ElementType, bytes: [UInt8]) {
    precondition(
      bytes.count == shape.reduce(type.byteCount, *), "\(name): \(bytes.count) bytes for \(shape) of \(type.rawValue)")
    (self.name, self.shape, elements) = (name, shape, .stored(type, bytes))
  }

  /// The same tensor; `willCopy` is called before its elements are.
  package func notifying(_ willCopy: @escaping () -> Void) -> TensorSource {
    guard case .floats(let copy) = elements else { return self }
    return TensorSource(name: name, shape: shape) {
      willCopy()
      copy($0)
    }
  }

  /// The same tensor of float32; `change` changes its elements, in file order, when they are copied.
  package func mapped(_ change: @escaping (UnsafeMutableBufferPointer<Float>) -> Void) -> TensorSource {
    guard case .floats(let copy) = elements else { preconditionFailure("\(name): no tensor of float32") }
    return TensorSource(name: name, shape: shape) {
      copy($0)
      change($0)
    }
  }

  /// How its elements are written.
  var type: ElementType {
    if case .stored(let type, _) = elements { type } else { .float32 }
  }

  /// Elements.
  var count: Int { shape.reduce(1, *) }

  /// Bytes of all elements.
  var byteCount: Int { count * type.byteCount }

  /// Calls `body` with the elements, little-endian as the machine has them.
  func withBytes<Failure>(_ body: (UnsafeRawBufferPointer) throws(Failure) -> Void) throws(Failure) {
    switch elements {
    case .floats(let copy):
      var floats = [Float](repeating: 0, count: count)
      floats.withUnsafeMutableBufferPointer { copy($0) }
      try floats.withUnsafeBufferPointer { (floats) throws(Failure) in try body(UnsafeRawBufferPointer(floats)) }
    case .stored(_, let bytes):
      try bytes.withUnsafeBufferPointer { (bytes) throws(Failure) in try body(UnsafeRawBufferPointer(bytes)) }
    }
  }
}

extension VariableArena {
  /// Every parameter as a tensor in file order, its name behind `prefix`.
  package func tensorSources(prefix: String = "") -> [TensorSource] {
    layout.variables.map { tensorSource($0, prefix: prefix) }
  }

  /// A parameter as a tensor in file order, its name behind `prefix`.
  package func tensorSource(_ parameter: Variable, prefix: String = "") -> TensorSource {
    TensorSource(name: prefix + parameter.name, shape: parameter.fileShape) { file in
      parameter.copyToFileOrder(from: UnsafeBufferPointer(self[parameter]), to: file)
    }
  }
}

extension Sequence<TensorSource> {
  /// The larger elements first, so that all are aligned, then in UTF-8 order of names.
  ///
  /// - Precondition: no two tensors have the same name.
  var inFileOrder: [TensorSource] {
    let tensors = sorted {
      $0.type.byteCount == $1.type.byteCount
        ? $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) : $0.type.byteCount > $1.type.byteCount
    }
    var names: Set<String> = []
    for tensor in tensors { precondition(names.insert(tensor.name).inserted, "tensor \(tensor.name) is written twice") }
    return tensors
  }

  /// What ``TensorFile/parametersSHA256(keepsValues:)`` gives once the tensors are in a file.
  package func parametersSHA256() -> String {
    let hash = SHA256()
    for tensor in inFileOrder where tensor.type.isReadable {
      tensor.withBytes(hash.update)
    }
    return hash.finish()
  }
}
