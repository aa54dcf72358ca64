import Foundation
import ModelFiles
import TestSupport
import Testing

struct TensorBoardFileTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func checksum(_ bytes: [UInt8]) -> UInt32 { CRC32.checksum(bytes, .castagnoli) }
  private func records() throws -> TensorBoardRecords { try TensorBoardRecords(of: directory.path, checksum: checksum) }

  @Test func `Checksums are those of the standards`() {
    let digits = Array("123456789".utf8)
    #expect(CRC32.checksum(digits) == 0xCBF4_3926)
    #expect(CRC32.checksum(digits, .castagnoli) == 0xE306_9283)
    // RFC 3720, B.4.
    #expect(CRC32.checksum([UInt8](repeating: 0, count: 32), .castagnoli) == 0x8A91_36AA)
    #expect(CRC32.checksum([UInt8](repeating: 0xFF, count: 32), .castagnoli) == 0x62A8_AB43)
  }

  @Test func `Every part of a run has a file behind the ones before, whatever the clock says`() throws {
    for (iteration, time) in [(0, 1000.0), (10, 1000.5), (4, 900.0)] {
      let file = try TensorBoardFile(in: directory.path, resumingAfter: iteration, time: time, host: "h", process: 7)
      var event = TensorBoardEvent(time: time, step: iteration + 1)
      event.add("a", Float(iteration))
      try file.append(event)
    }
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == [
        "events.out.tfevents.0000001000.h.7.0", "events.out.tfevents.0000001001.h.7.0",
        "events.out.tfevents.0000001002.h.7.0",
      ])
    let records = try records()
    #expect(records.events.count == 9)
    #expect(records.events[0].texts(3) == ["brain.Event:2"] && records.events[0].doubles(1) == [1000])
    #expect(
      records.events[3...].filter { $0.messages(7)?.first?.numbers(1) == [1] }.map { $0.numbers(2) } == [[11], [5]])
    // The point at 11 is taken back by the last part, which goes on behind 4.
    #expect(try records.scalars() == ["a": [1: 0, 5: 4]])
  }

  @Test func `Settings, images and the end have the form of the plugins`() throws {
    let file = try TensorBoardFile(in: directory.path, resumingAfter: 0, time: 1, host: "h", process: 7)
    var event = TensorBoardEvent(time: 2, step: 0)
    event.add(settings: [("rate", .number(0.5)), ("name", .text("x")), ("flag", .flag(true))])
    event.add("image", image: [1, 2, 3], width: 30, height: 20)
    event.add(ending: .success)
    try file.append(event)
    let values = try #require(records().events.last?.messages(5)?.first?.messages(1))
    let plugin = try values.map { try $0.messages(9)?.first.map { try #require($0.messages(1)?.first) } }
    #expect(plugin[0]?.texts(1) == ["hparams"] && plugin[2]?.texts(1) == ["hparams"])
    let start = try #require(WireFields(plugin[0]!.bytes(2)[0])?.messages(3)?.first)
    let settings = try #require(start.messages(1))
    #expect(settings.map { $0.texts(1) } == [["rate"], ["name"], ["flag"]])
    #expect(settings[0].messages(2)?[0].doubles(2) == [0.5] && settings[1].messages(2)?[0].texts(3) == ["x"])
    #expect(settings[2].messages(2)?[0].numbers(4) == [1])
    let image = try #require(values[1].messages(4)?.first)
    #expect(image.numbers(1) == [20] && image.numbers(2) == [30] && image.bytes(4) == [[1, 2, 3]])
    #expect(WireFields(plugin[2]!.bytes(2)[0])?.messages(4)?.first?.numbers(1) == [1])
  }

  @Test(arguments: [
    ([0, 1, 2, 3, .nan, 4, .infinity] as [Float], [1, 2, 3, 4] as [Double], [1, 1, 1, 2] as [Double]),
    ([5, 5, 5], [5], [3]), ([], [0], [0]), ([.nan], [0], [0]),
  ])
  func `A distribution counts finite numbers`(numbers: [Float], limits: [Double], counts: [Double]) {
    var numbers = numbers
    let histogram = numbers.withUnsafeMutableBufferPointer { TensorBoardEvent.Histogram($0, intervals: 4) }
    #expect(histogram.limits == limits && histogram.counts == counts)
  }

  @Test func `A directory that cannot be written to is named`() throws {
    #expect {
      _ = try TensorBoardFile(in: directory.path + "/none", resumingAfter: 0, time: 1, host: "h", process: 7)
    } throws: { "\($0)".contains("\(directory.path)/none") }
  }
}
