import ModelFiles
import TestSupport
import Testing

/// The bytes are those of protobuf.dev's *Encoding*, or follow from its rules.
struct WireMessageTests {
  @Test func `Fields have the bytes of the format`() {
    #expect(WireMessage { $0.append(1, 150) }.bytes == [0x08, 0x96, 0x01])
    #expect(WireMessage { $0.append(2, "testing") }.bytes == [0x12, 7] + Array("testing".utf8))
    #expect(WireMessage { $0.append(3, WireMessage { $0.append(1, 150) }) }.bytes == [0x1A, 3, 0x08, 0x96, 0x01])
    #expect(WireMessage { $0.append(6, packed: [3, 270, 86942]) }.bytes == [0x32, 6, 3, 0x8E, 2, 0x9E, 0xA7, 5])
    // A negative number has ten bytes.
    #expect(WireMessage { $0.append(1, -1) }.bytes == [0x08] + [UInt8](repeating: 0xFF, count: 9) + [1])
    #expect(WireMessage { $0.append(2, Float(1)) }.bytes == [0x15, 0, 0, 0x80, 0x3F])
    #expect(WireMessage { $0.append(1, 1.0) }.bytes == [0x09, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F])
    #expect(WireMessage { $0.append(20, 7) }.bytes == [0xA0, 0x01, 7])
  }

  @Test func `What was written is read back`() throws {
    let numbers = [0, 1, 127, 128, 16384, .max, .min, -5]
    let message = WireMessage {
      for number in numbers { $0.append(5, number) }
      $0.append(7, packed: [1.5, -.infinity])
      $0.append(9, "größer")
    }
    let fields = try #require(WireFields(message.bytes))
    #expect(fields.numbers(5) == numbers)
    #expect(fields.doubles(7) == [1.5, -.infinity])
    #expect(fields.texts(9) == ["größer"])
  }
}
