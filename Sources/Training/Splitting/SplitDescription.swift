import Datasets

/// A division in words and numbers.
struct SplitDescription {
  private let parts: [SplitPart]
  private let fractions: SplitFractions
  /// Images of each part.
  private let imageCounts: [SplitPart: Int]
  private let classNames: [String]
  /// Objects of each class in each part.
  private let objectCounts: [SplitPart: [String: Int]]

  init(_ images: [SplitImage], _ plan: SplitPlan, _ fractions: SplitFractions) {
    self.fractions = fractions
    parts = SplitPart.allCases.filter { $0 != .validation || fractions.validation != nil }
    var (imageCounts, objectCounts) = ([SplitPart: Int](), [SplitPart: [String: Int]]())
    for (image, part) in zip(images, plan.parts) {
      imageCounts[part, default: 0] += 1
      objectCounts[part, default: [:]].merge(image.objects, uniquingKeysWith: +)
    }
    (self.imageCounts, self.objectCounts) = (imageCounts, objectCounts)
    classNames = Set(images.flatMap(\.objects.keys)).sorted()
  }

  /// Images, and objects of each class, by part.
  var table: String {
    let header = [""] + parts.map(\.rawValue)
    let images = ["images"] + parts.map { "\(imageCounts[$0] ?? 0)" }
    let classes = classNames.map { name in [name] + parts.map { "\(objectCounts[$0]?[name] ?? 0)" } }
    return TextTable([header, images] + classes).text
  }

  /// Classes that a part has none of, and a part that is far from its share.
  func warnings(hasFrames: Bool) -> [String] {
    var warnings: [String] = []
    if classNames.isEmpty { warnings.append("no image has an object") }
    for name in classNames {
      let without = parts.filter { objectCounts[$0]?[name] == nil }
      let total = parts.reduce(0) { $0 + (objectCounts[$1]?[name] ?? 0) }
      if !without.isEmpty {
        warnings.append(
          "no object of the class \(name) in \(without.map(\.rawValue).joined(separator: " and ")): it has \(Quantities.count(total, "object")) in all"
        )
      }
    }
    let all = imageCounts.values.reduce(0, +)
    let shares: [(SplitPart, Double)] =
      [(.test, fractions.test)] + (fractions.validation.map { [(.validation, $0)] } ?? [])
    for (part, share) in shares {
      let (count, wanted) = (imageCounts[part] ?? 0, share * Double(all))
      if Double(count) > 1.5 * wanted + 1 || Double(count) < 0.5 * wanted - 1 {
        let advice = hasFrames ? "; --no-group-frames takes numbered images for single ones" : ""
        warnings.append(
          "\(part.rawValue) has \(count) of \(all) images, asked for were \(Int(wanted.rounded())): images that are kept together cannot be divided\(advice)"
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
      let shown = bonds.prefix(20).map { bond in
        switch reason {
        case .copies:
          bond.members.prefix(4).map { images[$0].name }.joined(separator: " = ")
            + (bond.members.count > 4 ? " = …" : "")
        case .versions, .frames: "\(bond.title)\(reason == .frames ? "*" : "") (\(bond.members.count))"
        }
      }
      let rest = bonds.count > 20 ? " and \(bonds.count - 20) more" : ""
      let what =
        switch reason {
        case .copies: "\(count) images that are copies of another"
        case .versions: "\(count) versions of \(Quantities.count(bonds.count, "picture")), made by Roboflow"
        case .frames: "\(count) frames of \(Quantities.count(bonds.count, "video"))"
        }
      return "kept together: \(what): \(shown.joined(separator: ", "))\(rest)"
    }
  }
}
