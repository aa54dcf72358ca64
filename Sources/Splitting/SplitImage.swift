import Datasets

/// An image as its division into splits sees it.
package struct SplitImage: Sendable, Equatable {
  /// Its name in the data set, unique there.
  package let name: String
  /// Its file; nil when it was not found.
  package let path: String?
  /// How many objects of each class it has.
  package let objects: [String: Int]

  package init(name: String, path: String?, objects: [String: Int]) {
    (self.name, self.path, self.objects) = (name, path, objects)
  }
}

extension SplitImage {
  /// The lines of a list in `ImageSets/Main` that mean these images and no others.
  ///
  /// - Throws: `DatasetError` for a name that no list can have.
  package static func listLines(_ images: [SplitImage]) throws(DatasetError) -> [String] {
    let lines = images.map { PascalVOCSplitLine.naming($0.name) }
    let faulty = zip(images, lines).filter { $1 == nil }.map(\.0)
    guard let first = faulty.first else { return lines.compactMap(\.self) }
    let what = first.name.contains("\\") ? "a backslash, which it takes for a slash" : "what no line of it can"
    let rest = faulty.count > 1 ? " (and \(faulty.count - 1) more like it)" : ""
    throw DatasetError(
      file: first.path ?? first.name,
      reason: "no list of images can name this one, as it has \(what): rename image and annotation\(rest)")
  }
}
