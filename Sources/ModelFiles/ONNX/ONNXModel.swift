import Files

/// A graph as a file that other programs run.
package struct ONNXModel {
  /// The versions of the operators that can be asked for.
  package static let operatorSets = 13...17

  /// What is computed.
  package let graph: ONNXGraph
  /// The version of the operators, see ``operatorSets``.
  package let operatorSet: Int
  /// Who wrote it: name and version.
  package let producer: (name: String, version: String)
  /// Texts that go with it, by key.
  package let metadata: [(key: String, value: String)]

  package init(
    _ graph: ONNXGraph, operatorSet: Int, producer: (name: String, version: String),
    metadata: [(key: String, value: String)]
  ) {
    precondition(Self.operatorSets.contains(operatorSet), "operator set \(operatorSet)")
    (self.graph, self.operatorSet, self.producer, self.metadata) = (graph, operatorSet, producer, metadata)
  }

  /// The version of the format with which the operators came; older runtimes refuse newer ones.
  private var formatVersion: Int { operatorSet < 15 ? 7 : 8 }

  /// What protocol buffers can hold.
  private static let largest = Int(Int32.max)

  /// Writes the file, which appears complete and durable or not at all; constants are computed as they are written.
  ///
  /// - Throws: `FileError` also for 2 GiB or more.
  package func write(to path: String, calls: any SystemCalls = LinuxCalls()) throws(FileError) {
    let pieces = graph.pieces
    let byteCount = pieces.reduce(0) { $0 + $1.byteCount }
    guard byteCount < Self.largest - 1 << 20 else {
      throw FileError(path, "\(byteCount) bytes of weights are more than a file of ONNX holds, 2 GiB")
    }
    var head = WireMessage {
      $0.append(1, formatVersion)
      $0.append(2, producer.name)
      $0.append(3, producer.version)
    }
    head.open(7, byteCount: byteCount)
    let tail = WireMessage { model in
      // The domain without a name is that of the standard.
      model.append(
        8,
        WireMessage {
          $0.append(1, "")
          $0.append(2, operatorSet)
        })
      for entry in metadata {
        model.append(
          14,
          WireMessage {
            $0.append(1, entry.key)
            $0.append(2, entry.value)
          })
      }
    }
    let file = try AtomicFile(path, calls: calls)
    try file.requireSpace(head.bytes.count + byteCount + tail.bytes.count)
    try file.write(head.bytes)
    for piece in pieces {
      switch piece {
      case .message(let message): try file.write(message.bytes)
      case .elements(let tensor):
        try tensor.withBytes { (bytes) throws(FileError) in try file.write(bytes) }
      }
    }
    try file.write(tail.bytes)
    try file.commit()
  }
}
