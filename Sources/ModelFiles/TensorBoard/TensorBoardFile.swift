import Files
import Foundation

/// A file of events in the directory of a run, which TensorBoard reads while it grows.
///
/// Every part of a run has a file of its own: a record that a killed process left unfinished would make what follows it unreadable. The
/// names sort in the order in which the parts ran. A record is one `write(2)`.
///
/// ### Source
/// tensorboard, `compat/tensorflow_stub/pywrap_tensorflow.py` and `summary/writer`; TensorFlow's *TFRecord* format.
package final class TensorBoardFile {
  private static let prefix = "events.out.tfevents."

  /// Where the file is.
  package let path: String
  private let file: Descriptor

  /// Begins a file for a part of a run. What readers have of later iterations, from a part that was killed, they drop.
  ///
  /// - Parameters:
  ///   - iteration: iterations done before.
  ///   - time: seconds since 1970.
  /// - Throws: `FileError` when the file cannot be made.
  package init(
    in directory: String, resumingAfter iteration: Int, time: Double, host: String, process: Int32,
    calls: any SystemCalls = LinuxCalls()
  ) throws(FileError) {
    let earlier = try Directory.fileNames(in: directory).compactMap(Self.second).max()
    // Behind all that there are, though the clock was set back or has not moved.
    let second = max(Int(time), (earlier ?? -1) + 1)
    let digits = String(second)
    path =
      "\(directory)/\(Self.prefix)\(String(repeating: "0", count: max(0, 10 - digits.count)))\(digits).\(host).\(process).0"
    file = try Descriptor(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND, cannot: "open for writing", calls: calls)
    try append(
      WireMessage {
        $0.append(1, time)
        $0.append(3, "brain.Event:2")
      })
    try append(
      WireMessage {
        $0.append(1, time)
        $0.append(2, iteration + 1)
        // A session log: START.
        $0.append(7, WireMessage { $0.append(1, 1) })
      })
  }

  /// The second in a name, which sorts it.
  private static func second(_ name: String) -> Int? {
    guard name.hasPrefix(prefix) else { return nil }
    return name.dropFirst(prefix.count).split(separator: ".").first.flatMap { Int($0) }
  }

  /// Appends an event.
  package func append(_ event: TensorBoardEvent) throws(FileError) { try append(event.message) }

  private func append(_ message: WireMessage) throws(FileError) {
    let length = Self.littleEndian(UInt64(message.bytes.count))
    try file.write(length + Self.checksum(length) + message.bytes + Self.checksum(message.bytes))
  }

  /// CRC-32C, turned and shifted: checksums of data that have checksums in them are weak.
  private static func checksum(_ bytes: [UInt8]) -> [UInt8] {
    let sum = CRC32.checksum(bytes, .castagnoli)
    return littleEndian((sum >> 15 | sum << 17) &+ 0xA282_EAD8)
  }

  private static func littleEndian(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }
}
