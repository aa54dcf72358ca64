/// Data that cannot be used: a broken annotation, a missing file, an unknown class.
package struct DatasetError: Error, Equatable, CustomStringConvertible {
  /// The file (or directory) at fault.
  package let file: String
  /// The line in `file`, counted from 1, where there is one.
  package let line: Int?
  /// The annotated object at fault, as the file's format counts or names it ("object 2"), where there is one.
  package let object: String?
  /// What is wrong, in words.
  package let reason: String

  /// Names the place and the reason.
  package init(file: String, line: Int? = nil, object: String? = nil, reason: String) {
    self.file = file
    self.line = line
    self.object = object
    self.reason = reason
  }

  /// `file:line: object: reason`, without the parts that are not known.
  package var description: String {
    let place = line.map { "\(file):\($0)" } ?? file
    return [place, object, reason].compactMap { $0 }.joined(separator: ": ")
  }
}
