import Detection
import Files

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

/// A file of COCO: annotations or, with scores, detections.
package struct COCOText {
  /// What is annotated in an image.
  package struct Object {
    let label: Int
    let box: PixelBox
    let area: Double?
    let isCrowd: Bool
    let isDifficult: Bool
    let score: Double?

    /// - Parameter area: that of an outline, in pixels; nil for that of the box.
    package init(
      label: Int, box: PixelBox, area: Double? = nil, isCrowd: Bool = false, isDifficult: Bool = false,
      score: Double? = nil
    ) {
      (self.label, self.box, self.area) = (label, box, area)
      (self.isCrowd, self.isDifficult, self.score) = (isCrowd, isDifficult, score)
    }
  }

  private var images: [JSONLiteral] = []
  private var annotations: [JSONLiteral] = []

  package init() {}

  /// The next image; images and annotations have the numbers 1, 2, and so on.
  package mutating func append(file: String, width: Int, height: Int, _ objects: [Object]) {
    let number = images.count + 1
    images.append(
      JSONLiteral(object: [
        ("id", JSONLiteral(number)), ("file_name", JSONLiteral(file)), ("width", JSONLiteral(width)),
        ("height", JSONLiteral(height)),
      ]))
    for object in objects {
      let box = object.box
      let numbers = [box.xMin, box.yMin, box.xMax - box.xMin, box.yMax - box.yMin]
      var members: [(String, JSONLiteral)] = [
        ("id", JSONLiteral(annotations.count + 1)), ("image_id", JSONLiteral(number)),
        ("category_id", JSONLiteral(object.label)),
        ("bbox", JSONLiteral(array: numbers.map { JSONLiteral($0) })), ("area", JSONLiteral(object.area ?? box.area)),
        ("iscrowd", JSONLiteral(object.isCrowd ? 1 : 0)),
      ]
      if object.isDifficult { members.append(("difficult", JSONLiteral(1))) }
      if let score = object.score { members.append(("score", JSONLiteral(score))) }
      annotations.append(JSONLiteral(object: members))
    }
  }

  /// The whole file, one line without its end; categories count from 1.
  package func file(classNames: [String]) -> String {
    let categories = classNames.enumerated().map { index, name in
      JSONLiteral(object: [("id", JSONLiteral(index + 1)), ("name", JSONLiteral(name))])
    }
    return JSONLiteral(object: [
      ("images", JSONLiteral(array: images)), ("annotations", JSONLiteral(array: annotations)),
      ("categories", JSONLiteral(array: categories)),
    ]).description
  }
}
