import Foundation
import Testing

/// The events that a reader of TensorBoard has of a run directory.
package struct TensorBoardRecords {
  /// Events of all files in the order of their names; each is the message as it was written.
  package let events: [WireFields]

  /// Reads every record of every file; what stands around the messages is checked by `checksum`, CRC-32C.
  ///
  /// - Throws: an expectation that failed.
  package init(of directory: String, checksum: ([UInt8]) -> UInt32) throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.contains("tfevents") }
      .sorted()
    var events: [WireFields] = []
    for name in names {
      var rest = Array(try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\(name)")))[...]
      func take(_ count: Int) throws -> [UInt8] {
        try #require(rest.count >= count, "\(name) ends within a record")
        defer { rest.removeFirst(count) }
        return Array(rest.prefix(count))
      }
      func number(_ bytes: [UInt8]) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
      func masked(_ bytes: [UInt8]) -> UInt64 {
        let sum = checksum(bytes)
        return UInt64((sum >> 15 | sum << 17) &+ 0xA282_EAD8)
      }
      while !rest.isEmpty {
        let length = try take(8)
        #expect(number(try take(4)) == masked(length), "\(name)")
        let message = try take(Int(number(length)))
        #expect(number(try take(4)) == masked(message), "\(name)")
        events.append(try #require(WireFields(message)))
      }
    }
    self.events = events
  }

  /// The values of a tag by step, as a reader has them that drops what a later START of a session takes back.
  ///
  /// - Throws: an expectation that failed: a step that comes twice.
  package func scalars() throws -> [String: [Int: Float]] {
    var tags: [String: [Int: Float]] = [:]
    for event in events {
      let step = event.numbers(2).first ?? 0
      if event.messages(7)?.first?.numbers(1) == [1] {
        tags = tags.mapValues { $0.filter { $0.key < step } }
      }
      for value in event.messages(5)?.first?.messages(1) ?? [] {
        guard let number = value.floats(2).first else { continue }
        let tag = value.texts(1)[0]
        #expect(tags[tag, default: [:]].updateValue(number, forKey: step) == nil, "\(tag) at \(step) twice")
      }
    }
    return tags
  }
}
