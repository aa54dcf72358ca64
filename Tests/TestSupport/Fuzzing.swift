import Foundation
import Randomness
import Testing

/// Feeds damaged files to a reader, which may refuse them but must neither crash nor hang.
///
/// Case n of a test is damaged in the same way every time. A test reads 2,000 cases; the environment variable
/// `MULTIBOX_FUZZ_CASES` sets another number for all of them, `MULTIBOX_FUZZ_FIRST` (0) the number of the
/// first, and `MULTIBOX_FUZZ_SEED` (1) makes other cases. A case that crashes is the last one of its test: the message
/// of the crash does not tell its number, the file that the test has written last does.
package struct Fuzzing {
  /// How many cases a test reads.
  package static let caseCount =
    ProcessInfo.processInfo.environment["MULTIBOX_FUZZ_CASES"].flatMap { Int($0) } ?? 2_000
  /// The number of the first case.
  private static let first = ProcessInfo.processInfo.environment["MULTIBOX_FUZZ_FIRST"].flatMap { Int($0) } ?? 0
  /// What makes the cases of a run differ from those of another.
  package static let seed = ProcessInfo.processInfo.environment["MULTIBOX_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1
  /// The most processor time that a case may take, in seconds. Those without a fault take some microseconds.
  private static let mostSeconds = 2.0

  private let originals: [[UInt8]]
  private let words: [[UInt8]]

  /// - Parameters:
  ///   - originals: good files.
  ///   - words: what has a meaning in the format, such as brackets.
  package init(_ originals: [[UInt8]], words: [[UInt8]] = []) {
    self.originals = originals
    self.words =
      words + ["", "-1", "0", "1e999", "99999999999999999999", "NaN", "4294967295", "\u{FEFF}"].map { Array($0.utf8) }
  }

  /// Reads all cases.
  ///
  /// - Parameter read: returns whether the file was taken; throws what is no proper refusal.
  /// - Returns: how many of the damaged files were taken and how many refused.
  package func run(
    sourceLocation: SourceLocation = #_sourceLocation, _ read: ([UInt8]) throws -> Bool
  ) -> (taken: Int, refused: Int) {
    var counts = (taken: 0, refused: 0)
    for number in Self.first..<Self.first + Self.caseCount {
      let bytes = self.bytes(ofCase: number)
      let start = Self.processorSeconds
      do {
        if try read(bytes) { counts.taken += 1 } else { counts.refused += 1 }
      } catch {
        Issue.record("seed \(Self.seed), case \(number): \(error)", sourceLocation: sourceLocation)
      }
      let seconds = Self.processorSeconds - start
      if seconds > Self.mostSeconds {
        let text = String(decoding: bytes.prefix(400), as: UTF8.self)
        Issue.record(
          "seed \(Self.seed), case \(number) took \(seconds) s of processor time: \(text.debugDescription)",
          sourceLocation: sourceLocation)
      }
    }
    return counts
  }

  /// Of this thread.
  private static var processorSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// A good file with one to six damages.
  package func bytes(ofCase number: Int) -> [UInt8] {
    var stream = RandomStream(seed: Self.seed, purpose: .test, key: UInt64(number))
    var bytes = originals[number % originals.count]
    for _ in 0...stream.integer(below: 6) { damage(&bytes, &stream) }
    return bytes
  }

  private func damage(_ bytes: inout [UInt8], _ stream: inout RandomStream) {
    /// A short range, often at the start, where headers are.
    func range() -> Range<Int> {
      let end = stream.chance(0.5) ? bytes.count : min(bytes.count, 200)
      let start = stream.integer(below: end + 1)
      return start..<min(bytes.count, start + stream.integer(below: stream.chance(0.8) ? 5 : 100))
    }
    switch stream.integer(below: 8) {
    case 0: for index in range() { bytes[index] ^= 1 << UInt8(stream.integer(below: 8)) }
    case 1: for index in range() { bytes[index] = UInt8(stream.integer(below: 256)) }
    case 2: for index in range() { bytes[index] = [0, 0x7F, 0x80, 0xFF][stream.integer(below: 4)] }
    case 3: bytes.removeSubrange(range())
    case 4:
      let copied = Array(bytes[range()])
      bytes.insert(contentsOf: copied, at: range().lowerBound)
    case 5: bytes.insert(contentsOf: words[stream.integer(below: words.count)], at: range().lowerBound)
    case 6:
      bytes.replaceSubrange(
        self.number(in: bytes, behind: range().lowerBound), with: words[stream.integer(below: words.count)])
    default: if stream.chance(0.3) { bytes.removeLast(stream.integer(below: bytes.count + 1)) }
    }
  }

  /// The next number that is written in digits.
  private func number(in bytes: [UInt8], behind position: Int) -> Range<Int> {
    let isDigit = { (byte: UInt8) in (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    let start = bytes[position...].firstIndex(where: isDigit) ?? bytes.count
    return start..<(bytes[start...].firstIndex { !isDigit($0) } ?? bytes.count)
  }
}
