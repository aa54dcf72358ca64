/// What ranks tell rank 0 about themselves, and its answer: 512 bytes on a connection beside MPI's.
package struct HeartbeatFrame {
  package static let byteCount = 512
  private static let textCapacity = byteCount - 48

  /// The job; frames of anything else are not for us.
  let job: UInt64
  package let rank: Int
  /// The sender's reading; its phase is the text of an answer.
  package let reading: PhaseBoard.Reading
  /// Whether this answer ends the job.
  package var isVerdict = false

  package init(job: UInt64, rank: Int, reading: PhaseBoard.Reading, isVerdict: Bool = false) {
    self.job = job
    self.rank = rank
    self.reading = reading
    self.isVerdict = isVerdict
  }

  package var bytes: [UInt8] {
    var text = Array(reading.phase.utf8.prefix(Self.textCapacity))
    // Cut between characters.
    while !text.isEmpty, String(validating: text, as: UTF8.self) == nil { text.removeLast() }
    var bytes: [UInt8] = []
    let words: [UInt64] = [
      job, UInt64(rank), reading.secondsInPhase.bitPattern, reading.secondsWithoutProgress.bitPattern,
      (reading.waitsForOthers ? 1 : 0) | (isVerdict ? 2 : 0), UInt64(text.count),
    ]
    for word in words {
      withUnsafeBytes(of: word.littleEndian) { bytes += $0 }
    }
    return bytes + text + [UInt8](repeating: 0, count: Self.textCapacity - text.count)
  }
}

extension HeartbeatFrame {
  /// Reads a frame; nil when it is none of the job.
  package init?(_ bytes: some Collection<UInt8>, job: UInt64) {
    let bytes = Array(bytes)
    guard bytes.count == Self.byteCount else { return nil }
    let words = (0..<6).map { word in
      (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[word * 8 + $1]) << UInt64($1 * 8) }
    }
    guard words[0] == job, let rank = Int(exactly: words[1]), words[5] <= Self.textCapacity else { return nil }
    self.job = job
    self.rank = rank
    isVerdict = words[4] & 2 != 0
    reading = PhaseBoard.Reading(
      phase: String(decoding: bytes[48..<48 + Int(words[5])], as: UTF8.self),
      secondsInPhase: Double(bitPattern: words[2]), secondsWithoutProgress: Double(bitPattern: words[3]),
      waitsForOthers: words[4] & 1 != 0)
  }
}
