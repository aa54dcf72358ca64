import Files

/// A division in words and numbers.
struct SplitDescription {
  private let parts: [String]
  /// Images of each part.
  private let imageCounts: [String: Int]
  private let classNames: [String]
  /// Objects of each class in each part.
  private let objectCounts: [String: [String: Int]]

  /// - Parameters:
  ///   - parts: the names of the parts, in order.
  ///   - partOfImage: by image.
  init(_ images: [SplitImage], parts: [String], partOfImage: [String]) {
    self.parts = parts
    var (imageCounts, objectCounts) = ([String: Int](), [String: [String: Int]]())
    for (image, part) in zip(images, partOfImage) {
      imageCounts[part, default: 0] += 1
      objectCounts[part, default: [:]].merge(image.objects, uniquingKeysWith: +)
    }
    (self.imageCounts, self.objectCounts) = (imageCounts, objectCounts)
    classNames = Set(images.flatMap(\.objects.keys)).sorted()
  }

  /// Images, and objects of each class, by part.
  var table: String {
    let header = [""] + parts
    let images = ["images"] + parts.map { "\(imageCounts[$0] ?? 0)" }
    let classes = classNames.map { name in [name] + parts.map { "\(objectCounts[$0]?[name] ?? 0)" } }
    return TextTable([header, images] + classes).text
  }

  /// Classes that a part has none of.
  var classWarnings: [String] {
    var warnings: [String] = []
    for part in parts {
      let lacking = classNames.filter { objectCounts[part]?[$0] == nil }
      guard !lacking.isEmpty else { continue }
      let list = lacking.map { name in
        let total = parts.reduce(0) { $0 + (objectCounts[$1]?[name] ?? 0) }
        return "\(name) (\(total) in all)"
      }
      warnings.append(
        "no object in \(part) of \(Quantities.count(lacking.count, "class", "classes")): \(list.joined(separator: ", "))"
      )
    }
    return warnings
  }

  /// Parts that are far from their shares of the images.
  ///
  /// - Parameter hasFrames: whether images were kept together as frames of a video.
  func shareWarnings(_ fractions: SplitFractions, hasFrames: Bool) -> [String] {
    let all = imageCounts.values.reduce(0, +)
    let shares =
      [(SplitPart.test.rawValue, fractions.test)]
      + (fractions.validation.map { [(SplitPart.validation.rawValue, $0)] } ?? [])
    var warnings: [String] = []
    for (part, share) in shares {
      let (count, wanted) = (imageCounts[part] ?? 0, share * Double(all))
      if Double(count) > 1.5 * wanted + 1 || Double(count) < 0.5 * wanted - 1 {
        let advice = hasFrames ? "; --no-group-frames takes numbered images for single ones" : ""
        warnings.append(
          "\(part) has \(count) of \(all) images, asked for were \(Int(wanted.rounded())): images that are kept together cannot be divided\(advice)"
        )
      }
    }
    return warnings
  }

  /// What is kept together, a line for each reason.
  static func bonds(_ groups: ImageGroups, _ images: [SplitImage]) -> [String] {
    ImageGroups.Reason.allCases.compactMap { reason in
      let bonds = groups.bonds.filter { $0.reason == reason }
      if bonds.isEmpty { return nil }
      let count = bonds.reduce(0) { $0 + $1.members.count }
      let shown = bonds.prefix(20).map { title($0, images) }
      let rest = bonds.count > 20 ? " and \(bonds.count - 20) more" : ""
      let what =
        switch reason {
        case .copies: "\(count) images that are copies of another"
        case .versions: "\(count) versions of \(Quantities.count(bonds.count, "image")), made by Roboflow"
        case .frames: "\(count) frames of \(Quantities.count(bonds.count, "video"))"
        }
      return "kept together: \(what): \(shown.joined(separator: ", "))\(rest)"
    }
  }

  /// "a = b" for copies, "clip_* (20)" for the frames of a video, "photo (3)" for versions of an image.
  static func title(_ bond: ImageGroups.Bond, _ images: [SplitImage]) -> String {
    switch bond.reason {
    case .copies:
      bond.members.prefix(4).map { images[$0].name }.joined(separator: " = ") + (bond.members.count > 4 ? " = …" : "")
    case .versions: "\(bond.title) (\(bond.members.count))"
    case .frames: "\(bond.title)* (\(bond.members.count))"
    }
  }
}
