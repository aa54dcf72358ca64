/// The fields of a message in the wire format of protocol buffers, as a test reads them.
package struct WireFields {
  /// In the order of the message.
  package let fields: [(number: Int, content: Content)]

  package enum Content: Equatable {
    case number(UInt64)
    case bytes([UInt8])
  }

  /// Nil for bytes that are no message.
  package init?(_ bytes: some Sequence<UInt8>) {
    var rest = Array(bytes)[...]
    func number() -> UInt64? {
      var value: UInt64 = 0
      for place in 0..<10 {
        guard let byte = rest.popFirst() else { return nil }
        value |= UInt64(byte & 0x7F) << UInt64(7 * place)
        if byte < 0x80 { return value }
      }
      return nil
    }
    func take(_ count: Int) -> [UInt8]? {
      guard count >= 0, count <= rest.count else { return nil }
      defer { rest.removeFirst(count) }
      return Array(rest.prefix(count))
    }
    var fields: [(Int, Content)] = []
    while !rest.isEmpty {
      guard let key = number(), key >> 3 > 0 else { return nil }
      var content: Content?
      switch key & 7 {
      case 0: content = number().map(Content.number)
      case 1: content = take(8).map(Content.bytes)
      case 2: content = number().flatMap { take(Int($0)) }.map(Content.bytes)
      case 5: content = take(4).map(Content.bytes)
      default: break
      }
      guard let content else { return nil }
      fields.append((Int(key >> 3), content))
    }
    self.fields = fields
  }

  /// The integers of a field.
  package func numbers(_ field: Int) -> [Int] {
    fields.compactMap {
      if $0.number == field, case .number(let value) = $0.content { Int(bitPattern: UInt(value)) } else { nil }
    }
  }

  /// What a field holds as bytes.
  package func bytes(_ field: Int) -> [[UInt8]] {
    fields.compactMap { if $0.number == field, case .bytes(let bytes) = $0.content { bytes } else { nil } }
  }

  /// The texts of a field.
  package func texts(_ field: Int) -> [String] { bytes(field).map { String(decoding: $0, as: UTF8.self) } }

  /// The messages of a field; nil when one is none.
  package func messages(_ field: Int) -> [WireFields]? {
    let messages = bytes(field).compactMap { WireFields($0) }
    return messages.count == bytes(field).count ? messages : nil
  }

  /// The doubles of a packed field, or of one that is not.
  package func doubles(_ field: Int) -> [Double] {
    bytes(field).flatMap { bytes in
      stride(from: 0, to: bytes.count / 8 * 8, by: 8).map { start in
        Double(bitPattern: bytes[start..<start + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) })
      }
    }
  }

  /// The floats of a field.
  package func floats(_ field: Int) -> [Float] {
    bytes(field).map { Float(bitPattern: $0.reversed().reduce(0) { $0 << 8 | UInt32($1) }) }
  }
}
