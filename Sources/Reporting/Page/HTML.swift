/// A piece of a page.
package struct HTML: Sendable, ExpressibleByStringInterpolation {
  /// What a browser reads.
  package private(set) var text = ""

  /// Nothing.
  package init() {}

  /// Markup.
  package init(stringLiteral markup: String) { text = markup }

  /// Markup with values in it: text is escaped, pieces of pages are not.
  package init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

  package struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var text = ""

    package init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }
    package mutating func appendLiteral(_ markup: String) { text += markup }
    package mutating func appendInterpolation(_ piece: HTML) { text += piece.text }
    package mutating func appendInterpolation(_ pieces: [HTML]) { for piece in pieces { text += piece.text } }
    package mutating func appendInterpolation(_ value: some CustomStringConvertible) {
      text += HTML.escaped(value.description)
    }
  }

  static func escaped(_ text: String) -> String {
    var result = ""
    for character in text.unicodeScalars {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }

  /// A table.
  ///
  /// - Parameters:
  ///   - head: column names.
  ///   - rows: cells.
  static func table(_ head: [String], _ rows: [[HTML]], class name: String = "") -> HTML {
    let columns: [HTML] = head.map { "<th>\($0)</th>" }
    let lines: [HTML] = rows.map { cells in "<tr>\(cells.map { "<td>\($0)</td>" as HTML })</tr>\n" }
    return """
      <div class="scroll"><table class="\(name)"><thead><tr>\(columns)</tr></thead><tbody>
      \(lines)</tbody></table></div>

      """
  }

  /// A part of the page with a heading.
  static func section(_ name: String, _ title: String, _ content: HTML) -> HTML {
    "<section id=\"\(name)\"><h2>\(title)</h2>\n\(content)</section>\n"
  }

  /// A whole page, which needs nothing from elsewhere.
  ///
  /// - Parameter script: runs when the page is loaded.
  static func page(title: String, _ body: HTML, script: String = "") -> String {
    let page: HTML = """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(title)</title>
      <style>\(HTML(stringLiteral: PageStyle.sheet))</style></head>
      <body><main>
      \(body)</main>\(script.isEmpty ? HTML() : HTML(stringLiteral: "<script>\(script)</script>"))
      </body></html>

      """
    return page.text
  }
}
