import Datasets
import Detection
import Foundation
import Randomness
import Testing

struct COCOResultsFileTests {
  private func read(_ text: String) throws -> [COCOResultsFile.Detection] {
    try COCOResultsFile(
      Data(text.utf8), file: "results.json", images: [.number(7): 0, .name("a\"\u{e4}\u{1F600}b"): 1],
      labels: [3: 1, 90: 2]
    ).detections
  }

  private func record(
    image: String = "7", category: String = "3", box: String = "[1, 2, 3, 4]", score: String = "0.5"
  ) -> String {
    #"{"image_id": \#(image), "category_id": \#(category), "bbox": \#(box), "score": \#(score)}"#
  }

  @Test func `Records are read whatever their layout and other keys`() throws {
    let text = """
      \u{FEFF}[ {"score":1e-1,"bbox":[0.5,-2,3E0,4.25],"category_id":90,"image_id":7,
        "segmentation":{"size":[1,2],"counts":"a\\\\\\"]}"},"x":[true,false,null,{}]} ,
      {"image_id": 7.0, "category_id": 3, "bbox": [1,2,0,0], "score": -3}]

      """
    let detections = try read(text)
    #expect(detections.map(\.imageIndex) == [0, 0] && detections.map(\.label) == [2, 1])
    let boxes = [COCOBox(x: 0.5, y: -2, width: 3, height: 4.25), COCOBox(x: 1, y: 2, width: 0, height: 0)]
    #expect(detections.map(\.box) == boxes && detections.map(\.score) == [0.1, -3])
    #expect(try read("[]").isEmpty)
  }

  @Test func `Names of images may have escapes`() throws {
    for name in [#""a\"ä😀b""#, #""a\u0022\u00e4\ud83d\uDE00b""#] {
      #expect(try read("[\(record(image: name))]").map(\.imageIndex) == [1])
    }
  }

  /// Against the decimal conversion of the standard library.
  @Test func `Numbers are rounded correctly`() throws {
    var stream = RandomStream(seed: 1, purpose: .test)
    var texts = [
      "0", "-0", "0.1", "9007199254740993", "1.7976931348623157e308", "5e-324", "2.5e-324", "1e23", "8.5e-22",
    ]
    texts += ["0.30000000000000004", "123456789012345678901234567890", "0.000000000000000000000000000001", "1E+2"]
    for _ in 0..<3000 {
      let digits = (0...stream.integer(below: 20)).map { _ in "\(stream.integer(below: 10))" }.joined()
      texts.append("\(1 + stream.integer(below: 9)).\(digits)e\(stream.integer(below: 80) - 40)")
      texts.append("\(Double(stream.next() >> 11) * 0x1p-53 * 640)")
    }
    let numbers = try read("[\(texts.map { record(score: $0) }.joined(separator: ","))]").map(\.score)
    for (text, number) in zip(texts, numbers) {
      #expect(number.bitPattern == Double(text)!.bitPattern, "\(text)")
    }
  }

  struct Fault: CustomTestStringConvertible, Sendable {
    let text: String
    let message: String
    var testDescription: String { message }

    init(_ text: String, _ message: String) {
      (self.text, self.message) = (text, message)
    }
  }

  static let good = #"{"image_id": 7, "category_id": 3, "bbox": [1, 2, 3, 4], "score": 0.5}"#

  /// The third record, in the second line.
  private static func third(_ record: String) -> String { "[\(good),\n\(good), \(record)]" }

  @Test(arguments: [
    Fault(third(#"{"image_id": 8}"#), ":2: results[2].image_id: 8 is none of the 2 images of the ground truth"),
    Fault(third(#"{"image_id": "x7"}"#), #":2: results[2].image_id: "x7" is none of the 2 images of the ground truth"#),
    Fault(third(#"{"image_id": 7.5}"#), ":2: results[2].image_id: expected a whole number, found 7.5"),
    Fault(third(#"{"category_id": 4}"#), ":2: results[2].category_id: 4 is none of the 2 categories"),
    Fault(third(#"{"category_id": "dog"}"#), #":2: results[2].category_id: expected a whole number, found "dog""#),
    Fault(
      third(#"{"bbox": [1, 2, 3]}"#), ":2: results[2].bbox: expected four numbers, x, y, width and height, found 3"),
    Fault(third(#"{"bbox": [1, 2, -3, 4]}"#), ":2: results[2].bbox: the size -3.0 × 4.0 is negative"),
    Fault(third(#"{"bbox": [1, NaN, 3, 4]}"#), ":2: results[2].bbox[1]: expected a number, found NaN"),
    Fault(third(#"{"bbox": [1, 2, 3, 1e999]}"#), ":2: results[2].bbox[3]: 1e999 is too large for a number"),
    Fault(third(#"{"bbox": {"x": 1}}"#), ":2: results[2].bbox: expected a list, found an object"),
    Fault(third(#"{"score": "half"}"#), #":2: results[2].score: expected a number, found "half""#),
    Fault(third(#"{"score": null}"#), ":2: results[2].score: expected a number, found null"),
    Fault(third(#"{"score": 01}"#), ":2: results[2].score: expected a number, found 01"),
    Fault(third(#"{"score": .5}"#), ":2: results[2].score: expected a number, found .5"),
    Fault(
      third(#"{"image_id": 7, "category_id": 3, "bbox": [1, 2, 3, 4]}"#), ":2: results[2]: score is missing"),
    Fault(third(#"{"category_id": 3, "bbox": [1, 2, 3, 4], "score": 1}"#), ":2: results[2]: image_id is missing"),
    Fault(third("7"), ":2: results[2]: expected an object, found 7"),
    Fault("[\(good), \(good.prefix(30))", "results[1].category_id: the file ends where a number was expected; perhaps"),
    Fault("[\(good), \(good.prefix(5))", "results[1]: the file ends where the end of the text was expected; perhaps"),
    Fault(
      "[\(good)", "results: the file ends where a comma or the end of the list was expected; perhaps it is cut off"),
    Fault("[\(good)] [", "results: expected the end of the file, found a list"),
    Fault("[\(good) \(good)]", "results: expected a comma or the end of the list, found an object"),
    Fault("{}", "results: expected a list, found an object"),
    Fault("", "results: the file ends where a list was expected"),
    Fault(third(#"{"other": \#(String(repeating: "[", count: 100_000))"#), "nested more than 200 deep"),
    Fault(third(#"{"other": nul}"#), "results[2].other: expected a value, found nul"),
    Fault(third(#"{"other": "\x"}"#), "results[2].other: expected an escaped character, found x"),
  ])
  func `A fault is named with line, record and key`(fault: Fault) throws {
    let error = try #require(throws: DatasetError.self) { try read(fault.text) }
    #expect(error.description.hasPrefix("results.json:"))
    #expect(error.description.contains(fault.message), "\(error)")
  }

  /// Cut at any byte, a file is refused.
  @Test func `A file that is cut off is refused wherever it is cut`() {
    let bytes = Array("[\(record(image: #""a\u0022\u00e4\ud83d\uDE00b""#)), \(Self.good)]".utf8)
    for count in 0..<bytes.count {
      #expect(throws: DatasetError.self, "\(count)") {
        try COCOResultsFile(
          Data(bytes[..<count]), file: "results.json", images: [.number(7): 0, .name("a\"ä😀b"): 1], labels: [3: 1])
      }
    }
  }
}
