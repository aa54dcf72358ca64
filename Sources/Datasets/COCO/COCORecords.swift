/// A category of COCO's annotations.
package struct COCOCategory {
  package let id: Int
  package let name: String
  /// The group that the category belongs to.
  let supercategory: String?
}

/// An image of COCO's annotations.
package struct COCOImage {
  package let id: COCOFileIdentifier
  /// Relative to the directory of images.
  package let file_name: String
  /// Columns; nothing when the record states none.
  package let width: Int?
  /// Rows; nothing when the record states none.
  package let height: Int?
}

/// An object of COCO's annotations.
struct COCOAnnotation {
  /// What the file calls it, if it does; nothing refers to it.
  let id: COCOFileIdentifier?
  let image_id: COCOFileIdentifier
  let category_id: Int
  /// Left and upper edge, width and height, in continuous pixels from 0.
  let bbox: [Double]
  /// Whether the record states no box, so that it is the one around the outline.
  let isBoxFromOutline: Bool
  /// A box around many objects that were not told apart.
  let isCrowd: Bool
  /// Pixels of the outline.
  let area: Double?
  /// Marked by `difficult` or `ignore` as hard to recognise; not in COCO itself.
  let isDifficult: Bool
}

/// The numbers by which files of COCO results refer to images and classes.
package struct COCOIdentifiers: Sendable, Equatable {
  /// The number of each image of the data set, or its name in files that have such.
  package let images: [COCOFileIdentifier]
  /// The category of each class, label 1 first; nothing for a class that the file does not have.
  package let categories: [Int?]
}

/// One record each. Keys that are not needed are passed over, and so are `null` and an empty text where a key is not
/// required.
extension JSONPullParser {
  /// Passes a category; one without a name is called by its number when `namesMissing` is set.
  mutating func cocoCategory(namesMissing: Bool = false) throws(Fault) -> COCOCategory {
    let start = position
    var id: Int?
    var name, supercategory: String?
    try forEachMember { parser, key throws(Fault) in
      switch key {
      case "id": id = try parser.lenientInteger()
      case "name": name = parser.takeNull() ? nil : try parser.textOrNumber()
      case "supercategory" where parser.isAtString(): supercategory = try parser.string()
      default: try parser.skip()
      }
    }
    let number = try required(id, "id", at: start)
    if namesMissing, name == nil { name = "category \(number)" }
    return COCOCategory(id: number, name: try required(name, "name", at: start), supercategory: supercategory)
  }

  /// Passes an image. A width or height below 1 is none.
  package mutating func cocoImage() throws(Fault) -> COCOImage {
    let start = position
    var id: COCOFileIdentifier?
    var name, address: String?
    var width, height: Int?
    try forEachMember { parser, key throws(Fault) in
      switch key {
      case "id": id = try parser.identifier()
      case "file_name": name = try parser.string()
      // Files of LVIS have nothing else.
      case "coco_url" where parser.isAtString(): address = try parser.string()
      case "width": width = try parser.optional { parser throws(Fault) in try parser.lenientInteger() }
      case "height": height = try parser.optional { parser throws(Fault) in try parser.lenientInteger() }
      default: try parser.skip()
      }
    }
    func side(_ value: Int?) -> Int? { value.flatMap { $0 > 0 ? $0 : nil } }
    return COCOImage(
      id: try required(id, "id", at: start), file_name: try required(name ?? address, "file_name", at: start),
      width: side(width), height: side(height))
  }

  /// Passes an object. A record without a box has the one around its outline.
  mutating func cocoAnnotation() throws(Fault) -> COCOAnnotation {
    let start = position
    var category: Int?
    var id, image: COCOFileIdentifier?
    var area: Double?
    var (isCrowd, isDifficult) = (false, false)
    var box: [Double] = []
    var boxFault = "bbox is missing"
    var outline: JSONPullParser?
    try forEachMember { parser, key throws(Fault) in
      switch key {
      case "id": id = try parser.ownIdentifier()
      case "image_id": image = try parser.identifier()
      case "category_id": category = try parser.lenientInteger()
      case "area": area = try parser.statedArea()
      case "iscrowd": isCrowd = try parser.mark()
      case "ignore", "difficult": isDifficult = try parser.mark() || isDifficult
      case "bbox": (box, boxFault) = try parser.statedBox()
      case "segmentation":
        outline = parser
        try parser.skip()
      default: try parser.skip()
      }
    }
    let isBoxFromOutline = box.isEmpty
    if isBoxFromOutline {
      guard let around = try outline?.boxAroundOutline() else {
        throw Fault(position: start, reason: outline == nil ? boxFault : "\(boxFault), and segmentation has no outline")
      }
      box = around
    }
    return COCOAnnotation(
      id: id, image_id: try required(image, "image_id", at: start),
      category_id: try required(category, "category_id", at: start), bbox: box, isBoxFromOutline: isBoxFromOutline,
      isCrowd: isCrowd, area: area, isDifficult: isDifficult)
  }

  /// A number; nothing for `null` and NaN. Programs that write what NumPy gives them have a list of one.
  private mutating func statedArea() throws(Fault) -> Double? {
    if takeNotANumber() || takeNull() { return nil }
    let before = self
    if let list = try? numbers(), list.count == 1 { return list[0] }
    self = before
    return try lenientNumber()
  }

  /// Four numbers, or none and in which words the record lacks them.
  private mutating func statedBox() throws(Fault) -> (box: [Double], fault: String) {
    let start = position
    if takeNull() { return ([], "bbox: expected a list, found null") }
    let box = try numbers()
    if box.count != 4, !box.isEmpty { throw Fault(position: start, reason: "expected 4 numbers, found \(box)") }
    return (box, "bbox: expected 4 numbers, found []")
  }

  private func required<Value>(_ value: Value?, _ key: String, at start: Int) throws(Fault) -> Value {
    guard let value else { throw Fault(position: start, reason: "\(key) is missing") }
    return value
  }
}
