/// Where a directory has annotations of Pascal VOC and the images that belong to them, told by the names of files alone.
///
/// Annotations are those below `Annotations`, or else all when some are in the directory itself, or else those below one of
/// its directories. Images are where those with the annotations' names are, by their paths from there, without extension.
package struct AnnotationSearch {
  /// Files below a directory, by their paths from there without extension.
  package struct NamedFiles {
    /// From the root; empty for the root itself.
    package let directory: String
    package let files: [String: String]

    package init(_ directory: String, _ files: some Sequence<String>) {
      self.directory = directory
      let prefix = directory.isEmpty ? "" : directory + "/"
      // Of photo.jpg and photo.png the first.
      self.files = Dictionary(
        files.filter { $0.hasPrefix(prefix) }.map { (String(FileIndex.stem(of: $0).dropFirst(prefix.count)), $0) },
        uniquingKeysWith: { first, _ in first })
    }
  }

  /// Annotations and the images that belong to them.
  package struct Pair {
    package let annotations: NamedFiles
    package let images: NamedFiles
    /// Another directory whose images may be meant as well.
    package let rival: String?

    /// Whether images and annotations are side by side.
    package var isFlat: Bool { annotations.directory == images.directory }
  }

  /// All that were found; several are parts of a data set, as `train` and `test`.
  package let pairs: [Pair]
  /// Paths of the annotations and of the images.
  package let annotations: [String]
  package let images: [String]
  /// Paths of all files.
  package let files: [String]

  /// What the pairs' directories of annotations are told apart by: the directories that differ first on the way to them.
  ///
  /// - Returns: their paths, in the order of ``pairs``; nothing when two have the same.
  package var partDirectories: [String]? {
    let paths = pairs.map { $0.annotations.directory.split(separator: "/") }
    guard let first = paths.first else { return nil }
    let shared = first.indices.prefix { index in paths.allSatisfy { $0.count > index && $0[index] == first[index] } }
      .count
    let places = paths.map { $0.prefix(shared + 1).joined(separator: "/") }
    return Set(places).count == places.count ? places : nil
  }

  /// Whether each of several pairs is in a directory of its own.
  package var arePartsApart: Bool {
    guard let places = partDirectories else { return false }
    return zip(places, pairs).allSatisfy { "\($1.images.directory)/".hasPrefix("\($0)/") }
  }

  /// The directories with `Annotations` in them, when the root has none.
  package var innerRoots: [String] {
    if pairs.contains(where: { ["", "Annotations"].contains($0.annotations.directory) }) { return [] }
    let roots = annotations.compactMap { file in
      file.firstRange(of: "/Annotations/").map { String(file[..<$0.lowerBound]) }
    }
    return Set(roots).sorted()
  }

  /// How many directories are tried for the one that the annotations' names start at.
  private static let directoryLimit = 100
  /// What directories of images are called.
  private static let usualNames: Set = ["jpegimages", "images", "image", "imgs", "img", "photos", "pictures"]

  /// - Parameter files: paths from the directory, ascending.
  package init(_ files: [String]) {
    let annotations = files.filter { FileIndex.extension(of: $0) == "xml" }
    let images = files.filter { PascalVOCDirectories.imageExtensions.contains(FileIndex.extension(of: $0)) }
    (self.files, self.annotations, self.images) = (files, annotations, images)
    let groups = Dictionary(grouping: annotations) { Self.top(of: $0) }
    var pairs = groups["Annotations"].map { Self.pairs($0, at: ["Annotations"], images) } ?? []
    if pairs.isEmpty, groups[""] != nil { pairs = Self.pairs(annotations, at: [""], images) }
    if pairs.isEmpty {
      pairs = groups.filter { !$0.key.isEmpty }.sorted { $0.key < $1.key }.flatMap {
        Self.pairs($1, at: Self.directories(of: $1), images)
      }
    }
    self.pairs = pairs
  }

  /// The first directory of a path.
  package static func top(of path: String) -> String {
    path.firstIndex(of: "/").map { String(path[..<$0]) } ?? ""
  }

  /// All directories on the way to files, those near the root first.
  private static func directories(of files: [String]) -> [String] {
    var all: Set<String> = []
    for file in files {
      var place = FileIndex.split(file).directories
      while !place.isEmpty, all.insert(place).inserted { place = FileIndex.split(place).directories }
    }
    func depth(_ path: String) -> Int { path.count { $0 == "/" } }
    return Array(all.sorted { (depth($0), $0) < (depth($1), $1) }.prefix(directoryLimit))
  }

  /// The annotations with images: of directories in each other the one with most.
  private static func pairs(_ annotations: [String], at directories: [String], _ images: [String]) -> [Pair] {
    var found: [(pair: Pair, count: Int)] = []
    for directory in directories {
      let named = NamedFiles(directory, annotations)
      guard let (pair, count) = pair(named, images) else { continue }
      found.append((pair, count))
      if count == annotations.count { break }
    }
    let order = found.enumerated().sorted { one, other in
      (other.element.count, one.offset) < (one.element.count, other.offset)
    }
    var chosen: [Pair] = []
    for (_, (pair, _)) in order {
      let place = pair.annotations.directory + "/"
      let overlaps = chosen.contains { other in
        let another = other.annotations.directory + "/"
        return place.hasPrefix(another) || another.hasPrefix(place)
      }
      if !overlaps { chosen.append(pair) }
    }
    return chosen.sorted { $0.annotations.directory < $1.annotations.directory }
  }

  /// The annotations with the images that have their names, and how many these are; nothing when there is none.
  private static func pair(_ annotations: NamedFiles, _ images: [String]) -> (Pair, count: Int)? {
    // By directory, how many images have the name of an annotation as their path from there.
    var counts: [String: Int] = [:]
    for image in images {
      let stem = FileIndex.stem(of: image)
      var start = stem.startIndex
      while true {
        if annotations.files[String(stem[start...])] != nil {
          counts[String(stem[..<start].dropLast()), default: 0] += 1
        }
        guard let slash = stem[start...].firstIndex(of: "/") else { break }
        start = stem.index(after: slash)
      }
    }
    guard let most = counts.values.max() else { return nil }
    // Masks have the names of their images too: where directories have about as many, what they are called decides.
    func rank(_ directory: String) -> Int {
      if directory == "JPEGImages" { return 0 }
      if directory == annotations.directory { return 1 }
      return usualNames.contains(FileIndex.split(directory).last.lowercased()) ? 2 : 3
    }
    let order = counts.filter { 2 * $1 >= most }.sorted { one, other in
      (rank(one.key), other.value, one.key) < (rank(other.key), one.value, other.key)
    }
    let best = order[0]
    let rival = order.dropFirst().first { rank($0.key) == rank(best.key) && $0.value == best.value }?.key
    let pair = Pair(annotations: annotations, images: NamedFiles(best.key, images), rival: rival)
    return (pair, min(best.value, annotations.files.count))
  }
}
