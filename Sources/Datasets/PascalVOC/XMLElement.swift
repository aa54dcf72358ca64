import CLibXML2
import Foundation

/// An element of an XML file with its own text, trimmed, and the line where its start tag ends. Attributes, comments and
/// processing instructions are passed over.
struct XMLElement {
  /// Why a text is not read.
  package struct Fault: Error {
    let line: Int
    let reason: String
  }

  let name: String
  let line: Int
  var text = ""
  var children: [XMLElement] = []

  /// Reads a text in UTF-8, UTF-16 or an encoding that it declares; made for files of a few kilobytes.
  ///
  /// Programs that convert a file to UTF-16 or back leave the declaration as it was, so UTF-16 is recognised by its bytes.
  ///
  /// - Throws: `Fault` for text that is empty or not well-formed, and for two things that no annotation needs and that can
  ///   ask for any amount of memory: a document type, which may define entities, and elements nested more than 100 deep.
  init(parsing bytes: [UInt8]) throws(Fault) {
    if bytes.allSatisfy({ $0 == 0x20 || (0x09...0x0D).contains($0) }) {
      throw Fault(line: 1, reason: "the file is empty")
    }
    do throws(Fault) {
      self = try XMLElementReader().parse(bytes)
    } catch {
      // Programs copy a declaration (gb2312, windows-1252) and write UTF-8 below it.
      guard XMLElementReader.declaresOther(bytes), let root = try? XMLElementReader().parse(bytes, asUnicode: true)
      else {
        throw error
      }
      self = root
    }
  }

  /// The elements of a name in this one, at any depth but not inside one another, each with the name of the element that it is directly in.
  func descendants(_ name: String) -> [(parent: String, element: XMLElement)] {
    children.flatMap { $0.name == name ? [(self.name, $0)] : $0.descendants(name) }
  }

  fileprivate init(name: String, line: Int) {
    self.name = name
    self.line = line
  }
}

/// Builds the tree from what libxml2 reports.
private final class XMLElementReader {
  private static let deepest = 100

  private var root: XMLElement?
  private var refusal: XMLElement.Fault?
  private var open: [XMLElement] = []
  private var context: xmlParserCtxtPtr?

  /// The outermost element.
  ///
  /// - Parameter asUnicode: whether the text is in UTF-8 or UTF-16, whatever it declares.
  func parse(_ file: [UInt8], asUnicode: Bool = false) throws(XMLElement.Fault) -> XMLElement {
    let isDecoded = asUnicode || !Self.declaresOther(file)
    let bytes = isDecoded ? try Self.decoded(file) : file
    var handler = xmlSAXHandler()
    handler.internalSubset = { reader, _, _, _ in
      XMLElementReader.of(reader).refuse("a document type (<!DOCTYPE) is not read")
    }
    handler.startElement = { reader, name, _ in XMLElementReader.of(reader).start(name) }
    handler.endElement = { reader, _ in XMLElementReader.of(reader).end() }
    handler.characters = { reader, text, count in XMLElementReader.of(reader).append(text, Int(count)) }
    handler.cdataBlock = { reader, text, count in XMLElementReader.of(reader).append(text, Int(count)) }

    let reader = Unmanaged.passUnretained(self).toOpaque()
    guard let context = xmlCreatePushParserCtxt(&handler, reader, nil, 0, nil) else {
      throw XMLElement.Fault(line: 1, reason: "no memory for an XML parser")
    }
    // What libxml2 finds wrong with an encoding it would print; the last error says it too.
    xmlSetStructuredErrorFunc(nil) { _, _ in }
    defer {
      xmlSetStructuredErrorFunc(nil, nil)
      xmlFreeParserCtxt(context)
    }
    self.context = context
    xmlCtxtUseOptions(
      context, Int32(XML_PARSE_NONET.rawValue | (isDecoded ? XML_PARSE_IGNORE_ENC.rawValue : 0)))
    _ = bytes.withUnsafeBytes { bytes in
      xmlParseChunk(context, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(clamping: bytes.count), 1)
    }
    if let refusal { throw refusal }
    if context.pointee.wellFormed == 0 || !open.isEmpty {
      let error = xmlCtxtGetLastError(context)
      let message = error.flatMap { $0.pointee.message }.map { String(cString: $0) } ?? ""
      let place = open.last.map { " inside <\($0.name)>" } ?? ""
      throw XMLElement.Fault(
        line: max(1, error.map { Int($0.pointee.line) } ?? line),
        reason: "not well-formed XML\(place), perhaps cut off (\(message.split(separator: "\n").first ?? "no end"))")
    }
    guard let root else { throw XMLElement.Fault(line: 1, reason: "there is no element") }
    return root
  }

  /// Whether a file declares an encoding other than Unicode's, which is left to libxml2.
  static func declaresOther(_ bytes: [UInt8]) -> Bool {
    let declaration = String(decoding: bytes.prefix { $0 != UInt8(ascii: ">") }.prefix(200), as: UTF8.self)
    let declared = declaration.firstMatch(of: #/^\s*<\?xml[^>]*encoding\s*=\s*["']([^"']*)/#)?.output.1.uppercased()
    return declared.map { !$0.hasPrefix("UTF") } ?? false
  }

  /// The bytes in UTF-8.
  private static func decoded(_ bytes: [UInt8]) throws(XMLElement.Fault) -> [UInt8] {
    do {
      return Array(try UnicodeText(bytes).text.utf8)
    } catch {
      throw XMLElement.Fault(line: error.line ?? 1, reason: error.reason)
    }
  }

  private static func of(_ reader: UnsafeMutableRawPointer?) -> XMLElementReader {
    guard let reader else { preconditionFailure("libxml2 has lost the reader that it was given") }
    return Unmanaged.fromOpaque(reader).takeUnretainedValue()
  }

  private var line: Int { Int(xmlSAX2GetLineNumber(context)) }

  private func refuse(_ reason: String) {
    if refusal == nil { refusal = XMLElement.Fault(line: line, reason: reason) }
    xmlStopParser(context)
  }

  private func start(_ name: UnsafePointer<xmlChar>?) {
    if open.count == Self.deepest { return refuse("elements are nested more than \(Self.deepest) deep") }
    open.append(XMLElement(name: name.map { String(cString: $0) } ?? "", line: line))
  }

  private func append(_ text: UnsafePointer<xmlChar>?, _ count: Int) {
    guard !open.isEmpty else { return }
    open[open.count - 1].text += String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self)
  }

  private func end() {
    guard var element = open.popLast() else { return }
    element.text = element.text.trimmingCharacters(in: .whitespacesAndNewlines)
    if open.isEmpty {
      root = element
    } else {
      open[open.count - 1].children.append(element)
    }
  }
}
