import Files
import Foundation
import Inference
import ModelFiles
import TestSupport
import Testing

/// Damaged safetensors files; ``Fuzzing`` tells how to read more of them.
struct DamagedSafetensorsTests {
  private static let words = [
    "{", "}", "[", "]", "\"", "\\", "\\u0061", ":", ",", "null", "\"F32\"", "\"F16\"", "\"BOOL\"", "data_offsets",
    "__metadata__",
    "9223372036854775807", "4611686018427387904",
  ]

  private func file(header: String, data: Int) -> [UInt8] {
    let header = Array(header.utf8)
    return (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) } + header
      + (0..<data).map { UInt8($0 & 63) }
  }

  @Test(.timeLimit(.minutes(30))) func `Damaged files are read or refused`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/damaged.safetensors"
    let large = """
      {"__metadata__":{"format":"pt","text":"a \\"b\\" \\u00e9"},"bias":{"dtype":"F64","shape":[2],"data_offsets":[0,16]},\
      "scale":{"dtype":"F16","shape":[],"data_offsets":[16,18]},"weight":{"dtype":"F32","shape":[2,3],"data_offsets":[18,42]}}
      """
    let small = #"{"a":{"dtype":"BF16","shape":[4],"data_offsets":[0,8]}}"#
    let fuzzing = Fuzzing(
      [file(header: large, data: 42), file(header: small, data: 8)], words: Self.words.map { Array($0.utf8) })
    let counts = fuzzing.run { bytes in
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      do { _ = try Checkpoint(contentsOf: path) } catch is FileError {}
      do {
        let file = try SafetensorsFile(path)
        for tensor in file.tensors where tensor.type.isReadable { _ = try file.floats(of: tensor) }
        return true
      } catch is FileError {
        return false
      }
    }
    // Most damages move the bytes that the header refers to.
    #expect(counts.taken > 0 && counts.refused > Fuzzing.caseCount / 2, "\(counts)")
  }

  @Test func `A header in UTF-16 is refused`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/wide.safetensors"
    // The character's bytes are a zero and a quotation mark.
    let text = #"{"\#u{2200}":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}"#
    let header = text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
    try Data(length + header + [0, 0, 0, 0]).write(to: URL(fileURLWithPath: path))
    #expect(throws: FileError(path, "the header is not in UTF-8")) { try SafetensorsFile(path) }
  }
}
