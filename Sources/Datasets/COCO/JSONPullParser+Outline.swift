/// The box around an outline: what `segmentation` of an annotation holds.
extension JSONPullParser {
  /// Passes polygons or a run-length encoded mask.
  ///
  /// - Returns: left and upper edge, width and height in continuous pixels; nothing without a polygon of three points or
  ///   a pixel of the mask.
  mutating func boxAroundOutline() throws(Fault) -> [Double]? {
    do {
      if takeNull() { return nil }
      return isAtObject() ? try boxAroundMask() : try boxAroundPolygons()
    } catch {
      throw error.inside("segmentation")
    }
  }

  /// A list of lists x, y, x, y, …, or one such list alone.
  private mutating func boxAroundPolygons() throws(Fault) -> [Double]? {
    var points = OutlineBounds()
    var single: [Double] = []
    try forEachElement { parser, _ throws(Fault) in
      if parser.isAtList() {
        points.add(polygon: try parser.numbers())
      } else {
        single.append(try parser.lenientNumber())
      }
    }
    points.add(polygon: single)
    return points.box
  }

  /// Runs of pixels without and with the object by turns, down the columns: `{"size": [height, width], "counts": …}`.
  private mutating func boxAroundMask() throws(Fault) -> [Double]? {
    let start = position
    var runs: [Int] = []
    var size: [Int] = []
    try forEachMember { parser, key throws(Fault) in
      switch key {
      case "size":
        try parser.forEachElement { parser, _ throws(Fault) in size.append(try parser.lenientInteger()) }
      case "counts" where parser.isAtString():
        let start = parser.position
        guard let decoded = RunLengths(compressed: try parser.string()) else {
          throw Fault(position: start, reason: "is no run-length encoded mask")
        }
        runs = decoded.runs
      case "counts":
        try parser.forEachElement { parser, _ throws(Fault) in runs.append(try parser.lenientInteger()) }
      default: try parser.skip()
      }
    }
    guard size.count == 2, size.allSatisfy({ (1...1 << 20).contains($0) }) else {
      throw Fault(position: start, reason: "size: expected height and width, found \(size)")
    }
    let pixels = size[0] * size[1]
    guard runs.allSatisfy({ (0...pixels).contains($0) }), runs.reduce(0, { min($0 + $1, pixels + 1) }) == pixels else {
      throw Fault(
        position: start, reason: "counts: the runs are not those of \(size[0]) rows and \(size[1]) columns")
    }
    return RunLengths(runs).box(height: size[0])
  }
}

/// The smallest rectangle around points.
private struct OutlineBounds {
  private var (xMin, yMin, xMax, yMax) = (Double.infinity, Double.infinity, -Double.infinity, -Double.infinity)

  /// Takes x, y, x, y, … of at least three points.
  mutating func add(polygon: [Double]) {
    if polygon.count < 6 { return }
    for start in stride(from: 0, to: polygon.count - 1, by: 2) {
      let (x, y) = (polygon[start], polygon[start + 1])
      (xMin, yMin, xMax, yMax) = (min(xMin, x), min(yMin, y), max(xMax, x), max(yMax, y))
    }
  }

  var box: [Double]? { xMin <= xMax ? [xMin, yMin, xMax - xMin, yMax - yMin] : nil }
}

/// Lengths of runs of pixels without and with an object by turns, down the columns.
struct RunLengths {
  let runs: [Int]

  init(_ runs: [Int]) {
    self.runs = runs
  }

  /// Decodes the text that pycocotools makes of the lengths; nothing for other text.
  ///
  /// A length, from the fourth on less the one two before, is written by five bits a character, the lowest first.
  ///
  /// ### Source
  /// `rleFrString` in `maskApi.c` of pycocotools 2.0.11.
  init?(compressed text: String) {
    var runs: [Int] = []
    var (value, shift) = (0, 0)
    for byte in text.utf8 {
      guard (48..<112).contains(byte), shift < 60 else { return nil }
      let bits = Int(byte) - 48
      value |= (bits & 0x1F) << shift
      shift += 5
      if bits & 0x20 != 0 { continue }
      if bits & 0x10 != 0 { value |= -1 << shift }
      if runs.count > 2 { value &+= runs[runs.count - 2] }
      runs.append(value)
      (value, shift) = (0, 0)
    }
    if shift != 0 { return nil }
    self.runs = runs
  }

  /// Left and upper edge, width and height of the pixels of the object; nothing without any.
  func box(height: Int) -> [Double]? {
    var (left, right, top, bottom) = (Int.max, -1, Int.max, -1)
    var start = 0
    for (index, run) in runs.enumerated() {
      let last = start + run - 1
      if index % 2 == 1, run > 0 {
        left = min(left, start / height)
        right = max(right, last / height)
        let isOneColumn = start / height == last / height
        top = isOneColumn ? min(top, start % height) : 0
        bottom = isOneColumn ? max(bottom, last % height) : height - 1
      }
      start += run
    }
    if right < 0 { return nil }
    return [left, top, right - left + 1, bottom - top + 1].map(Double.init)
  }
}
