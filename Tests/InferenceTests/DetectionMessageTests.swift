import Detection
import Evaluation
import Inference
import MessagePassing
import Testing

struct DetectionMessageTests {
  private let messages = [
    DetectionMessage(imageIndex: 3, detections: []),
    DetectionMessage(
      imageIndex: 0,
      detections: [
        PixelDetection(
          box: PixelBox(xMin: -0.0, yMin: 1e-300, xMax: 0.1 + 0.2, yMax: .greatestFiniteMagnitude), label: 20,
          score: 0.1.nextUp),
        PixelDetection(box: PixelBox(xMin: 1, yMin: 2, xMax: 3, yMax: 4), label: 1, score: 1),
      ]),
  ]

  @Test func `Detections arrive as they left`() throws {
    #expect(try DetectionMessage.decode(DetectionMessage.encode(messages)) == messages)
    #expect(try DetectionMessage.decode([]) == [])
  }

  @Test func `Bytes that end inside an image are refused`() {
    let bytes = DetectionMessage.encode(messages)
    for count in [bytes.count - 1, bytes.count - 8, 8, 24] {
      #expect(throws: MessagePassingError.self) { try DetectionMessage.decode(Array(bytes.prefix(count))) }
    }
  }
}
