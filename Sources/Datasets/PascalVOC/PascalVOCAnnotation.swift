import Foundation

/// The content of one Pascal VOC annotation file, in the file's own numbers.
///
/// An object's part (head, hand, foot) nests a further name and box inside the object, and the photographer has a name
/// too; only elements at their full path count, so neither is mistaken for the object.
package struct PascalVOCAnnotation {
  /// A number or word of the file and where it stands.
  package struct Value<Content> {
    package let content: Content
    package let line: Int
  }

  package struct Object {
    /// Counted from 1.
    package let number: Int
    package let name: Value<String>
    package let isDifficult: Bool
    /// Where the box starts.
    let boxLine: Int
    /// Whether it is the one around another shape, and there is no `<bndbox>`.
    let isAroundShape: Bool
    /// Inclusive 1-based pixel numbers, unchecked.
    package let xMin: Double
    package let yMin: Double
    package let xMax: Double
    package let yMax: Double

    /// What messages call it.
    package var title: String { "object \(number) (\(name.content))" }
  }

  /// The image size that the file states; nothing when it states none, half of one, or zero.
  package private(set) var size: Value<(width: Int, height: Int)>?
  /// The name of the image file, without the directories that some programs put in front; nothing when none is stated.
  private(set) var imageName: String?
  package private(set) var objects: [Object] = []
  /// Of each object that lacks a name or a box, or has a number that is none, why it cannot be used.
  private(set) var brokenObjects: [DatasetError] = []
  /// Objects that are not directly in the annotation, and are left out: how many, and what to say of the first.
  private(set) var nestedObjects: (count: Int, first: DatasetError)?

  /// Reads an annotation file.
  ///
  /// - Parameter bytes: what is in the file, when it has been read already.
  /// - Throws: `DatasetError` with the line for a file that is not well-formed, and a size that is no number.
  package init(contentsOf path: String, bytes: [UInt8]? = nil) throws(DatasetError) {
    let file = AnnotationFile(path: path, kind: .xml)
    let bytes = try file.contents(orRead: bytes)
    let root: XMLElement
    do {
      root = try XMLElement(parsing: bytes)
    } catch {
      throw file.refusal(of: bytes) ?? DatasetError(file: path, line: error.line, reason: error.reason)
    }
    guard root.name.lowercased() == "annotation" else {
      throw DatasetError(
        file: path, line: root.line, reason: "not a Pascal VOC annotation: the root element is <\(root.name)>")
    }
    let fields = FieldReader(file: path)
    for element in root.children where element.name == "size" {
      let sides = (try fields.optionalNumber("width", of: element), try fields.optionalNumber("height", of: element))
      if let width = sides.0.flatMap(Int.init(exactly:)), let height = sides.1.flatMap(Int.init(exactly:)), width > 0,
        height > 0
      {
        size = Value(content: (width, height), line: element.line)
      }
    }
    imageName = root.children.first { $0.name == "filename" }?.text.split { $0 == "/" || $0 == "\\" }.last.map(
      String.init)
    let nested = root.children.filter { $0.name != "object" }.flatMap { $0.descendants("object") }
    if let (parent, object) = nested.first {
      let reason = "<object> is inside <\(parent)>, left out: objects are expected directly in <annotation>"
      nestedObjects = (nested.count, DatasetError(file: path, line: object.line, reason: reason))
    }
    for (index, element) in root.children.filter({ $0.name == "object" }).enumerated() {
      do throws(DatasetError) {
        objects.append(try fields.object(element, number: index + 1))
      } catch {
        brokenObjects.append(error)
      }
    }
  }
}

/// Takes named fields out of elements and says what is wrong with those that are missing or malformed.
struct FieldReader {
  let file: String
  var object: String?

  func object(_ element: XMLElement, number: Int) throws(DatasetError) -> PascalVOCAnnotation.Object {
    var fields = FieldReader(file: file, object: "object \(number)")
    guard let name = try fields.only("name", of: element), !name.text.isEmpty else {
      throw fields.error("no <name>", line: element.line)
    }
    fields.object = "object \(number) (\(name.text))"
    let box = try fields.only("bndbox", of: element)
    var edges = try box.map { box throws(DatasetError) in try fields.edges(box) }
    if edges == nil { edges = try PascalVOCShape(of: element, fields) }
    guard let edges else {
      throw fields.error("no <bndbox>", line: element.line)
    }
    let isDifficult = try fields.only("difficult", of: element).map { mark throws(DatasetError) in try fields.mark(mark)
    }
    return PascalVOCAnnotation.Object(
      number: number, name: .init(content: name.text, line: name.line), isDifficult: isDifficult ?? false,
      boxLine: edges.line, isAroundShape: box == nil, xMin: edges.xMin, yMin: edges.yMin, xMax: edges.xMax,
      yMax: edges.yMax)
  }

  private func edges(_ box: XMLElement) throws(DatasetError) -> PascalVOCShape {
    PascalVOCShape(
      line: box.line, xMin: try number("xmin", of: box), yMin: try number("ymin", of: box),
      xMax: try number("xmax", of: box), yMax: try number("ymax", of: box))
  }

  /// What an element says that is 1 or 0, or a word for it; one that says nothing is 0.
  func mark(_ element: XMLElement) throws(DatasetError) -> Bool {
    if let truth = MarkWord.truth(of: element.text) { return truth }
    guard let value = Double(element.text), value.isFinite else {
      throw error("<\(element.name)> is neither 1 nor 0: \"\(element.text)\"", line: element.line)
    }
    return value != 0
  }

  func number(_ name: String, of parent: XMLElement) throws(DatasetError) -> Double {
    guard let element = try only(name, of: parent) else {
      throw error("<\(parent.name)> has no <\(name)>", line: parent.line)
    }
    return try number(element)
  }

  /// Nothing when the element is not there, or has no more than a word for nothing.
  func optionalNumber(_ name: String, of parent: XMLElement) throws(DatasetError) -> Double? {
    guard let element = try only(name, of: parent), MarkWord.truth(of: element.text) != false else { return nil }
    return try number(element)
  }

  func number(_ element: XMLElement) throws(DatasetError) -> Double {
    guard let value = Double(element.text), value.isFinite else {
      throw error("<\(element.name)> is not a number: \"\(element.text)\"", line: element.line)
    }
    return value
  }

  func only(_ name: String, of parent: XMLElement) throws(DatasetError) -> XMLElement? {
    let found = parent.children.filter { $0.name == name }
    if found.count > 1 {
      throw error("<\(parent.name)> has more than one <\(name)>", line: found[1].line)
    }
    return found.first
  }

  func error(_ reason: String, line: Int) -> DatasetError {
    DatasetError(file: file, line: line, object: object, reason: reason)
  }
}
