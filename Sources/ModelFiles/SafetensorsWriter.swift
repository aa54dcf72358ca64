import Files
import Foundation
import Tensors

/// A float32 tensor to be written.
package struct TensorSource {
  /// The key in the file.
  package let name: String
  /// Extents, outermost first.
  package let shape: [Int]
  /// Fills a buffer of the tensor's count with its elements, in file order.
  package let copy: (UnsafeMutableBufferPointer<Float>) -> Void

  /// Describes a tensor whose elements `copy` produces.
  package init(name: String, shape: [Int], copy: @escaping (UnsafeMutableBufferPointer<Float>) -> Void) {
    self.name = name
    self.shape = shape
    self.copy = copy
  }

  /// Number of elements.
  package var count: Int { shape.reduce(1, *) }
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
  /// In UTF-8 order of names, as files hold them.
  private var inNameOrder: [TensorSource] {
    sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  /// What ``SafetensorsFile/parametersSHA256()`` gives once the tensors are in a file.
  package func parametersSHA256() -> String {
    let hash = SHA256()
    for tensor in inNameOrder {
      tensor.withBytes(hash.update)
    }
    return hash.finish()
  }

  /// Writes a safetensors file: tensors and metadata in UTF-8 order of names, the header padded to 8 bytes.
  ///
  /// The file appears complete and durable or not at all, see ``AtomicFile``. Equal contents give equal bytes.
  ///
  /// - Parameter hashKey: the key under which the metadata gets what ``parametersSHA256()`` gives. Each tensor is asked once for its
  ///   elements, which are hashed as they are written, unless the file is a pipe, where the header cannot follow.
  /// - Precondition: no two tensors have the same name.
  package func writeSafetensors(
    to path: String, metadata: [String: String] = [:], hashKey: String? = nil, calls: any SystemCalls = LinuxCalls()
  ) throws(FileError) {
    let tensors = inNameOrder
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
        if hashKey != nil { hash.update(bytes) }
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
  /// The header of a file of these tensors, which are in the order of their names; its length depends on that of the metadata alone.
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
            ("dtype", JSONLiteral(SafetensorsFile.ElementType.float32.rawValue)),
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
  fileprivate var byteCount: Int { count * MemoryLayout<Float>.size }

  /// Calls `body` with the elements, little-endian as the machine has them.
  fileprivate func withBytes<Failure>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) {
    var floats = [Float](repeating: 0, count: count)
    floats.withUnsafeMutableBufferPointer { copy($0) }
    try floats.withUnsafeBufferPointer { (floats) throws(Failure) in try body(UnsafeRawBufferPointer(floats)) }
  }
}
