import Foundation

/// The edges of an object's box, or of the box around the shape that some programs write in its place: a turned box
/// (roLabelImg's `<robndbox>`) or an outline (`<polygon>` of LabelMe, Labelbox and Roboflow).
struct PascalVOCShape {
  /// Where it is in the file.
  let line: Int
  let (xMin, yMin): (Double, Double)
  let (xMax, yMax): (Double, Double)

  /// Takes edges as they are.
  init(line: Int, xMin: Double, yMin: Double, xMax: Double, yMax: Double) {
    (self.line, self.xMin, self.yMin, self.xMax, self.yMax) = (line, xMin, yMin, xMax, yMax)
  }

  /// The box around the shape of an object; nothing when it has none.
  ///
  /// - Throws: `DatasetError` for a shape with a number that is missing or none.
  init?(of object: XMLElement, _ fields: FieldReader) throws(DatasetError) {
    if let box = try fields.only("robndbox", of: object) {
      let center = (try fields.number("cx", of: box), try fields.number("cy", of: box))
      let (width, height) = (try fields.number("w", of: box), try fields.number("h", of: box))
      // In radians, clockwise.
      let angle = try fields.number("angle", of: box)
      let (cosine, sine) = (abs(cos(angle)), abs(sin(angle)))
      let half = ((width * cosine + height * sine) / 2, (width * sine + height * cosine) / 2)
      self.init(
        line: box.line, xMin: center.0 - half.0, yMin: center.1 - half.1, xMax: center.0 + half.0,
        yMax: center.1 + half.1)
      return
    }
    guard let polygon = object.children.first(where: { $0.name == "polygon" }) else { return nil }
    var (columns, rows): ([Double], [Double]) = ([], [])
    for point in polygon.children where ["pt", "point"].contains(point.name) {
      columns.append(try fields.number("x", of: point))
      rows.append(try fields.number("y", of: point))
    }
    for element in polygon.children where element.name.dropFirst().allSatisfy(\.isNumber) && element.name.count > 1 {
      if element.name.hasPrefix("x") { columns.append(try fields.number(element)) }
      if element.name.hasPrefix("y") { rows.append(try fields.number(element)) }
    }
    guard columns.count >= 3, columns.count == rows.count else {
      throw fields.error("<polygon> has \(columns.count) columns and \(rows.count) rows of points", line: polygon.line)
    }
    self.init(
      line: polygon.line, xMin: columns.min()!, yMin: rows.min()!, xMax: columns.max()!, yMax: rows.max()!)
  }
}
