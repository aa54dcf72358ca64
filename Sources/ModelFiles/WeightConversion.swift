import Files

/// Weights of one file for a file of another format, and what became of every tensor.
package struct WeightConversion {
  /// What became of a tensor.
  package struct Line: Sendable, Equatable {
    /// The name in the file that is written, or for what was left out in the one that was read.
    package let name: String
    /// Extents; nil for what is no tensor.
    package let shape: [Int]?
    /// "taken", "taken, float16 to float32", or why it was left out.
    package let outcome: String
    /// Whether it is in the file that is written.
    package let isTaken: Bool
  }

  /// Every tensor of the file in UTF-8 order of names, then what else it holds.
  package let lines: [Line]
  /// What the file is and where in it the weights were found.
  package let origin: String
  private let sources: [TensorSource]
  private let metadata: [String: String]

  /// Reads all tensors, which are in memory from then on.
  ///
  /// - Throws: `FileError` when one cannot be read, or none can be written.
  package init(_ file: any TensorFile, as format: WeightFormat) throws(FileError) {
    let pyTorch = file as? PyTorchFile
    var origin = [file.form]
    if let pyTorch {
      if !pyTorch.wrapper.isEmpty {
        origin.append("weights under \(pyTorch.wrapper.map { "'\($0)'" }.joined(separator: ", in it "))")
      }
      if !pyTorch.prefix.isEmpty { origin.append("'\(pyTorch.prefix)' removed from all names") }
    }
    self.origin = origin.joined(separator: ", ")
    metadata = file.metadata
    var lines: [Line] = []
    var sources: [TensorSource] = []
    for tensor in file.tensors {
      var outcome = ["taken"]
      if tensor.type.isReadable {
        let floats = try file.floats(of: tensor)
        if tensor.type != .float32 { outcome.append("\(tensor.type.text) to float32") }
        if tensor.type == .float64, case let count = floats.count(where: { $0.isInfinite }), count > 0 {
          outcome.append("\(count) infinite in float32")
        }
        sources.append(TensorSource(name: tensor.name, shape: tensor.shape) { _ = $0.update(fromContentsOf: floats) })
      } else if tensor.type.isWhole, format.holds(tensor.type) {
        outcome.append(tensor.type.text)
        sources.append(
          TensorSource(name: tensor.name, shape: tensor.shape, type: tensor.type, bytes: try file.bytes(of: tensor)))
      } else {
        lines.append(
          Line(
            name: tensor.name, shape: tensor.shape, outcome: "elements of type \(tensor.type.text) cannot be written",
            isTaken: false))
        continue
      }
      if (file as? CaffeFile)?.exchangedTensor == tensor.name { outcome.append("input channels from BGR to RGB") }
      if let source = pyTorch?.source(of: tensor) {
        if let strides = source.strides { outcome.append("strides \(strides) to row-major order") }
        if let storage = source.sharedStorage { outcome.append("copied from the shared storage \(storage)") }
      }
      lines.append(
        Line(name: tensor.name, shape: tensor.shape, outcome: outcome.joined(separator: ", "), isTaken: true))
    }
    lines += (pyTorch?.leftOut ?? []).map { Line(name: $0.name, shape: nil, outcome: $0.reason, isTaken: false) }
    guard !sources.isEmpty else { throw FileError(file.path, "has no tensor that can be written") }
    (self.lines, self.sources) = (lines, sources)
  }

  /// Writes the file, which appears complete and durable or not at all.
  package func write(to path: String, as format: WeightFormat) throws(FileError) {
    try format.write(sources, to: path, metadata: metadata)
  }
}

extension ElementType {
  /// "float16".
  package var text: String {
    switch self {
    case .boolean: "bool"
    case .unsigned8: "uint8"
    case .signed8: "int8"
    case .signed16: "int16"
    case .unsigned16: "uint16"
    case .signed32: "int32"
    case .unsigned32: "uint32"
    case .signed64: "int64"
    case .unsigned64: "uint64"
    case .float16: "float16"
    case .bfloat16: "bfloat16"
    case .float32: "float32"
    case .float64: "float64"
    case .complex64: "complex64"
    case .float8E5M2, .float8E4M3, .float8E8M0: rawValue
    }
  }
}
