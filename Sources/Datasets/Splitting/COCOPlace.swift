import Foundation

/// Where a JSON file of COCO is, and where its images are.
package struct COCOPlace {
  /// The file.
  package let path: String
  /// Its directory.
  package let directory: String
  /// What the names of further files begin with: `instances_` where this one's does.
  package let prefix: String
  /// The directory of the data set: that of the file, or the one around `annotations`.
  package let root: String

  /// - Parameter path: of the file.
  package init(_ path: String) {
    func parent(_ path: String) -> String {
      guard let slash = path.lastIndex(of: "/") else { return "." }
      return slash == path.startIndex ? "/" : String(path[..<slash])
    }
    self.path = path
    directory = parent(path)
    let isUsual = path.split(separator: "/").last?.hasPrefix("instances_") == true
    prefix = isUsual ? "instances_" : ""
    let isInAnnotations = directory == "annotations" || directory.hasSuffix("/annotations")
    root = isInAnnotations ? parent(directory) : directory
  }

  /// Reads the file as far as its division needs.
  ///
  /// - Throws: `DatasetError`, see ``COCODivision``.
  package func division() throws(DatasetError) -> COCODivision {
    let split = try COCOSplit(DatasetSource(root: root, split: URL(fileURLWithPath: path).path))
    var finder = COCOImageFinder(split)
    return try COCODivision(path) { finder.find($0).path }
  }

  /// The directory for a configuration that reads the parts: ``root``, unless their images would not be found from there,
  /// as those in `images/default` once the files are called `train` and `test`; then that of the images.
  package func root(of images: [SplitImage]) -> String {
    let directories = Set(
      images.compactMap { image in
        image.path.flatMap { $0.hasSuffix("/" + image.name) ? String($0.dropLast(image.name.utf8.count + 1)) : nil }
      })
    guard let only = directories.first, directories.count == 1 else { return root }
    return only == "\(root)/images" ? root : only
  }

  /// What a configuration calls the split of a file.
  package static func split(_ path: String, root: String) -> String {
    let relative = RelativePath.of(path, from: root)
    // A way out of the directory and far away is no better to read than the way from the root of the file system.
    if relative.hasPrefix("../../../") { return URL(fileURLWithPath: path).resolvingSymlinksInPath().path }
    let usual = relative.wholeMatch(of: #/annotations\/instances_(.+)\.json/#)
    return usual.map { String($0.output.1) } ?? relative
  }
}
