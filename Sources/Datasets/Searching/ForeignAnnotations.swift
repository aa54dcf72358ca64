import Files
import Foundation

/// A file that is given in the place of COCO's annotations and is something else.
package struct ForeignAnnotations {
  /// What it is, and what is expected.
  package let reason: String

  /// Nothing for a file whose name ends in `.json`, in small letters or capitals.
  package init?(_ path: String) {
    if COCOSplit.isJSON(path) { return nil }
    let signature = FileSignature(ofFile: path)
    let directory = FileIndex.split(path).directories
    let place = directory.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : directory
    let what =
      switch (signature, FileIndex.extension(of: path)) {
      case (.text, "yaml"), (.text, "yml"): "a YAML file"
      case (.text, "csv"): "a CSV file"
      case (let known?, _): known.rawValue
      case (nil, _): "a file of an unknown kind"
      }
    let advice =
      switch signature {
      case .json?: "the name has to end in .json"
      case .xml? where Self.isOfAllImages(path): Self.exportAdvice
      case .xml?: "for Pascal VOC name the directory that has the images and an XML file for each, perhaps \(place)"
      case let known? where known.isImage:
        "name the directory that has the images and an XML file for each, or the JSON file"
      case let known?: known.remedy ?? "other formats are not read"
      case nil: "other formats are not read"
      }
    reason = "is \(what); expected a directory of images and XML files, or a JSON file of COCO: \(advice)"
  }

  /// Whether an XML file has the annotations of all images, as CVAT writes.
  static func isOfAllImages(_ path: String) -> Bool {
    let start = String(decoding: (try? FileContent.bytes(of: path, upTo: 2048)) ?? [], as: UTF8.self)
    return start.contains("<annotations>")
  }

  /// What to do about such a file.
  static let exportAdvice =
    "one XML file for all images, as CVAT writes, is not read: export \"PASCAL VOC 1.1\" or \"COCO 1.0\""
}
