import Files
import Foundation
import ModelFiles
import TestSupport
import Testing

struct SafetensorsTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
  }

  private func write(header: String, data: [UInt8] = [], length: Int? = nil) throws -> String {
    try write(Array(header.utf8), data: data, length: length)
  }

  private func write(_ header: [UInt8], data: [UInt8], length: Int? = nil) throws -> String {
    let path = directory.path + "/file.safetensors"
    let count = UInt64(bitPattern: Int64(length ?? header.count))
    let prefix = (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * UInt64($0))) }
    try Data(prefix + header + data).write(to: URL(fileURLWithPath: path))
    return path
  }

  @Test func `What is written is read back, in the order of names`() throws {
    let path = directory.path + "/a.safetensors"
    let values: [Float] = [1, -2.5, .infinity, 0x1p-149, -0.0, 3]
    let tensors = [
      TensorSource(name: "z", shape: [2, 3]) { _ = $0.update(fromContentsOf: values) },
      TensorSource(name: "a\"ß", shape: [1]) { $0[0] = 7 },
      TensorSource(name: "empty", shape: [0, 4]) { _ in },
      TensorSource(name: "scalar", shape: []) { $0[0] = 8 },
    ]
    let metadata = ["text": "lines\nand \"quotes\" \u{1}", "ключ": "значение 🚀"]
    try tensors.writeSafetensors(to: path, metadata: metadata)
    let file = try SafetensorsFile(path)
    #expect(file.tensors.map(\.name) == ["a\"ß", "empty", "scalar", "z"])
    #expect(file.metadata == metadata)
    let z = try #require(file.tensor(named: "z"))
    #expect(z.shape == [2, 3])
    #expect(try file.floats(of: z).map(\.bitPattern) == values.map(\.bitPattern))
    #expect(try file.floats(of: #require(file.tensor(named: "scalar"))) == [8])
    #expect(try file.floats(of: #require(file.tensor(named: "empty"))) == [])
    #expect(file.tensor(named: "y") == nil)
    #expect(try file.parametersSHA256() == tensors.parametersSHA256())
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(bytes[0] % 8 == 0, "the low byte of the header's length")
  }

  /// SHA-256 of the bytes 0000803f 00000040, by coreutils' sha256sum.
  @Test func `The parameter hash is that of the little-endian floats in name order`() {
    let tensors = [
      TensorSource(name: "b", shape: [1]) { $0[0] = 2 }, TensorSource(name: "a", shape: [1]) { $0[0] = 1 },
    ]
    #expect(tensors.parametersSHA256() == "b9c80b5adeca450753a16950c3cc655d271f7bef7a485bc83f112b72fef21d37")
  }

  @Test func `Other floating-point types are converted`() throws {
    let header = """
      {"double":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},\
      "half":{"dtype":"F16","shape":[2],"data_offsets":[8,12]},\
      "brain":{"dtype":"BF16","shape":[2],"data_offsets":[12,16]},\
      "integer":{"dtype":"I32","shape":[1],"data_offsets":[16,20]}}
      """
    let double = withUnsafeBytes(of: (0.1).bitPattern.littleEndian, Array.init)
    // Halves: 1.5 and the smallest subnormal, 2⁻²⁴. Brain floats: 1 and −2.
    let path = try write(
      header: header, data: double + [0x00, 0x3E, 0x01, 0x00] + [0x80, 0x3F, 0x00, 0xC0] + [1, 0, 0, 0])
    let file = try SafetensorsFile(path)
    #expect(try file.floats(of: #require(file.tensor(named: "double"))) == [0.1])
    #expect(try file.floats(of: #require(file.tensor(named: "half"))) == [1.5, 0x1p-24])
    #expect(try file.floats(of: #require(file.tensor(named: "brain"))) == [1, -2])
    let integer = try #require(file.tensor(named: "integer"))
    #expect(throws: FileError(path, tensor: "integer", "I32 elements cannot be read as float32")) {
      try file.floats(of: integer)
    }
  }

  @Test(
    arguments: [
      (#"[]"#, 0, nil, "the header is not a JSON object"),
      (#""#, 0, nil, "the header is not a JSON object"),
      (#"{"a":"#, 0, nil, "header: not valid JSON: The given data was not valid JSON."),
      (#"{"a":3}"#, 0, "a", "header: a value of the wrong type"),
      (#"{"a":{"dtype":"F32","shape":[1]}}"#, 4, "a", "header: data_offsets is missing"),
      (
        #"{"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}"#, 4, "a",
        "header: a value of the wrong type in shape"
      ),
      (#"{"a":{"dtype":"F32","shape":null,"data_offsets":[0,4]}}"#, 4, "a", "header: null instead of a value in shape"),
      (#"{"__metadata__":{"k":1}}"#, 0, "__metadata__", "header: a value of the wrong type in k"),
      (#"{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}"#, 4, "a", "unknown dtype 'F31'"),
      (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4, "a", "negative extent in shape [-1]"),
      (
        #"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}"#, 4, "a",
        "shape [4294967296, 4294967296] has more bytes than can be counted"
      ),
      (
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4, "a",
        "shape [2] of F32 takes 8 bytes, data_offsets hold 4"
      ),
      (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4, "a", "data_offsets [4, 0] are not a range"),
      (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, 4, "a", "data_offsets [0] are not a range"),
      (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#, 4, "a", "data_offsets [-4, 0] are not a range"),
      (
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 3, "a",
        "ends at byte 4 of the data, the file at byte 3"
      ),
      (
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "a",
        "data_offsets [4, 8] leaves a hole before it, which ends at 0"
      ),
      (
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
        8,
        "b", "data_offsets [4, 8] overlaps the tensor before it, which ends at 8"
      ),
      (
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 5, nil,
        "the tensors end at byte 4 of the data, the file at byte 5"
      ),
      (
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\u0061":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
        4, nil, "the header has the key 'a' more than once"
      ),
      (
        #"{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4, nil,
        "the header has the key 'dtype' more than once"
      ),
    ] as [(String, Int, String?, String)])
  func `A header that lies is refused by name and reason`(
    header: String, dataByteCount: Int, tensor: String?, reason: String
  ) throws {
    let path = try write(header: header, data: Array(repeating: 0, count: dataByteCount))
    #expect(throws: FileError(path, tensor: tensor, reason)) { try SafetensorsFile(path) }
  }

  @Test(arguments: [-1, Int.max, 100_000_001, 9, 3_000_000])
  func `A header length beyond the file is refused before memory is taken`(length: Int) throws {
    let path = try write(header: "{}", length: length)
    let error = #expect(throws: FileError.self) { try SafetensorsFile(path) }
    #expect(error?.reason.hasPrefix("not a safetensors file: a header of ") == true)
  }

  @Test func `A file that is missing, short or no file is refused`() throws {
    let missing = directory.path + "/missing"
    #expect(throws: FileError(missing, cannot: "open", errorNumber: ENOENT)) { try SafetensorsFile(missing) }
    #expect(throws: FileError(directory.path, "a directory, not a file of weights")) {
      try SafetensorsFile(directory.path)
    }
    let short = directory.path + "/short"
    try Data([1, 2, 3]).write(to: URL(fileURLWithPath: short))
    #expect(throws: FileError(short, "not a safetensors file: 3 bytes are too few for a header")) {
      try SafetensorsFile(short)
    }
  }

  @Test func `A file truncated after it was opened is refused`() throws {
    let path = directory.path + "/a.safetensors"
    try [TensorSource(name: "a", shape: [1000]) { $0.update(repeating: 1) }].writeSafetensors(to: path)
    let file = try SafetensorsFile(path)
    truncate(path, 2000)
    let error = #expect(throws: FileError.self) { try file.floats(of: file.tensors[0]) }
    #expect(error?.reason.hasPrefix("ends at byte 2000, ") == true)
  }

  /// Whatever the header says, opening either fails with the typed error or yields tensors that can all be read and that
  /// fill the data exactly.
  @Test func `No mutation of a header crashes the reader`() throws {
    let header = Array(
      """
      {"__metadata__":{"iteration":"12","k":"v\\n"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},\
      "b.weight":{"dtype":"F16","shape":[4],"data_offsets":[24,32]},"c":{"dtype":"I64","shape":[],"data_offsets":[32,40]}}
      """.utf8)
    let data = [UInt8](repeating: 0x3C, count: 40)
    let tokens = [
      "{", "}", "[", "]", ",", ":", "\"", "\\", "-1", "0", "1e99", "9223372036854775807", "18446744073709551616",
      "null",
      "true", "\\u0000", "\\ud800", "\u{FEFF}", "{\"a\":{}}", "[[[[[[[[", "data_offsets", "F64", "4294967296",
    ].map { Array($0.utf8) }
    var state: UInt64 = 1
    func random(below bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    var accepted = 0
    for _ in 0..<20000 {
      var mutant = header
      for _ in 0...random(below: 3) where !mutant.isEmpty {
        let place = random(below: mutant.count)
        switch random(below: 5) {
        case 0: mutant[place] = UInt8(random(below: 256))
        case 1: mutant.removeSubrange(place..<min(mutant.count, place + 1 + random(below: 12)))
        case 2: mutant.insert(contentsOf: tokens[random(below: tokens.count)], at: place)
        case 3: mutant[place] = UInt8(ascii: "0") + UInt8(random(below: 10))
        default: mutant.replaceSubrange(place..<place + 1, with: tokens[random(below: tokens.count)])
        }
      }
      do {
        let valid = try SafetensorsHeader(json: mutant, dataByteCount: data.count, path: "mutant")
        accepted += 1
        var byteCount = 0
        for tensor in valid.tensors { byteCount += tensor.count * tensor.type.byteCount }
        #expect(byteCount == data.count)
        guard accepted.isMultiple(of: 50) else { continue }
        let file = try SafetensorsFile(write(mutant, data: data))
        for tensor in file.tensors where tensor.type.isReadable {
          #expect(try file.floats(of: tensor).count == tensor.count)
        }
      } catch let error as FileError {
        #expect(error.path == "mutant" && !error.reason.isEmpty)
      }
    }
    // Mutations inside names and texts leave a valid header; most others do not.
    #expect(accepted > 400 && accepted < 15000)
  }

  /// Files cut at every length, and with every bit of the length field flipped.
  @Test func `No torn file crashes the reader`() throws {
    let path = directory.path + "/a.safetensors"
    try [TensorSource(name: "a", shape: [3]) { $0.update(repeating: 1) }].writeSafetensors(to: path)
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
    for bit in 0..<64 {
      var bytes = whole
      bytes[bit / 8] ^= 1 << (bit % 8)
      try file.seek(toOffset: 0)
      try file.write(contentsOf: bytes)
      #expect(throws: FileError.self) { try SafetensorsFile(path) }
    }
    for length in (0..<whole.count).reversed() {
      try file.seek(toOffset: 0)
      try file.write(contentsOf: whole)
      try file.truncate(atOffset: UInt64(length))
      #expect(throws: FileError.self) { try SafetensorsFile(path) }
    }
  }
}
