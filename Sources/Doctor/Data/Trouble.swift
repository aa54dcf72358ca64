import Datasets

/// Faults of one kind in a split: the first of them, and how many there are.
package struct Trouble: Codable, Sendable, Equatable {
  /// What is wrong.
  package var kind: DatasetFault.Kind
  /// How often.
  package var count: Int
  /// The first of them, each with its place.
  package var lines: [String]

  package init(_ kind: DatasetFault.Kind, count: Int, lines: [String]) {
    self.kind = kind
    self.count = count
    self.lines = lines
  }

  /// The faults of a log, by kind, errors first.
  package static func all(_ log: FaultLog) -> [Trouble] {
    DatasetFault.Kind.allCases.compactMap { kind in
      log.counts[kind].map { count in
        Trouble(kind, count: count, lines: log.faults.filter { $0.kind == kind }.map(\.description))
      }
    }
  }

  /// The finding of a check, with a line for each fault that was kept.
  ///
  /// - Parameters:
  ///   - isNeeded: whether training reads the split; if not, nothing is an error.
  ///   - place: the ranks that it concerns, if not all.
  package func finding(_ check: String, isNeeded: Bool, place: String = "") -> Finding {
    let rest = count > lines.count ? ["and \(count - lines.count) more"] : []
    let (places, ending) = condensed
    let message =
      count == 1 && lines.count == 1
      ? place + lines[0] : ([place + "\(count) \(kind.plural)\(ending)"] + places + rest).joined(separator: "\n")
    return kind.isError && isNeeded
      ? .error(check, .data, message, remedy: kind.remedy) : .warning(check, message, remedy: kind.remedy)
  }
}

extension Trouble {
  /// The lines without the words that all of them end with, as "; the classes are cat, dog", and these words.
  ///
  /// A line may go on, as the first of unknown classes does with those that the data have; then that is among the words.
  private var condensed: (lines: [String], ending: String) {
    let endings = lines.map { line in line.firstRange(of: "; ").map { line[$0.lowerBound...] } ?? "" }
    guard lines.count > 1, let longest = endings.max(by: { $0.count < $1.count }),
      endings.allSatisfy({ !$0.isEmpty && longest.hasPrefix($0) })
    else { return (lines, "") }
    return (zip(lines, endings).map { String($0.dropLast($1.count)) }, String(longest))
  }
}

extension DatasetFault.Kind {
  /// What mends it.
  var remedy: String {
    switch self {
    case .unreadableSplit:
      "mend the file, or correct data.root, data.format and the names of the splits; 'multibox split' makes splits where there are none"
    case .missingFile: "bring the file, or take the image out of the split"
    case .brokenAnnotation: "mend the annotation at this place"
    case .unknownClass: "correct the name, or list it under data.classes"
    case .brokenImage:
      "bring the image anew, or take it out of the split; data.damaged_images: replace (training) and evaluation.damaged_images: skip (evaluation) go on without it"
    case .otherSize: "bring the image that was annotated, or annotate this one"
    case .ambiguousImage: "if the message says no other way, rename one of them, in file and annotation"
    case .backgroundClass: "take it out of the classes; what is not annotated is background"
    case .fractionBoxes: "convert the boxes to pixels"
    case .reversedBoxes: "write the right and lower edge in place of the sizes"
    case .fewFractionBoxes: "look at the box; convert what is no pixels"
    case .ambiguousName: "nothing, if the right one is taken; else write the name as the message says"
    case .nestedObject: "move each <object> to directly below <annotation>, or convert the annotations anew"
    case .unannotatedImage: "nothing, if there is nothing to find in them; else annotate them"
    case .unstatedSize: "nothing, if the images are those that were annotated"
    case .exchangedSize: "exchange width and height in the annotation"
    case .repeatedImage: "strike the second line"
    case .repeatedObject: "strike one if it is there twice, or number them anew"
    case .boxWithoutArea, .boxOutside: "correct the box; training leaves it out"
    case .boxClipped: "correct the box; training uses the part inside"
    case .orientation:
      "see with 'multibox preview' whether boxes sit on objects; if not, turn the stored pixels (exiftran -ai)"
    case .unlistedCategory: "nothing, if that is meant; else list the categories under data.classes"
    case .absentCategory: "nothing, if that is meant; else correct the name, in the file or under data.classes"
    case .emptyCategory: "nothing; or strike the category"
    case .repeatedCategory: "nothing, if they are one class; else give them different names and numbers"
    case .boxFromOutline: "nothing, if the preview looks right ('multibox preview')"
    case .numberAsText: "nothing; other programs may want numbers without quotes"
    case .otherPath:
      "nothing, if these are the images meant; else correct file_name, or the line of the list, or set data.image_directory (COCO)"
    case .darkImage: "scale the samples to all 16 bits, or store 8; 'multibox preview' shows what the network sees"
    case .strayAnnotation: "nothing, if these images were left out on purpose; else list them under images"
    case .labelWithoutImage: "bring the images, or remove the label files"
    case .repeatedLine: "strike one of the lines"
    case .imageWithoutObjects: "take them out of the split to save their time, they add nothing to the loss"
    case .sameContent: "keep one of them"
    case .sharedContent: "take them out of one of the splits, or scores will promise too much"
    }
  }
}
