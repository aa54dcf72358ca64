import Datasets
import Detection
import Evaluation
import Foundation
import Images
import Inference
import TestSupport
import Testing

/// An evaluation by COCO's metric has the numbers and warnings of `score` on the files that it leaves.
struct EvaluationParityTests {
  private let directory: TemporaryDirectory
  private var file: String { directory.path + "/truth.json" }

  init() throws {
    directory = try TemporaryDirectory()
    let picture = Image(width: 80, height: 60, pixels: Array(repeating: 90, count: 80 * 60 * 3))
    for name in ["a", "b", "c"] { try picture.writePNG(to: "\(directory.path)/\(name).png") }
  }

  /// Three images, their numbers in falling order, with two objects each; `identifiers` are those of the objects.
  private func write(_ identifiers: [Int?]) throws {
    let images = ["a", "b", "c"].enumerated().map {
      #"{"id": \#(9 - $0), "file_name": "\#($1).png", "width": 80, "height": 60}"#
    }
    let annotations = identifiers.enumerated().map { index, identifier in
      let id = identifier.map { "\"id\": \($0), " } ?? ""
      return #"{\#(id)"image_id": \#(9 - index / 2), "category_id": \#(7 - index % 2), "area": 300, "iscrowd": 0, "#
        + #""bbox": [\#(5 + 30 * (index % 2)), 10, 20, 15]}"#
    }
    try #"{"images": [\#(images.joined(separator: ","))], "annotations": [\#(annotations.joined(separator: ","))], "#
      .appending(#""categories": [{"id": 7, "name": "cat"}, {"id": 6, "name": "dog"}]}"#)
      .write(toFile: file, atomically: true, encoding: .utf8)
  }

  /// What a detector with equal scores finds: every object, one of them beside its place, and something in each image
  /// that is none.
  private func evaluation(_ dataset: Dataset) -> SplitEvaluation {
    let images = dataset.images.enumerated().map { index, image in
      let objects = image.evaluationObjects(difficult: .trainOnly)
      var detections = objects.map { PixelDetection(box: $0.pixelBox, label: $0.groundTruth.label, score: 0.5) }
      if index == 1 { detections[0].box = PixelBox(xMin: 60, yMin: 40, xMax: 79, yMax: 59) }
      detections.append(PixelDetection(box: PixelBox(xMin: 1, yMin: 1, xMax: 9, yMax: 9), label: 1, score: 0.5))
      return ImageResult(
        imageIndex: index, groundTruth: objects.map { PixelGroundTruth($0) }, detections: detections)
    }
    return SplitEvaluation(
      classNames: dataset.classNames, identifiers: dataset.images.map(\.identifier),
      cocoIdentifiers: dataset.cocoIdentifiers, images: images, seconds: 1)
  }

  @Test(arguments: [[1, 2, 3, 4, 5, 6], [3, 0, 1, 2, 4, 5], [0, 1, 2, 3, 4, 5], [nil, nil, nil, nil, nil, nil]])
  func `An evaluation and the score of its files agree`(identifiers: [Int?]) throws {
    try write(identifiers)
    let dataset = try Dataset(.coco, [DatasetSource(root: directory.path, split: "truth.json")])
    let report = try EvaluationReport(evaluation(dataset), metric: .coco)
    try report.write(to: directory.path)
    let scoring = try FileScoring(
      groundTruth: .coco(file: file), detections: directory.path + "/detections.json", metric: .coco)
    let sheet = try scoring.score()
    #expect(report.sheet.result == sheet.result)
    guard case .coco(let result) = sheet.result else { return }
    // All six objects count; the one beside its place is not found, and neither is number 0.
    let found = identifiers.contains(0) ? 4.0 : 5.0
    let recall = try #require(result[.averageRecall100])
    #expect(abs(recall - found / 6) < 1e-12 || identifiers[0] == 3, "\(recall)")
    let own = dataset.evaluationWarnings(.coco, difficult: .trainOnly).filter { !dataset.warnings.contains($0) }
    #expect(own == scoring.warnings)
    #expect(own.count == (identifiers.contains(0) ? 1 : 0))
    #expect(own.allSatisfy { $0.hasPrefix("\(file): the annotation with the id 0 counts as not found") })
    #expect(dataset.evaluationWarnings(.voc12, difficult: .trainOnly) == dataset.warnings)
  }

  @Test func `A class that the file does not have is left out of the results`() throws {
    try write([1, 2, 3, 4, 5, 6])
    let source = DatasetSource(root: directory.path, split: "truth.json")
    let dataset = try Dataset(.coco, [source], classes: ["horse", "dog", "cat"], mayLackClasses: true)
    let report = try EvaluationReport(evaluation(dataset), metric: .coco)
    try report.write(to: directory.path)
    struct Record: Decodable { let category_id: Int }
    let text = try Data(contentsOf: URL(fileURLWithPath: directory.path + "/detections.json"))
    let records = try JSONDecoder().decode([Record].self, from: text)
    #expect(records.map(\.category_id) == [7, 6, 7, 6, 7, 6])
    let sheet = try FileScoring(
      groundTruth: .coco(file: file), detections: directory.path + "/detections.json", metric: .coco
    ).score()
    guard case .coco(let own) = report.sheet.result, case .coco(let scored) = sheet.result else { return }
    #expect(COCOStatistic.allCases.allSatisfy { own[$0] == scored[$0] })
  }

  @Test func `Marked objects are ignored with a warning, or count as in the score of the files`() throws {
    try write([1, 2, 3, 4, 5, 6])
    let text = try String(contentsOfFile: file, encoding: .utf8)
    try text.replacing("\"id\": 2,", with: "\"id\": 2, \"ignore\": 1,").write(
      toFile: file, atomically: true, encoding: .utf8)
    let dataset = try Dataset(.coco, [DatasetSource(root: directory.path, split: "truth.json")])
    let warnings = dataset.evaluationWarnings(.coco, difficult: .trainOnly)
    #expect(warnings.count == 1 && warnings[0].hasPrefix("1 annotation has `ignore` or `difficult`"), "\(warnings)")
    #expect(dataset.evaluationWarnings(.coco, difficult: .always).isEmpty)
  }
}
