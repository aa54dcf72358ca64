/// Words that programs write for marks such as `difficult` and `iscrowd`, in every format.
enum MarkWord {
  /// Whether a word says that a mark is set; a text that says nothing is none that is set. Nothing for other words.
  static func truth(of text: String) -> Bool? {
    switch text.split(whereSeparator: \.isWhitespace).joined(separator: " ").lowercased() {
    case "", "unspecified", "unknown", "false", "no", "none", "null", "nan": false
    case "true", "yes": true
    default: nil
    }
  }
}
