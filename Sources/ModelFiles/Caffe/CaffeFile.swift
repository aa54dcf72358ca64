import Files

/// A `.caffemodel`: the weights of a network of Caffe, opened for reading.
///
/// A blob is called `LAYER.weight`, `LAYER.bias`, or `LAYER.K` for others, and has the shape that PyTorch gives it. Caffe's programs read
/// images as blue, green, red: the first convolution is given the order red, green, blue.
package final class CaffeFile: TensorFile {
  package let path: String
  package var form: String { "a Caffe model" }
  package let tensors: [TensorEntry]
  package var metadata: [String: String] { [:] }
  package var kept: [String: [Float]] = [:]
  /// The tensor whose input channels are given another order; nil when no convolution has three.
  package let exchangedTensor: String?

  private let descriptor: Descriptor
  private let blobs: [String: CaffeNetwork.Blob]
  private let entries: [String: TensorEntry]

  /// Opens a file and validates its blobs against its size.
  package init(_ path: String, calls: any SystemCalls = LinuxCalls()) throws(FileError) {
    self.path = path
    descriptor = try Descriptor(path, calls: calls)
    let network = try CaffeNetwork(descriptor, byteCount: Int(descriptor.status().st_size))
    var blobs: [String: CaffeNetwork.Blob] = [:]
    var entries: [String: TensorEntry] = [:]
    var exchanged: String?
    for layer in network.layers {
      for (index, blob) in layer.blobs.enumerated() {
        let name = Self.name(of: index, in: layer)
        guard blobs.updateValue(blob, forKey: name) == nil else {
          throw FileError(path, tensor: name, "is there twice")
        }
        entries[name] = TensorEntry(name: name, type: blob.type, shape: Self.shape(of: blob, index, in: layer))
      }
      if exchanged == nil, layer.type == "Convolution", case let shape = layer.blobs[0].shape, shape.count == 4 {
        exchanged = shape[1] == 3 ? Self.name(of: 0, in: layer) : ""
      }
    }
    guard !entries.isEmpty else {
      throw FileError(path, "a Caffe model without weights: no layer has a blob")
    }
    (self.blobs, self.entries) = (blobs, entries)
    exchangedTensor = exchanged == "" ? nil : exchanged
    tensors = entries.values.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  private static func name(of index: Int, in layer: CaffeNetwork.Layer) -> String {
    // The layers fc6 and fc7 of a classifier are no convolutions as those of a detector are.
    let name = layer.type == "InnerProduct" ? "\(layer.name).product" : layer.name
    let isPlain = ["Convolution", "Deconvolution", "InnerProduct", "Normalize", "Scale"].contains(layer.type)
    return isPlain && index < 2 ? "\(name).\(index == 0 ? "weight" : "bias")" : "\(name).\(index)"
  }

  /// The extents without those of 1 that old networks put before them: [1, 1, 1, 64] is [64].
  private static func shape(of blob: CaffeNetwork.Blob, _ index: Int, in layer: CaffeNetwork.Layer) -> [Int] {
    let dimensions =
      switch layer.type {
      case "Convolution", "Deconvolution": index == 0 ? 4 : 1
      case "InnerProduct": index == 0 ? 2 : 1
      default: 1
      }
    let shape = blob.shape
    guard shape.count > dimensions, shape.dropLast(dimensions).allSatisfy({ $0 == 1 }) else { return shape }
    return Array(shape.suffix(dimensions))
  }

  package func tensor(named name: String) -> TensorEntry? { entries[name] }

  package func bytes(of tensor: TensorEntry) throws(FileError) -> [UInt8] {
    guard let blob = blobs[tensor.name] else { preconditionFailure("\(path) has no tensor \(tensor.name)") }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(tensor.count * tensor.type.byteCount)
    for range in blob.ranges { bytes += try descriptor.exactBytes(at: range.lowerBound, count: range.count) }
    return tensor.name == exchangedTensor ? Self.exchangingColours(bytes, tensor) : bytes
  }

  /// Elements of [output, 3, height, width] with the first and the last input channel in each other's place.
  private static func exchangingColours(_ bytes: [UInt8], _ tensor: TensorEntry) -> [UInt8] {
    let plane = tensor.shape[2] * tensor.shape[3] * tensor.type.byteCount
    guard plane > 0 else { return bytes }
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    for start in stride(from: 0, to: bytes.count, by: 3 * plane) {
      for channel in [2, 1, 0] { result += bytes[(start + channel * plane)..<(start + (channel + 1) * plane)] }
    }
    return result
  }

  package func read(_ tensor: TensorEntry, into floats: UnsafeMutableBufferPointer<Float>) throws(FileError) {
    precondition(floats.count == tensor.count, "\(tensor.name) has \(tensor.count) elements, not \(floats.count)")
    let bytes = try bytes(of: tensor)
    bytes.withUnsafeBytes { bytes in
      if tensor.type == .float32 {
        UnsafeMutableRawBufferPointer(floats).copyMemory(from: bytes)
      } else {
        for index in floats.indices {
          floats[index] = Float(bytes.loadUnaligned(fromByteOffset: 8 * index, as: Double.self))
        }
      }
    }
  }
}
