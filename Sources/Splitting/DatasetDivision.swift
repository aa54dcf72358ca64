import Datasets
import Dispatch
import Files
import Foundation
import Threads

/// Divides a data set into images to train on and images to test on.
package enum DatasetDivision {
  /// Divides a data set and writes the result.
  ///
  /// A directory with an XML file for each image gets lists of names, `ImageSets/Main/trainval.txt`, `test.txt` and, with a
  /// share for validation, `train.txt` and `val.txt`. Where they are to be and there is no `Annotations` or `JPEGImages`,
  /// links of these names are made. A JSON file of COCO gives a file for each part. YOLO data get lists of images, `train.txt`,
  /// `test.txt` and, with a share for validation, `val.txt`. When files may be overwritten, those of
  /// an earlier division of the same images that this one does not have are removed.
  ///
  /// - Throws: `DatasetError`, ``SplitError``, `FileError`.
  package static func perform(_ request: SplitRequest) throws -> SplitReport {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: request.data, isDirectory: &isDirectory) else {
      throw DatasetError(
        file: request.data,
        reason: "no such file or directory; expected a directory with images and annotations, or a JSON file")
    }
    var report = SplitReport()
    if YOLOLayout.isRoot(request.data) {
      try divideYOLO(request, &report)
    } else if isDirectory.boolValue {
      try dividePascalVOC(request, &report)
    } else {
      try divideCOCO(request, &report)
    }
    return report
  }

  // MARK: Pascal VOC

  private static func dividePascalVOC(_ request: SplitRequest, _ report: inout SplitReport) throws {
    let directory = try AnnotatedDirectory(request.data, isWhole: request.keepsDirectories)
    // A link from a directory to itself would be a trap for other programs.
    if let reason = directory.reasonForOtherOutput,
      RelativePath.of(request.output ?? request.data, from: request.data) == "."
    {
      throw DatasetError(file: request.data, reason: reason)
    }
    let classNames = try directory.classNames()
    report.warnings += warnings(directory, request)
    let images = directory.images + (request.includesUnannotated ? directory.unannotated : [])
    let lists =
      request.keepsDirectories
      ? try PartDirectories(images, root: request.data).lists(request, contents: contents(images), &report)
      : try self.lists(images, request, &report)
    let root = request.output ?? request.data
    var output = SplitOutput()
    func path(_ list: String) -> String { "\(root)/ImageSets/Main/\(list).txt" }
    for list in lists.all {
      let members = list.images.map { images[$0] }.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
      output.add(path(list.name), Data(try SplitImage.listLines(members).map { $0 + "\n" }.joined().utf8))
    }
    // What split may have written before: its own lists, and those of directories.
    let directories = images.compactMap { $0.name.contains("/") ? $0.name.split(separator: "/").first : nil }
    let names = Set(["train", "val", "trainval", "test"] + directories.map(String.init)).subtracting(
      lists.all.map(\.name))
    for name in names.sorted() where directory.hasAllImages(ofList: path(name)) { output.addLeftover(path(name)) }
    for link in directory.links { output.addLink("\(root)/\(link.name)", to: link.target) }
    try write(output, request, inputs: [], &report)
    report.configuration = configuration(
      format: "voc", root: root, train: lists.train, evaluation: lists.evaluation,
      classNames: classNames)
  }

  /// Drawn at random.
  private static func lists(
    _ images: [SplitImage], _ request: SplitRequest, _ report: inout SplitReport
  ) throws -> SplitLists {
    let plan = try plan(images, request, &report)
    func list(_ name: String, _ parts: Set<SplitPart>) -> (String, [Int]) {
      (name, images.indices.filter { parts.contains(plan.parts[$0]) })
    }
    let whole = [list("trainval", [.train, .validation]), list("test", [.test])]
    return request.fractions.validation == nil
      ? SplitLists(all: whole, train: "trainval", evaluation: "test")
      : SplitLists(
        all: [list("train", [.train]), list("val", [.validation])] + whole, train: "train", evaluation: "val")
  }

  private static func warnings(_ directory: AnnotatedDirectory, _ request: SplitRequest) -> [String] {
    var warnings: [String] = []
    if !directory.missing.isEmpty {
      warnings.append(
        "\(Quantities.count(directory.missing.count, "annotation")) without an image in \(directory.imageDirectories), left out: \(some(directory.missing))"
      )
    }
    if !directory.unannotated.isEmpty {
      let count = Quantities.count(directory.unannotated.count, "image")
      let names = some(directory.unannotated.map(\.name))
      warnings.append(
        request.includesUnannotated
          ? "\(count) without an annotation, taken as background: \(names)"
          : "\(count) without an annotation in \(directory.annotationDirectories), left out (--include-unannotated takes them as background): \(names)"
      )
    }
    return warnings
  }

  // MARK: COCO

  private static func divideCOCO(_ request: SplitRequest, _ report: inout SplitReport) throws {
    if request.keepsDirectories {
      throw SplitError(
        description: "--keep-directories is for directories of images and XML files; \(request.data) is a file")
    }
    if let reason = ForeignAnnotations(request.data)?.reason { throw DatasetError(file: request.data, reason: reason) }
    let place = COCOPlace(request.data)
    let division = try place.division()
    report.warnings += division.warnings
    let missing = division.images.filter { $0.path == nil }.map(\.name)
    if !missing.isEmpty {
      report.warnings.append(
        "\(Quantities.count(missing.count, "image")) of \(division.images.count) not found below \(place.root), so copies among them are not recognised, and training needs them: \(some(missing))"
      )
    }
    let plan = try plan(division.images, request, &report)
    let names: [SplitPart: String] = [.train: "train", .validation: "val", .test: "test"]
    func path(_ part: SplitPart) -> String {
      "\(request.output ?? place.directory)/\(place.prefix)\(names[part]!).json"
    }
    var output = SplitOutput()
    for part in SplitPart.allCases {
      if plan.parts.contains(part) {
        output.add(path(part), division.text { plan.parts[$0] == part })
      } else if division.hasAllImages(ofFile: path(part)) {
        output.addLeftover(path(part))
      }
    }
    let (imageDirectory, lost) = try place.imageDirectory(of: division.images, for: output.paths)
    if !lost.isEmpty {
      report.warnings.append(
        "\(Quantities.count(lost.count, "image")) in another directory than the rest, where training does not look: put all images into one: \(some(lost))"
      )
    }
    try write(output, request, inputs: [request.data], &report)
    let evaluation = request.fractions.validation == nil ? SplitPart.test : .validation
    report.configuration = configuration(
      format: "coco", root: place.root, imageDirectory: imageDirectory,
      train: COCOPlace.split(path(.train), root: place.root),
      evaluation: COCOPlace.split(path(evaluation), root: place.root), classNames: division.classNames)
  }

  // MARK: YOLO

  private static func divideYOLO(_ request: SplitRequest, _ report: inout SplitReport) throws {
    let directory = try YOLODirectory(request.data)
    if request.keepsDirectories {
      let advice = YOLOLayout.describes(directory.root) ?? "set data.format: yolo"
      throw SplitError(
        description:
          "--keep-directories is for directories of images and XML files; of YOLO data directories and data.yaml are read as they are: \(advice)"
      )
    }
    if !directory.unlabelled.isEmpty {
      report.warnings.append(
        "\(Quantities.count(directory.unlabelled.count, "image")) without a label file, taken as background: \(some(directory.unlabelled))"
      )
    }
    if directory.missingCount > 0 {
      report.warnings.append(
        "\(Quantities.count(directory.missingCount, "image")) of \(directory.lists.joined(separator: ", ")) not there, left out"
      )
    }
    let plan = try plan(directory.images, request, &report)
    let place = request.output ?? directory.root
    let names: [SplitPart: String] = [.train: "train", .validation: "val", .test: "test"]
    func path(_ part: SplitPart) -> String { "\(place)/\(names[part]!).txt" }
    var output = SplitOutput()
    for part in SplitPart.allCases {
      let members = directory.images.indices.filter { plan.parts[$0] == part }.map { directory.images[$0] }
      if !members.isEmpty {
        let lines = try directory.lines(members, in: place)
        output.add(path(part), Data(lines.map { $0 + "\n" }.joined().utf8))
      } else if directory.hasAllImages(ofList: path(part)) {
        output.addLeftover(path(part))
      }
    }
    try write(output, request, inputs: directory.lists, &report)
    report.configuration = configuration(
      format: "yolo", root: request.data, train: directory.split(path(.train)),
      evaluation: directory.split(path(request.fractions.validation == nil ? .test : .validation)),
      classNames: directory.classNames)
  }

  // MARK: Output

  private static func write(
    _ output: SplitOutput, _ request: SplitRequest, inputs: [String], _ report: inout SplitReport
  ) throws {
    let paths = output.paths
    let removed = try output.write(overwrites: request.overwrites, inputs: inputs)
    report.lines.append("written: \(paths.joined(separator: ", "))")
    if !removed.isEmpty {
      report.lines.append("removed, as an earlier division of the same images: \(removed.joined(separator: ", "))")
    }
  }

  // MARK: Plan

  private static func plan(
    _ images: [SplitImage], _ request: SplitRequest, _ report: inout SplitReport
  ) throws -> SplitPlan {
    let groups = ImageGroups(images, contents: try contents(images), frames: request.frames)
    report.lines += SplitDescription.bonds(groups, images)
    guard let plan = SplitPlan(images, groups.groups, request.fractions, seed: request.seed) else {
      let parts = request.fractions.validation == nil ? 2 : 3
      let reason =
        groups.groups.count == images.count
        ? "has \(Quantities.count(images.count, "image")), too few to divide in \(parts)"
        : "its \(images.count) images are kept together in \(Quantities.count(groups.groups.count, "group")), too few to divide in \(parts)\(groups.bonds.contains { $0.reason == .frames } ? "; --no-group-frames takes numbered images for single ones" : "")"
      throw DatasetError(file: request.data, reason: reason)
    }
    let parts = SplitPart.allCases.filter { $0 != .validation || request.fractions.validation != nil }
    let description = SplitDescription(
      images, parts: parts.map(\.rawValue), partOfImage: plan.parts.map(\.rawValue))
    report.lines.append(description.table)
    report.warnings +=
      description.classWarnings
      + description.shareWarnings(
        request.fractions, hasFrames: groups.bonds.contains { $0.reason == .frames })
    return plan
  }

  /// A hash of the bytes of each image's file; 0 for one that was not found.
  private static func contents(_ images: [SplitImage]) throws -> [UInt64] {
    let results = Monitor([(hash: UInt64, fault: DatasetError?)](repeating: (0, nil), count: images.count))
    DispatchQueue.concurrentPerform(iterations: images.count) { index in
      guard let path = images[index].path else { return }
      var result: (hash: UInt64, fault: DatasetError?) = (0, nil)
      do {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
        result.hash = ContentHash(ofFile: bytes).value
      } catch {
        result.fault = DatasetError(file: path, reason: "cannot be read: \(error.localizedDescription)")
      }
      let found = result
      results.withLock { $0[index] = found }
    }
    let all = results.withLock { $0 }
    if let fault = all.lazy.compactMap(\.fault).first { throw fault }
    return all.map(\.hash)
  }

  // MARK: Words

  /// The first of some names, and how many more there are.
  private static func some(_ names: [String]) -> String {
    names.prefix(5).joined(separator: ", ") + (names.count > 5 ? " and \(names.count - 5) more" : "")
  }

  private static func configuration(
    format: String, root: String, imageDirectory: String? = nil, train: String, evaluation: String, classNames: [String]
  ) -> String {
    func text(_ word: String) -> String {
      // What could be read as a number, a truth value or YAML's punctuation is put in quotes.
      let isPlain = word.wholeMatch(of: #/[A-Za-z_.\/~][A-Za-z0-9_.\/ -]*[A-Za-z0-9_]|[A-Za-z]/#) != nil
      let isWord = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"].contains(word.lowercased())
      return isPlain && !isWord ? word : "\(JSONLiteral(word))"
    }
    let directory = imageDirectory.map { "\n  image_directory: \(text($0))" } ?? ""
    return """
      version: 1
      data:
        format: \(format)
        root: \(text(root))\(directory)
        train_split: \(text(train))
        evaluation_split: \(text(evaluation))
        classes: [\(classNames.map(text).joined(separator: ", "))]
      """
  }
}
