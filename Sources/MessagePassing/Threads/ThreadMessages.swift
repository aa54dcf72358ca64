/// Messages of ``ThreadCommunicator`` that are on their way; what is sent is copied at once.
final class ThreadMessages: MessagesUnderWay {
  private let rank: Int
  private let meeting: Meeting
  private var awaited: [Message] = []

  init(rank: Int, meeting: Meeting) { (self.rank, self.meeting) = (rank, meeting) }

  func add(_ message: Message) {
    if message.isOutgoing {
      meeting.post(Array(message.bytes), from: rank, to: message.other, tag: message.tag)
    } else {
      awaited.append(message)
    }
  }

  func areDone() throws(MessagePassingError) -> Bool {
    while let message = awaited.first {
      guard let bytes = try meeting.take(from: message.other, to: rank, tag: message.tag) else { return false }
      precondition(bytes.count == message.bytes.count, "\(bytes.count) bytes for \(message.bytes.count)")
      message.bytes.copyBytes(from: bytes)
      awaited.removeFirst()
    }
    return true
  }
}
