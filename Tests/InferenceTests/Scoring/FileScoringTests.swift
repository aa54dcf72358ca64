import Datasets
import Evaluation
import Files
import Foundation
import Inference
import Testing

struct FileScoringTests {
  private func detection(_ image: String, _ category: Int, _ box: [Double], _ score: Double) -> String {
    #"{"image_id": \#(image), "category_id": \#(category), "bbox": \#(box), "score": \#(score)}"#
  }

  private func annotation(_ id: Int, _ category: Int, _ box: [Double], _ mark: String = "") -> String {
    #"{"id": \#(id), "image_id": 3, "category_id": \#(category), "bbox": \#(box), "area": 100, "iscrowd": 0\#(mark)}"#
  }

  private func groundTruth(_ annotations: [String]) -> String {
    """
    {"images": [{"id": 3}], "categories": [{"id": 5, "name": "dog"}, {"id": 2, "name": "cat"}],
     "annotations": [\(annotations.joined(separator: ","))]}
    """
  }

  private func json(_ sheet: ScoreSheet) throws -> [String: Any] {
    try #require(JSONSerialization.jsonObject(with: JSONEncoder().encode(sheet)) as? [String: Any])
  }

  private let box: [Double] = [0, 0, 10, 10]
  private let other: [Double] = [100, 0, 10, 10]

  @Test(arguments: [EvaluationMetric.voc07, .voc12])
  func `Pascal VOC's metrics score COCO's files`(metric: EvaluationMetric) throws {
    let files = try ScoringFiles(
      groundTruth: groundTruth([annotation(1, 5, box), annotation(2, 5, other)]),
      detections: "[\(detection("3", 5, box, 0.5))]")
    let sheet = try files.score(metric)
    let expected: Double = metric == .voc07 ? 6 / 11 : 0.5
    let json = try json(sheet)
    #expect(Set(json.keys) == ["metric", "mAP", "AP"])
    #expect(json["metric"] as? String == metric.rawValue)
    let mean = try #require(json["mAP"] as? Double)
    #expect(abs(mean - expected) < 1e-15)
    let precisions = try #require(json["AP"] as? [String: Any])
    #expect(precisions["cat"] is NSNull && precisions["dog"] as? Double == json["mAP"] as? Double)
    #expect(sheet.table.hasSuffix("mAP (\(metric.rawValue)) \(metric == .voc07 ? "0.5455" : "0.5000") on 1 images"))
    #expect(sheet.table.contains("cat    undefined        0   0   0"), "\(sheet.table)")
  }

  @Test(arguments: [#", "difficult": 1"#, #", "ignore": 1"#, #", "iscrowd": 1"#])
  func `Marked objects are difficult for Pascal VOC's metrics`(mark: String) throws {
    let files = try ScoringFiles(
      groundTruth: groundTruth([annotation(1, 5, box), annotation(2, 5, other, mark)]),
      detections: "[\(detection("3", 5, other, 0.9)), \(detection("3", 5, box, 0.5))]")
    #expect(try files.score(.voc12).result.meanAveragePrecision == 1)
    #expect(try files.scoring(.voc12).warnings.isEmpty)
  }

  @Test func `COCO's metric knows only crowds, and says so`() throws {
    let files = try ScoringFiles(
      groundTruth: groundTruth([annotation(1, 5, box), annotation(2, 5, other, #", "ignore": 1"#)]),
      detections: "[\(detection("3", 5, box, 0.5))]")
    let scoring = try files.scoring(.coco)
    guard case .coco(let result) = try scoring.score().result else { return }
    #expect(result[.averageRecall100] == 0.5 && result.classes[1].groundTruthCount == 2)
    #expect(
      scoring.warnings == [
        "\(files.groundTruth): 1 annotation has `ignore` or `difficult`, which COCO's metric does not know: they count"
      ])
  }

  @Test func `The annotation number 0 is never found by COCO's metric, and this is said`() throws {
    let files = try ScoringFiles(
      groundTruth: groundTruth([annotation(0, 5, box), annotation(2, 5, other)]),
      detections: "[\(detection("3", 5, box, 0.9)), \(detection("3", 5, other, 0.5))]")
    let scoring = try files.scoring(.coco)
    guard case .coco(let result) = try scoring.score().result else { return }
    #expect(result[.averageRecall100] == 0.5)
    #expect(scoring.warnings.count == 1 && scoring.warnings[0].contains("id 0"))
    #expect(try files.score(.voc12).result.meanAveragePrecision == 1)
  }

  @Test func `COCO's scores have twelve keys, -1 without objects`() throws {
    let files = try ScoringFiles(
      groundTruth: groundTruth([annotation(1, 5, box)]), detections: "[\(detection("3", 5, box, 0.5))]")
    let sheet = try files.score(.coco)
    let json = try json(sheet)
    #expect(
      Set(json.keys) == ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"])
    #expect(json["AR1"] as? Double == 1 && json["ARs"] as? Double == 1)
    #expect(json["APm"] as? Double == -1 && json["ARl"] as? Double == -1)
    #expect(sheet.table.contains("dog       1.0000     1.0000     1.0000        1           1"), "\(sheet.table)")
    #expect(sheet.table.hasSuffix("mAP (coco) 1.0000 on 1 images"))
  }

  /// The second detection is half of its object in whole pixels.
  @Test(arguments: [EvaluationMetric.voc07, .voc12, .coco])
  func `A Pascal VOC directory needs no images, and takes names or numbers of images`(metric: EvaluationMetric) throws {
    let files = try ScoringFiles()
    try files.write("000012\nb\n", to: files.folder + "/ImageSets/Main/test.txt")
    try files.annotate("000012", [("dog", [1, 1, 10, 10], false), ("cat", [1, 1, 10, 10], true)])
    try files.annotate("b", [("dog", [11, 1, 20, 10], false)])
    let detections = [
      detection("12", 12, [0, 0, 10, 10], 0.9), detection("\"000012\"", 8, [0, 0, 10, 10], 0.9),
      detection("\"b\"", 12, [10, 0, 10, 5], 0.9),
    ]
    try files.write("[\(detections.joined(separator: ","))]", to: files.detections)
    let sheet = try files.scoreFolder(metric)
    #expect(sheet.imageCount == 2 && sheet.classNames.count == 20)
    let dog = sheet.result.classes[11]
    // The half counts at the lowest of COCO's ten thresholds; the others reach 51 of 101 recalls.
    let expected: Double = metric == .coco ? (1 + 9 * 51 / 101) / 10 : 1
    let actual = try #require(dog.averagePrecision)
    #expect(abs(actual - expected) < 1e-14)
    #expect(dog.objects == 2 && sheet.result.classes[7].objects == 0)
    #expect(sheet.result.meanAveragePrecision == dog.averagePrecision)
  }

  @Test func `Names of images that are the same number need to be written out`() throws {
    let files = try ScoringFiles()
    try files.write("012\n12\n", to: files.folder + "/ImageSets/Main/test.txt")
    for name in ["012", "12"] { try files.annotate(name, [("a", [1, 1, 10, 10], false)]) }
    try files.write("[\(detection("\"012\"", 1, box, 0.9))]", to: files.detections)
    #expect(try files.scoreFolder(.voc12, classes: ["a"]).result.meanAveragePrecision == 0.5)
    try files.write("[\(detection("12", 1, box, 0.9))]", to: files.detections)
    #expect(throws: DatasetError.self) { try files.scoreFolder(.voc12, classes: ["a"]) }
  }

  /// The pixels 1 to 10 of an object and 1 to 20 of a detection: half by pixels, 9 of 19 by the differences.
  @Test func `Inclusive boxes overlap as the development kit has it`() throws {
    let files = try ScoringFiles(
      groundTruth: groundTruth([annotation(1, 5, [1, 1, 9, 9])]),
      detections: "[\(detection("3", 5, [1, 1, 19, 9], 0.5))]")
    #expect(try files.score(.voc12, pixels: .inclusive).result.meanAveragePrecision == 1)
    #expect(try files.score(.voc12, pixels: .continuous).result.meanAveragePrecision == 0)
    // The directory's annotations are inclusive anyway.
    try files.write("3\n", to: files.folder + "/ImageSets/Main/test.txt")
    try files.annotate("3", [("a", [1, 1, 10, 10], false)])
    try files.write("[\(detection("3", 1, [1, 1, 19, 9], 0.5))]", to: files.detections)
    #expect(try files.scoreFolder(.voc12, classes: ["a"], pixels: .inclusive).result.meanAveragePrecision == 1)
    #expect(try files.scoreFolder(.voc12, classes: ["a"], pixels: .continuous).result.meanAveragePrecision == 0)
  }

  @Test func `A file that is not there is named`() throws {
    let files = try ScoringFiles(groundTruth: groundTruth([]), detections: "[]")
    #expect(try files.score(.coco).result.meanAveragePrecision == nil)
    try FileManager.default.removeItem(atPath: files.detections)
    let error = try #require(throws: FileError.self) { try files.score(.coco) }
    #expect(error.description == "\(files.detections): cannot read: No such file or directory (errno 2)")
  }

  @Test(arguments: EvaluationMetric.allCases)
  func `Boxes as fractions in one of the files are an error, in both a warning`(metric: EvaluationMetric) throws {
    let (small, smaller): ([Double], [Double]) = ([0, 0, 1, 1], [0.25, 0.5, 0.25, 0.5])
    func files(_ truth: [[Double]], _ found: [[Double]]) throws -> ScoringFiles {
      try ScoringFiles(
        groundTruth: groundTruth(truth.enumerated().map { annotation($0 + 1, 5, $1) }),
        detections: "[\(found.map { detection("3", 5, $0, 0.5) }.joined(separator: ",\n"))]")
    }
    func error(_ truth: [[Double]], _ found: [[Double]]) throws -> DatasetError {
      try #require(throws: DatasetError.self) { try files(truth, found).scoring(metric) }
    }
    let inTruth = try error([small, smaller], [box])
    #expect(inTruth.object == "annotations[0]" && inTruth.line == 2 && inTruth.file.hasSuffix("truth.json"))
    #expect(
      inTruth.reason.hasPrefix(
        "box [0.0, 0.0, 1.0, 1.0] lies between 0 and 1, like 2 of all 2 boxes: they look like fractions of the image; boxes"
      ))
    #expect(inTruth.reason.hasSuffix("vertical ones by its height; the detections are in pixels"))
    let inFound = try error([box, other], [other, smaller])
    #expect(inFound.object == "results[1]" && inFound.line == 2 && inFound.file.hasSuffix("detections.json"))
    #expect(inFound.reason.contains("as the only one of 2 boxes: they"))
    #expect(inFound.reason.hasSuffix("; the ground truth is in pixels"))

    let both = try files([small, smaller], [small]).scoring(metric)
    #expect(both.warnings.count == 2 && both.warnings.allSatisfy { $0.contains("they look like fractions") })
    let few = try files([box, box, small], [box, box, smaller]).scoring(metric)
    #expect(few.warnings.count == 1 && few.warnings[0].contains("truth.json:2: annotations[2]: box "))
    #expect(few.warnings.allSatisfy { $0.contains("as the only one of 3 boxes; if they are") })
    #expect(try files([small], []).scoring(metric).warnings.count == 1)
    #expect(try files([], [small]).scoring(metric).warnings.count == 1)
    #expect(try files([box], [box]).scoring(metric).warnings.isEmpty)
  }
}
