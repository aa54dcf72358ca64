/// A line of a label file: a class and a box in fractions of the image.
package struct YOLOLabel {
  /// Counted from 1.
  package let line: Int
  /// The number of the class, from 0.
  package let number: Int
  /// The box, its edges in fractions of the image as it is shown.
  let box: YOLOBox
  /// Whether the line has an outline, of which ``box`` is the box around.
  let isOutline: Bool
  /// The line's numbers, for messages.
  let text: String
}

/// The labels of one image.
package struct YOLOLabelFile {
  /// Those that can be used, in order; lines that repeat an earlier one are left out.
  package private(set) var labels: [YOLOLabel] = []
  /// Lines that cannot be used.
  private(set) var broken: [DatasetError] = []
  /// Lines that repeat an earlier one.
  private(set) var repeated: [DatasetError] = []

  /// Numbers beyond 0 and 1 that rounding may make, as Ultralytics has it.
  private static let tolerance = 0.01

  /// Reads a label file.
  ///
  /// A line has a class and `cx cy width height`, or a class and the points of an outline, three at least: a polygon, or the
  /// corners of a turned box.
  ///
  /// - Parameters:
  ///   - keypointNumbers: how many numbers follow each box.
  ///   - bytes: what is in the file, when it has been read already.
  /// - Throws: `DatasetError` for a file that cannot be read, or is no text.
  package init(contentsOf path: String, keypointNumbers: Int = 0, bytes: [UInt8]? = nil) throws(DatasetError) {
    var seen: Set<[Substring]> = []
    for (index, line) in try YOLOText(contentsOf: path, kind: .labels, bytes: bytes).lines.enumerated() {
      let fields = line.split(whereSeparator: \.isWhitespace)
      if fields.isEmpty { continue }
      do throws(LineFault) {
        let label = try Self.label(fields, line: index + 1, keypointNumbers)
        if seen.insert(fields).inserted {
          labels.append(label)
        } else {
          repeated.append(
            DatasetError(file: path, line: index + 1, reason: "repeats an earlier line, left out"))
        }
      } catch {
        broken.append(DatasetError(file: path, line: index + 1, reason: error.reason))
      }
    }
  }

  private struct LineFault: Error {
    let reason: String
  }

  private static func label(
    _ fields: [Substring], line: Int, _ keypointNumbers: Int
  ) throws(LineFault) -> YOLOLabel {
    let boxLength = 5 + keypointNumbers
    let isOutline = keypointNumbers == 0 && fields.count >= 7 && !fields.count.isMultiple(of: 2)
    // Lines without the points, which people add to an export that has them, can only be boxes.
    guard fields.count == boxLength || fields.count == 5 || isOutline else {
      throw fault(count: fields, keypointNumbers)
    }
    guard let value = number(fields[0]), let number = Int(exactly: value) else {
      throw LineFault(reason: "expected the number of a class, from 0, found \"\(fields[0].prefix(40))\"")
    }
    var values: [Double] = []
    for field in isOutline ? fields[1...] : fields[1..<5] {
      guard let value = Self.number(field) else {
        throw LineFault(reason: "expected a number, found \"\(field.prefix(40))\"")
      }
      values.append(value)
    }
    let text =
      "(\(fields[1..<(isOutline ? fields.count : 5)].prefix(8).joined(separator: ", "))\(fields.count > 9 && isOutline ? ", …" : ""))"
    let range = -tolerance...1 + tolerance
    guard values.allSatisfy(range.contains) else {
      let isPixels = values.contains { $0 > 2 }
      throw LineFault(
        reason: isPixels
          ? "\(text) has numbers that look like pixels: divide horizontal ones by the image's width, vertical ones by its height"
          : "\(text) has numbers outside 0 … 1, which fractions of the image are")
    }
    let decimals = fields[1...].prefix(values.count).map(Self.decimals).max()!
    return YOLOLabel(
      line: line, number: number, box: isOutline ? YOLOBox(around: values, decimals) : YOLOBox(values, decimals),
      isOutline: isOutline, text: text)
  }

  private static func fault(count fields: [Substring], _ keypointNumbers: Int) -> LineFault {
    let expected =
      keypointNumbers > 0
      ? "\(5 + keypointNumbers) numbers, class cx cy width height and those of kpt_shape in data.yaml"
      : "5 numbers, class cx cy width height, or a class and the points of an outline"
    let found = "found \(fields.count): \"\(fields.joined(separator: " ").prefix(60))\""
    let hint = fields.count == 6 ? " (a sixth, as the score of a detection, is none of a label's)" : ""
    return LineFault(reason: "expected \(expected), \(found)\(hint)")
  }

  /// A decimal number; nothing for other text, be it that of an infinite number or a hexadecimal one.
  private static func number(_ field: Substring) -> Double? {
    let isDecimal = field.utf8.allSatisfy { byte in
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "+-.eE".utf8.contains(byte)
    }
    guard isDecimal, let value = Double(field), value.isFinite else { return nil }
    return value
  }

  /// How many digits behind the point a number has; of one with an exponent more than a `Double` tells apart.
  private static func decimals(_ field: Substring) -> Int {
    if field.utf8.contains(where: { "eE".utf8.contains($0) }) { return 17 }
    guard let point = field.utf8.firstIndex(of: UInt8(ascii: ".")) else { return 0 }
    return min(17, field.utf8.distance(from: point, to: field.utf8.endIndex) - 1)
  }
}
