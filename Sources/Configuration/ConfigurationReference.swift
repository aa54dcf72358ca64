/// The keys of the configuration, described.
package struct ConfigurationReference: Sendable {
  /// One key.
  package struct Key: Sendable {
    /// "training.seed".
    package let name: String
    /// "integer or null".
    package let type: String
    /// In Markdown: "`0`".
    package let usual: String
    /// The legal values, in Markdown; empty when all are.
    package let values: String
    /// In Markdown.
    package let meaning: String

    /// A row of ``ConfigurationReference/tables``.
    package var row: String {
      "| " + ["`\(name)`", type, usual, values, meaning].joined(separator: " | ").replacing("  ", with: " ") + " |"
    }

    /// For a terminal.
    package var text: String {
      let facts = [type, values, usual == "required" ? usual : "default " + usual].filter { !$0.isEmpty }
      return "\(name)\n  \(Self.plain(facts.joined(separator: "; ")))\n  \(Self.plain(meaning))"
    }

    /// Whether the key has this name, is in this section, or ends with this name.
    package func isCalled(_ part: String) -> Bool {
      name == part || name.hasPrefix(part + ".") || name.hasSuffix("." + part)
    }

    /// Text without the marks of Markdown.
    private static func plain(_ text: String) -> String {
      text.replacing(#/\[([^\]]*)\]\([^)]*\)/#) { String($0.output.1) }.replacing("`", with: "")
    }
  }

  /// All keys in their order.
  package let keys: [Key]

  /// Describes some keys.
  package init(keys: [Key]) {
    self.keys = keys
  }

  /// What to say of an unknown key; nil when there is nothing to say.
  package func hint(for unknown: String) -> String? { ConfigurationTable.all.index.hint(for: unknown) }

  /// Describes all keys.
  package init() {
    keys = ConfigurationTable.all.keys.map {
      Key(
        name: $0.name, type: $0.type, usual: $0.documentedDefault, values: $0.values, meaning: $0.meaning)
    }
  }

  /// A table in Markdown of the keys whose names begin with each first component, in their order; those without one come first.
  package var tables: [String] {
    var (sections, rows) = ([String](), [String: [String]]())
    for key in keys {
      let parts = key.name.split(separator: ".")
      // The lists of default boxes are explained by themselves.
      let section = parts.dropLast().prefix(key.name.hasPrefix("model.default_boxes.") ? 2 : 1).joined(separator: ".")
      if rows[section] == nil { sections.append(section) }
      rows[section, default: []].append(key.row)
    }
    return sections.map { section in
      (["| Key | Type | Default | Values | Meaning |", "|---|---|---|---|---|"] + (rows[section] ?? []))
        .joined(separator: "\n")
    }
  }
}
