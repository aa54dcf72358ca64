import Detection

extension JSONPullParser {
  /// Passes a box [x, y, width, height] of finite numbers, the last two of which are not negative.
  mutating func box() throws(Fault) -> COCOBox {
    var box = COCOBox(x: 0, y: 0, width: 0, height: 0)
    var count = 0
    let start = position
    try forEachElement { parser, index throws(Fault) in
      let value = try parser.number()
      switch index {
      case 0: box.x = value
      case 1: box.y = value
      case 2: box.width = value
      default: box.height = value
      }
      count += 1
    }
    guard count == 4 else {
      throw Fault(position: start, reason: "expected four numbers, x, y, width and height, found \(count)")
    }
    guard box.width >= 0, box.height >= 0 else {
      throw Fault(position: start, reason: "the size \(box.width) × \(box.height) is negative")
    }
    return box
  }
}

extension DatasetError {
  /// A fault of a file; `root` is what messages call the outermost value.
  init(_ fault: JSONPullParser.Fault, in parser: JSONPullParser, file: String, root: String = "") {
    let object = root + fault.path
    self.init(
      file: file, line: parser.line(of: fault.position), object: object.isEmpty ? nil : object, reason: fault.reason)
  }
}
