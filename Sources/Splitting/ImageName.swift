import Datasets
import Foundation

/// What the name of an image file tells about where the image is from.
struct ImageName: Equatable {
  /// The name before an annotation program changed it, with its directories and without extension.
  let source: String
  /// Whether Roboflow made the file: `photo_jpg.rf.0a1b2c` is one of several versions of `photo.jpg`.
  let isVersion: Bool
  /// ``source`` without the digits at its end, as `clip_` of `clip_000123`; nil when it does not end in a digit.
  let numbering: String?

  /// Takes a name apart.
  ///
  /// - Parameter name: a path inside the data set, with or without extension; backslashes separate as slashes do.
  init(_ name: String) {
    var path = name.replacingOccurrences(of: "\\", with: "/").split(separator: "/").map(String.init)
    var stem = Self.withoutExtension(path.popLast() ?? "")
    let version = !stem.contains(".rf.") ? nil : stem.firstMatch(of: #/^(.+?)(_[A-Za-z0-9]{2,5})?\.rf\.[0-9A-Za-z]+$/#)
    if let version { stem = String(version.output.1) }
    isVersion = version != nil
    // Label Studio puts eight digits of a random number before the name of an uploaded file.
    if stem.utf8.dropFirst(8).first == UInt8(ascii: "-"), let upload = stem.firstMatch(of: #/^[0-9a-f]{8}-(.+)$/#) {
      stem = String(upload.output.1)
    }
    source = (path + [stem]).joined(separator: "/")
    let start = stem.lastIndex { !Self.isDigit($0) }.map(stem.index(after:)) ?? stem.startIndex
    numbering =
      start == stem.endIndex ? nil : (path.map { $0 + "/" } + [String(stem[..<start])]).joined()
  }

  /// Names that cameras, telephones and programs number single images by.
  private static let singleNames: Set = [
    "", "dcim", "dji", "dsc", "dscf", "dscn", "gopr", "image", "images", "img", "jpegimages", "p", "photo", "photos",
    "pic", "picture", "pictures", "pxl", "screenshot",
  ]

  /// Whether a numbering is known to be one of single images: without a letter, a camera's, or that of a class.
  static func numbersSingleImages(_ numbering: String, classNames: Set<String>) -> Bool {
    var parts = numbering.split(separator: "/", omittingEmptySubsequences: false)
    let file = parts.popLast() ?? ""
    // Of `videos/12/0007` the last directory with a letter tells.
    let name = (file.isEmpty ? parts.last { $0.contains(where: \.isLetter) } ?? "" : file).lowercased()
    let letters = name.filter(\.isLetter)
    return singleNames.contains(letters) || classNames.contains(letters)
  }

  /// A class's name as ``numbersSingleImages(_:classNames:)`` compares it.
  static func letters(ofClass name: String) -> String { name.lowercased().filter(\.isLetter) }

  private static func withoutExtension(_ file: String) -> String {
    guard let dot = file.lastIndex(of: "."), dot > file.startIndex,
      PascalVOCDirectories.imageExtensions.contains(file[file.index(after: dot)...].lowercased())
    else { return file }
    return String(file[..<dot])
  }

  private static func isDigit(_ character: Character) -> Bool { ("0"..."9").contains(character) }
}
