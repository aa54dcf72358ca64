import Detection

/// The XML file of an image in the layout of Pascal VOC.
package enum PascalVOCText {
  /// What is annotated.
  package struct Object {
    let name: String
    let box: PixelBox
    let isDifficult: Bool

    package init(name: String, box: PixelBox, isDifficult: Bool) {
      (self.name, self.box, self.isDifficult) = (name, box, isDifficult)
    }
  }

  /// The whole file.
  ///
  /// - Parameter file: the name of the image.
  package static func annotation(file: String, width: Int, height: Int, _ objects: [Object]) -> String {
    let elements = objects.map { object in
      // Pixels count from 1 and the last one is inside.
      let edges = [
        ("xmin", object.box.xMin + 1), ("ymin", object.box.yMin + 1), ("xmax", object.box.xMax),
        ("ymax", object.box.yMax),
      ]
      return
        "  <object><name>\(escaped(object.name))</name><difficult>\(object.isDifficult ? 1 : 0)</difficult>"
        + "<bndbox>\(edges.map { "<\($0)>\(short($1))</\($0)>" }.joined())</bndbox></object>\n"
    }
    return """
      <annotation>
        <filename>\(escaped(file))</filename>
        <size><width>\(width)</width><height>\(height)</height><depth>3</depth></size>
      \(elements.joined())</annotation>

      """
  }

  private static func short(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : "\(number)"
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }
}

/// A line of a label file of YOLO.
package enum YOLOLine {
  /// "CLASS CENTRE-X CENTRE-Y WIDTH HEIGHT", as fractions of the image with all digits; the first class is 0.
  package static func text(label: Int, _ box: PixelBox, width: Int, height: Int) -> String {
    let (width, height) = (Double(width), Double(height))
    let numbers = [
      (box.xMin + box.xMax) / 2 / width, (box.yMin + box.yMax) / 2 / height, (box.xMax - box.xMin) / width,
      (box.yMax - box.yMin) / height,
    ]
    return "\(label - 1) " + numbers.map { "\($0)" }.joined(separator: " ")
  }
}
