import Files
import Foundation
import Tensors

/// A safetensors file opened for reading; its header has been validated, so every tensor it lists is there in full.
///
/// The format: the header's length as 8 bytes little-endian, the header (JSON), the tensors' bytes.
package final class SafetensorsFile: TensorFile {
  /// Where the file is.
  package let path: String
  package var form: String { "safetensors" }
  /// By name, in UTF-8 order.
  package let tensors: [TensorEntry]
  /// The entry `__metadata__`; empty when there is none.
  package let metadata: [String: String]
  private let byteRanges: [String: Range<Int>]
  private let dataStart: Int
  private let descriptor: Descriptor
  package var kept: [String: [Float]] = [:]

  /// Opens a file and validates its header against the file's size.
  package init(_ path: String, calls: any SystemCalls = LinuxCalls()) throws(FileError) {
    self.path = path
    descriptor = try Descriptor(path, calls: calls)
    let status = try descriptor.status()
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw FileError(path, "a directory, not a file of weights")
    default: throw FileError(path, "not a regular file")
    }
    if let reason = FileSignature(of: descriptor)?.refusalAsSafetensors(path) { throw FileError(path, reason) }
    let fileByteCount = Int(status.st_size)
    guard fileByteCount >= 8 else {
      throw FileError(path, "not a safetensors file: \(fileByteCount) bytes are too few for a header")
    }
    let length = try Self.bytes(of: descriptor, at: 0, count: 8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= SafetensorsHeader.maximumByteCount, Int(length) <= fileByteCount - 8 else {
      throw FileError(
        path, "not a safetensors file: a header of \(length) bytes does not fit in a file of \(fileByteCount)")
    }
    dataStart = 8 + Int(length)
    let header = try SafetensorsHeader(
      json: try Self.bytes(of: descriptor, at: 8, count: Int(length)), dataByteCount: fileByteCount - dataStart,
      path: path)
    tensors = header.tensors
    byteRanges = header.byteRanges
    metadata = header.metadata
  }

  /// Bytes that must be there.
  private static func bytes(of file: Descriptor, at offset: Int, count: Int) throws(FileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    try bytes.withUnsafeMutableBufferPointer { (buffer) throws(FileError) in
      try file.fill(UnsafeMutableRawBufferPointer(buffer), at: offset)
    }
    return bytes
  }

  /// The entry of a tensor; nil when the file does not have it.
  package func tensor(named name: String) -> TensorEntry? {
    byteRanges[name] == nil ? nil : tensors.first { $0.name == name }
  }

  /// Reads a tensor's elements in file order, converted to `Float`.
  ///
  /// - Precondition: the tensor is one of this file's and the buffer has its count.
  /// - Throws: ``FileError`` when elements are no floating-point numbers or the file has changed.
  package func read(_ tensor: TensorEntry, into floats: UnsafeMutableBufferPointer<Float>) throws(FileError) {
    guard let range = byteRanges[tensor.name] else { preconditionFailure("\(path) has no tensor \(tensor.name)") }
    precondition(floats.count == tensor.count, "\(tensor.name) has \(tensor.count) elements, not \(floats.count)")
    let start = dataStart + range.lowerBound
    switch tensor.type {
    case .float32:
      try descriptor.fill(UnsafeMutableRawBufferPointer(floats), at: start)
    case .float16:
      try convert(UInt16.self, at: start, into: floats) { Float(Float16(bitPattern: $0)) }
    case .bfloat16:
      try convert(UInt16.self, at: start, into: floats) { Float(bitPattern: UInt32($0) << 16) }
    case .float64:
      try convert(UInt64.self, at: start, into: floats) { Float(Double(bitPattern: $0)) }
    default:
      throw FileError(path, tensor: tensor.name, "\(tensor.type.rawValue) elements cannot be read as float32")
    }
  }

  package func bytes(of tensor: TensorEntry) throws(FileError) -> [UInt8] {
    guard let range = byteRanges[tensor.name] else { preconditionFailure("\(path) has no tensor \(tensor.name)") }
    return try Self.bytes(of: descriptor, at: dataStart + range.lowerBound, count: range.count)
  }

  /// Reads bit patterns piece by piece and converts them.
  private func convert<Bits: FixedWidthInteger>(
    _: Bits.Type, at start: Int, into floats: UnsafeMutableBufferPointer<Float>, _ value: (Bits) -> Float
  ) throws(FileError) {
    var piece = [Bits](repeating: 0, count: min(floats.count, 65536))
    for first in stride(from: 0, to: floats.count, by: 65536) {
      let count = min(65536, floats.count - first)
      try piece.withUnsafeMutableBufferPointer { (bits) throws(FileError) in
        let filled = UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: bits[..<count]))
        try descriptor.fill(filled, at: start + first * MemoryLayout<Bits>.size)
      }
      for index in 0..<count { floats[first + index] = value(piece[index]) }
    }
  }
}
