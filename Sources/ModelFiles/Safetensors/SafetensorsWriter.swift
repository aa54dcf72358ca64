import Files
import Foundation
import Tensors

/// A tensor to be written: float32, or a count.
package struct TensorSource {
  private enum Elements {
    case floats((UnsafeMutableBufferPointer<Float>) -> Void)
    case count(Int64)
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
    (self.name, shape, elements) = (name, [], .count(Int64(count)))
  }

  /// The same tensor; `willCopy` is called before its elements are.
  package func notifying(_ willCopy: @escaping () -> Void) -> TensorSource {
    guard case .floats(let copy) = elements else { return self }
    return TensorSource(name: name, shape: shape) {
      willCopy()
      copy($0)
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
  private var inFileOrder: [TensorSource] {
    sorted {
      $0.type == $1.type ? $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) : $0.type.byteCount > $1.type.byteCount
    }
  }

  /// What ``TensorFile/parametersSHA256(keepsValues:)`` gives once the tensors are in a file.
  package func parametersSHA256() -> String {
    let hash = SHA256()
    for tensor in inFileOrder where tensor.type.isReadable {
      tensor.withBytes(hash.update)
    }
    return hash.finish()
  }

  /// Writes a safetensors file: counts, then float32 tensors, and metadata, each in UTF-8 order of names, the header padded to 8 bytes.
  ///
  /// The file appears complete and durable or not at all, see ``AtomicFile``. Equal contents give equal bytes.
  ///
  /// - Parameter hashKey: the key under which the metadata gets what ``parametersSHA256()`` gives. Each tensor is asked once for its
  ///   elements, which are hashed as they are written, unless the file is a pipe, where the header cannot follow.
  /// - Precondition: no two tensors have the same name.
  package func writeSafetensors(
    to path: String, metadata: [String: String] = [:], hashKey: String? = nil, calls: any SystemCalls = LinuxCalls()
  ) throws(FileError) {
    let tensors = inFileOrder
    for (tensor, next) in zip(tensors, tensors.dropFirst()) {
      precondition(tensor.name != next.name, "tensor \(tensor.name) is written twice")
    }
    let file = try AtomicFile(path, calls: calls)
    var metadata = metadata
    if let hashKey {
      metadata[hashKey] = file.canRewrite ? String(repeating: "0", count: SHA256.digitCount) : parametersSHA256()
    }
    let header = tensors.safetensorsHeader(metadata)
    try file.requireSpace(8 + header.count + tensors.reduce(0) { $0 + $1.byteCount })
    try file.write((0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) })
    try file.write(header)
    let hash = SHA256()
    for tensor in tensors {
      try tensor.withBytes { (bytes) throws(FileError) in
        if hashKey != nil, tensor.type.isReadable { hash.update(bytes) }
        try file.write(bytes)
      }
    }
    if let hashKey, file.canRewrite {
      metadata[hashKey] = hash.finish()
      try file.rewrite(tensors.safetensorsHeader(metadata), at: 8)
    }
    try file.commit()
  }
}

extension [TensorSource] {
  /// The header of a file of these tensors, in their order; its length depends on that of the metadata alone.
  fileprivate func safetensorsHeader(_ metadata: [String: String]) -> [UInt8] {
    var members: [(String, JSONLiteral)] = []
    if !metadata.isEmpty {
      let texts = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      members.append(("__metadata__", JSONLiteral(object: texts.map { ($0, JSONLiteral($1)) })))
    }
    var end = 0
    for tensor in self {
      let start = end
      end += tensor.byteCount
      members.append(
        (
          tensor.name,
          JSONLiteral(object: [
            ("dtype", JSONLiteral(tensor.type.rawValue)),
            ("shape", JSONLiteral(array: tensor.shape.map { JSONLiteral($0) })),
            ("data_offsets", JSONLiteral(array: [JSONLiteral(start), JSONLiteral(end)])),
          ])
        ))
    }
    let header = Array<UInt8>(JSONLiteral(object: members).description.utf8)
    return header + Array<UInt8>(repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
  }
}

extension TensorSource {
  fileprivate var type: ElementType {
    if case .count = elements { .signed64 } else { .float32 }
  }

  fileprivate var byteCount: Int { shape.reduce(1, *) * type.byteCount }

  /// Calls `body` with the elements, little-endian as the machine has them.
  fileprivate func withBytes<Failure>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) {
    switch elements {
    case .floats(let copy):
      var floats = [Float](repeating: 0, count: shape.reduce(1, *))
      floats.withUnsafeMutableBufferPointer { copy($0) }
      try floats.withUnsafeBufferPointer { (floats) throws(Failure) in try body(UnsafeRawBufferPointer(floats)) }
    case .count(let count):
      try withUnsafePointer(to: count) { (count) throws(Failure) in
        try body(UnsafeRawBufferPointer(start: count, count: MemoryLayout<Int64>.size))
      }
    }
  }
}
