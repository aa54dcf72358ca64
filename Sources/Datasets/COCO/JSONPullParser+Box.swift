import Detection
import Foundation

extension JSONPullParser {
  /// Passes a list of finite numbers.
  package mutating func numbers() throws(Fault) -> [Double] {
    var numbers: [Double] = []
    try forEachElement { parser, _ throws(Fault) in numbers.append(try parser.lenientNumber()) }
    return numbers
  }

  /// Passes a box [x, y, width, height] of finite numbers, the last two of which are not negative.
  package mutating func box() throws(Fault) -> COCOBox {
    let start = position
    let values = try numbers()
    guard values.count == 4 else {
      throw Fault(position: start, reason: "expected four numbers, x, y, width and height, found \(values.count)")
    }
    let box = COCOBox(values)
    if let reason = box.negativeSize { throw Fault(position: start, reason: reason) }
    return box
  }
}

extension COCOBox {
  /// Takes x, y, width and height.
  package init(_ values: [Double]) {
    self.init(x: values[0], y: values[1], width: values[2], height: values[3])
  }

  /// What is wrong with a width or height below 0.
  var negativeSize: String? {
    width >= 0 && height >= 0 ? nil : "the size \(width) × \(height) is negative"
  }
}

extension FractionCheck {
  /// Takes a box whose image is not known.
  package mutating func add(_ box: COCOBox, at place: @autoclosure () -> AnnotationPlace) {
    add((box.x, box.y, box.width, box.height), hasArea: box.width > 0 && box.height > 0, at: place())
  }
}

extension AnnotationPlace {
  /// A value of a file that is read as a whole.
  package init(_ parser: JSONPullParser, _ position: Int, file: String, object: String) {
    self.init { DatasetError(file: file, line: parser.line(of: position), object: object, reason: $0) }
  }
}

extension AnnotationFile {
  /// Reads the text of the file as a whole.
  ///
  /// - Parameter root: what messages call the outermost value.
  func parse<Value>(
    _ text: Data, root: String = "", _ body: (inout JSONPullParser) throws(JSONPullParser.Fault) -> Value
  ) throws(DatasetError) -> Value {
    try JSONPullParser.parse(try json(text)) { parser throws(DatasetError) in
      do throws(JSONPullParser.Fault) {
        return try body(&parser)
      } catch {
        if let refusal = refusal(of: text) { throw refusal }
        let object = root + error.path
        throw DatasetError(
          file: path, line: parser.line(of: error.position), object: object.isEmpty ? nil : object, reason: error.reason
        )
      }
    }
  }
}
