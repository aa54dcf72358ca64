/// What a division of YOLO data needs of them.
extension YOLOData {
  /// The names of the classes' numbers.
  ///
  /// - Throws: `DatasetError` when there are none, or they cannot be classes.
  package func namesToDivide() throws(DatasetError) -> YOLOClassNames {
    let names = try requireNames(orClasses: nil)
    var log = FaultLog(.stopAtFirstError)
    try log.checkClasses(names.ordered, file: names.file)
    return names
  }

  /// The images of all splits that are there; without any, all images of the directory.
  ///
  /// - Throws: `DatasetError` when there is no image.
  package func allImages() throws(DatasetError) -> [YOLOSplit] {
    let names = description?.splits.isEmpty == false ? splits : ["."]
    var (found, fault) = ([YOLOSplit](), DatasetError?.none)
    for name in names {
      do throws(DatasetError) {
        found.append(try YOLOSplit(name, of: self))
      } catch {
        // Exports name a directory to test on whether there is one or not.
        fault = fault ?? error
      }
    }
    if found.isEmpty { throw fault ?? DatasetError(file: root, reason: "has no image") }
    return found
  }

  /// How many objects of each class a label file has.
  ///
  /// - Throws: `DatasetError` for the first line that cannot be used, or has the number of no class.
  package func objectCounts(
    ofLabels path: String, _ names: YOLOClassNames
  ) throws(DatasetError) -> [String: Int] {
    let file = try YOLOLabelFile(contentsOf: path, keypointNumbers: description?.keypointNumbers ?? 0)
    if let first = file.broken.first { throw first }
    var counts: [String: Int] = [:]
    for label in file.labels {
      guard let name = names.name(of: label.number) else {
        throw DatasetError(
          file: path, line: label.line,
          reason: "\(label.number) is the number of no class; the classes of \(names.file) are \(names.text)")
      }
      counts[name, default: 0] += 1
    }
    return counts
  }
}
