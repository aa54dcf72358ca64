/// Which images have to be in the same split, because they show nearly the same.
///
/// Together are kept: copies, which have the same bytes; versions that Roboflow made of one image; and the frames of one
/// video, which differ only in the number at the end of their names.
///
/// Single images are numbered too. By ``FrameRule/automatic`` names with the same text before the number are those of
/// frames, unless that text
/// - is shared by 95 % of all images or more: then the data set is numbered by it (`raccoon-1` … `raccoon-200`),
/// - has no letter, as in `2008_000123`,
/// - is one that cameras and programs give to single images (`IMG_`, `DSC`, `photo`, `image`, …),
/// - is the name of a class (`dog.12`).
package struct ImageGroups {
  /// When a number at the end of a name is that of a frame.
  package enum FrameRule: Sendable {
    /// As ``ImageGroups`` has it.
    case automatic
    /// Whenever another image has the same text before it.
    case always
    /// Never: only copies and versions are kept together.
    case never
  }

  /// Why images are kept together.
  package enum Reason: Sendable, CaseIterable {
    case copies, versions, frames
  }

  /// Images that were found to belong together.
  package struct Bond: Sendable, Equatable {
    package let reason: Reason
    /// What they share: an image's name, or the text before the number.
    package let title: String
    /// Indices, ascending by name.
    package let members: [Int]
  }

  /// What was found, by reason and title.
  package let bonds: [Bond]
  /// All images in groups, each in one, as indices that ascend by name; the groups ascend by their first name.
  package let groups: [[Int]]

  /// Finds groups.
  ///
  /// - Parameters:
  ///   - contents: a hash of each image's file; 0 where it is not known.
  package init(_ images: [SplitImage], contents: [UInt64], frames: FrameRule) {
    precondition(images.count == contents.count, "\(contents.count) hashes of \(images.count) images")
    // Not the order of a directory, and not that of a language: by the bytes of the names.
    let order = images.indices.sorted { images[$0].name.utf8.lexicographicallyPrecedes(images[$1].name.utf8) }
    let names = images.map { ImageName($0.name) }
    var bonds: [Bond] = []
    func bind(_ reason: Reason, _ key: (Int) -> String?) {
      var members: [String: [Int]] = [:]
      for index in order { if let key = key(index) { members[key, default: []].append(index) } }
      bonds += members.filter { $1.count > 1 }.sorted { $0.key < $1.key }.map { key, indices in
        Bond(reason: reason, title: reason == .copies ? images[indices[0]].name : key, members: indices)
      }
    }
    bind(.copies) { contents[$0] == 0 ? nil : "\(contents[$0])" }
    bind(.versions) { names[$0].isVersion ? names[$0].source : nil }
    let numberings = Self.numberings(names, images, frames)
    bind(.frames) { index in names[index].numbering.flatMap { numberings.contains($0) ? $0 : nil } }
    self.bonds = bonds.enumerated().sorted { one, other in
      (Self.place(one.element), one.offset) < (Self.place(other.element), other.offset)
    }.map(\.element)
    groups = Self.joined(bonds, order)
  }

  private static func place(_ bond: Bond) -> Int { Reason.allCases.firstIndex(of: bond.reason)! }

  /// The texts before numbers that are those of videos.
  private static func numberings(_ names: [ImageName], _ images: [SplitImage], _ rule: FrameRule) -> Set<String> {
    if rule == .never { return [] }
    // Versions of one image count as one.
    var sources: [String: Set<String>] = [:]
    for name in names { if let numbering = name.numbering { sources[numbering, default: []].insert(name.source) } }
    let all = Set(sources.filter { $1.count > 1 }.keys)
    if rule == .always { return all }
    let count = Set(names.map(\.source)).count
    let classNames = Set(images.flatMap(\.objects.keys).map(ImageName.letters))
    return all.filter { numbering in
      20 * sources[numbering]!.count < 19 * count
        && !ImageName.numbersSingleImages(numbering, classNames: classNames)
    }
  }

  /// The images in groups: whoever is bound to another, directly or by third ones, is with it.
  private static func joined(_ bonds: [Bond], _ order: [Int]) -> [[Int]] {
    var parents = Array(order.indices)
    func root(_ index: Int) -> Int {
      var index = index
      while parents[index] != index {
        parents[index] = parents[parents[index]]
        index = parents[index]
      }
      return index
    }
    for bond in bonds { for member in bond.members { parents[root(member)] = root(bond.members[0]) } }
    var (groups, places) = ([[Int]](), [Int: Int]())
    for index in order {
      let root = root(index)
      if let place = places[root] {
        groups[place].append(index)
      } else {
        places[root] = groups.count
        groups.append([index])
      }
    }
    return groups
  }
}
