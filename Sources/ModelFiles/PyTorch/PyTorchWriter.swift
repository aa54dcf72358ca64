import Files

extension Sequence<TensorSource> {
  /// Writes a state_dict in the zip form of torch.save, which torch.load(weights_only=True) reads.
  ///
  /// The file appears complete and durable or not at all, see `AtomicFile`. Equal contents give equal bytes.
  ///
  /// - Parameters:
  ///   - metadata: goes into an entry of the archive that PyTorch does not read.
  ///   - hashKey: the key under which the metadata gets what ``parametersSHA256()`` gives.
  /// - Precondition: no two tensors have the same name, and PyTorch has storages for all types of elements.
  /// - Throws: `FileError` also for more than 4 GiB.
  package func writePyTorch(
    to path: String, metadata: [String: String] = [:], hashKey: String? = nil, calls: any SystemCalls = LinuxCalls()
  ) throws(FileError) {
    let tensors = inFileOrder
    let byteCount = tensors.reduce(0) { $0 + $1.byteCount }
    try ZipWriter.requireRoom(path, entries: tensors.count + 4, bytes: byteCount)
    let file = try AtomicFile(path, calls: calls)
    try file.requireSpace(byteCount + 1024 * (tensors.count + 4))
    var archive = ZipWriter(file)
    try archive.append("archive/data.pkl", StatePickle(tensors).bytes)
    try archive.append("archive/byteorder", Array("little".utf8))
    let hash = SHA256()
    for (key, tensor) in tensors.enumerated() {
      try tensor.withBytes { (bytes) throws(FileError) in
        if hashKey != nil, tensor.type.isReadable { hash.update(bytes) }
        try archive.append("archive/data/\(key)", bytes)
      }
    }
    try archive.append("archive/version", Array("3\n".utf8))
    var metadata = metadata
    if let hashKey { metadata[hashKey] = hash.finish() }
    if !metadata.isEmpty {
      let texts = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      let json = JSONLiteral(object: texts.map { ($0, JSONLiteral($1)) })
      try archive.append("archive/" + PyTorchContainer.metadataEntry, Array(json.description.utf8))
    }
    try archive.finish()
    try file.commit()
  }
}
