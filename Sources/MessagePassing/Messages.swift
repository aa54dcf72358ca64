/// A message to or from one other rank.
package struct Message {
  /// The rank that it goes to or comes from.
  package let other: Int
  /// Messages of one tag between two ranks arrive in the order in which they were sent.
  package let tag: Int
  /// What is sent, or the place of what comes. It stays where it is, and is left alone, until the message is done.
  package let bytes: UnsafeMutableRawBufferPointer
  /// Whether it is sent.
  package let isOutgoing: Bool

  private init(_ bytes: UnsafeMutableRawBufferPointer, _ other: Int, _ tag: Int, isOutgoing: Bool) {
    (self.bytes, self.other, self.tag, self.isOutgoing) = (bytes, other, tag, isOutgoing)
  }

  /// What goes to another rank.
  package init(sending bytes: UnsafeMutableRawBufferPointer, to other: Int, tag: Int) {
    self.init(bytes, other, tag, isOutgoing: true)
  }

  /// What comes from another rank, which sends as many bytes.
  package init(receiving bytes: UnsafeMutableRawBufferPointer, from other: Int, tag: Int) {
    self.init(bytes, other, tag, isOutgoing: false)
  }

  /// The same in pieces of so many bytes at most, in order.
  package func pieces(of most: Int) -> [Message] {
    stride(from: 0, to: bytes.count, by: most).map { start in
      Message(
        UnsafeMutableRawBufferPointer(rebasing: bytes[start..<min(bytes.count, start + most)]), other, tag,
        isOutgoing: isOutgoing)
    }
  }
}

/// Messages that are on their way.
package protocol MessagesUnderWay: AnyObject {
  /// Moves them on. Whether all have arrived, or may be overwritten.
  func areDone() throws(MessagePassingError) -> Bool
}
