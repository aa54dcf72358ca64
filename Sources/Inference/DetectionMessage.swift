import Detection
import Evaluation
import MessagePassing

/// The detections of an image on their way from the rank that made them to rank 0, every bit kept.
package struct DetectionMessage: Equatable {
  package let imageIndex: Int
  package let detections: [PixelDetection]

  package init(imageIndex: Int, detections: [PixelDetection]) {
    self.imageIndex = imageIndex
    self.detections = detections
  }

  private static let wordsPerDetection = 6

  /// Image index and number of detections, then label, score and box of each; all as 64-bit words.
  package static func encode(_ messages: [DetectionMessage]) -> [UInt8] {
    var words: [UInt64] = []
    for message in messages {
      words += [UInt64(message.imageIndex), UInt64(message.detections.count)]
      for detection in message.detections {
        let box = detection.box
        words.append(UInt64(detection.label))
        words += [detection.score, box.xMin, box.yMin, box.xMax, box.yMax].map(\.bitPattern)
      }
    }
    return words.withUnsafeBytes(Array.init)
  }

  /// The inverse of ``encode(_:)``.
  ///
  /// - Throws: `MessagePassingError` when the bytes are not a whole number of messages.
  package static func decode(_ bytes: [UInt8]) throws(MessagePassingError) -> [DetectionMessage] {
    var words = bytes.withUnsafeBytes { Array($0.bindMemory(to: UInt64.self)) }[...]
    var messages: [DetectionMessage] = []
    while words.count >= 2 {
      let (image, count) = (Int(words.removeFirst()), Int(words.removeFirst()))
      guard words.count >= count * wordsPerDetection else { break }
      let detections = (0..<count).map { _ in
        let numbers = words.prefix(wordsPerDetection).map { Double(bitPattern: $0) }
        let label = Int(words.first!)
        words = words.dropFirst(wordsPerDetection)
        return PixelDetection(
          box: PixelBox(xMin: numbers[2], yMin: numbers[3], xMax: numbers[4], yMax: numbers[5]), label: label,
          score: numbers[1])
      }
      messages.append(DetectionMessage(imageIndex: image, detections: detections))
    }
    guard words.isEmpty, bytes.count.isMultiple(of: 8) else {
      throw MessagePassingError("\(bytes.count) bytes of detections do not end with an image")
    }
    return messages
  }
}
