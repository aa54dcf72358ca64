import Files
import Foundation
import Tensors

extension Sequence<TensorSource> {
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
