import Datasets

/// Lists of images by name, and which a configuration names.
struct SplitLists {
  /// Indices of images, by the list's name.
  let all: [(name: String, images: [Int])]
  let train: String
  let evaluation: String
}

/// A data set that its directories divide already, as `train`, `valid` and `test` of Roboflow's exports.
struct PartDirectories {
  private let images: [SplitImage]
  /// The directory of each image.
  private let directories: [String]
  private let names: [String]

  /// - Throws: `DatasetError` when there are no two directories with images, or images beside them.
  init(_ images: [SplitImage], root: String) throws(DatasetError) {
    self.images = images
    directories = images.map { image in
      image.name.contains("/") ? String(image.name[..<image.name.firstIndex(of: "/")!]) : ""
    }
    names = Set(directories).sorted()
    if names.contains("") {
      let loose = images[directories.firstIndex(of: "")!].name
      throw DatasetError(
        file: root, reason: "the image \(loose) is in none of its directories, which --keep-directories needs")
    }
    guard names.count > 1 else {
      throw DatasetError(
        file: root,
        reason:
          "has annotated images in \(names.first ?? "no directory") alone: there is nothing to keep, divide \(root)/\(names.first ?? "") instead"
      )
    }
  }

  /// The first of the given names that there is, but for those to leave out.
  private func first(of candidates: [String], except other: String? = nil) -> String {
    let left = names.filter { $0 != other }
    let known = candidates.first { name in left.contains { $0.lowercased() == name } }
    func count(_ name: String) -> Int { directories.count { $0 == name } }
    return left.first { $0.lowercased() == known } ?? left.max { (count($0), $1) < (count($1), $0) }!
  }

  /// A list for each directory.
  ///
  /// - Parameter contents: a hash of each image's file.
  func lists(_ request: SplitRequest, contents: [UInt64], _ report: inout SplitReport) -> SplitLists {
    let description = SplitDescription(images, parts: names, partOfImage: directories)
    report.lines.append(description.table)
    report.warnings += description.classWarnings
    for bond in ImageGroups(images, contents: contents, frames: request.frames).bonds {
      let places = Set(bond.members.map { directories[$0] }).sorted()
      if places.count > 1 {
        report.warnings.append(
          "\(SplitDescription.title(bond, images)): in \(places.joined(separator: " and ")), so that scores promise too much"
        )
      }
    }
    let train = first(of: ["train", "training", "trainval"])
    return SplitLists(
      all: names.map { name in (name, images.indices.filter { directories[$0] == name }) }, train: train,
      evaluation: first(of: ["valid", "val", "validation", "test"], except: train))
  }
}
