import Datasets
import Foundation
import TestSupport
import Testing

/// Damaged annotations and results; ``Fuzzing`` tells how to read more of them.
struct DamagedTextTests {
  private static let xmlWords = [
    "<", ">", "</", "<object>", "</object>", "<![CDATA[", "]]>", "<!--", "&", "&#0;", "&lol;",
    "<?xml encoding=\"UTF-16\"?>", "<?a?>",
    "<bndbox><xmin>", "<name>dog</name>", "<!DOCTYPE a [<!ENTITY b \"bb\">]>",
  ]
  private static let jsonWords = [
    "{", "}", "[", "]", "\"", "\\", "\\u", "\\ud800", ":", ",", "null", "true", "1e-400", "-", ".", "[[[[[[[[",
    "{\"a\":",
    "\"bbox\"", "\"id\"",
  ]

  private static let annotation = """
    <annotation><folder>VOC2007</folder><filename>a.jpg</filename><owner><name>someone</name></owner>
    <size><width>40</width><height>30</height><depth>3</depth></size>
    <object><name>dog</name><pose>Left</pose><difficult>0</difficult>
    <bndbox><xmin>2</xmin><ymin>5</ymin><xmax>20.5</xmax><ymax>25</ymax></bndbox>
    <part><name>head</name><bndbox><xmin>3</xmin><ymin>6</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></part></object>
    <object><name><![CDATA[cat]]></name><difficult>1</difficult>
    <bndbox><xmin>1</xmin><ymin>1</ymin><xmax>40</xmax><ymax>30</ymax></bndbox></object></annotation>
    """

  @Test(.timeLimit(.minutes(30))) func `Damaged XML is read or refused`() throws {
    let folder = try AnnotatedDirectory()
    try folder.write(only: "a", width: 40, height: 30, annotation: Self.annotation)
    let file = URL(fileURLWithPath: folder.annotationPath("a"))
    let plain =
      "<annotation><object><name>dog</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax></bndbox></object></annotation>"
    let fuzzing = Fuzzing(
      [Self.annotation, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + Self.annotation, plain].map { Array($0.utf8) },
      words: Self.xmlWords.map { Array($0.utf8) })
    let counts = fuzzing.run { bytes in
      try Data(bytes).write(to: file)
      return try DamagedDataset.isTaken(.pascalVOC, folder.root, "train")
    }
    #expect(counts.taken > Fuzzing.caseCount / 50 && counts.refused > Fuzzing.caseCount / 10, "\(counts)")
  }

  @Test(.timeLimit(.minutes(10))) func `Entities are not multiplied, other files not read, and depth is limited`()
    throws
  {
    let folder = try AnnotatedDirectory()
    let entities = (1...20).map { "<!ENTITY e\($0) \"\(String(repeating: "&e\($0 - 1);", count: 10))\">" }.joined()
    let nested = String(repeating: "<a>", count: 100_000) + String(repeating: "</a>", count: 100_000)
    for text in [
      "<!DOCTYPE annotation [<!ENTITY e0 \"dog\">\(entities)]><annotation><object><name>&e20;</name></object></annotation>",
      "<!DOCTYPE annotation [<!ENTITY e SYSTEM \"/etc/passwd\">]><annotation><object><name>&e;</name></object></annotation>",
      "<annotation>\(nested)</annotation>",
    ] {
      try folder.write(only: "a", width: 40, height: 30, annotation: text)
      let error = #expect(throws: DatasetError.self) { try folder.read() }
      #expect(error?.file == folder.annotationPath("a") && error?.reason.contains("root:") == false, "\(error as Any)")
    }
  }

  @Test(.timeLimit(.minutes(30))) func `Damaged COCO annotations are read or refused`() throws {
    let folder = try COCODirectory(annotations: [
      COCODirectory.annotation(1), COCODirectory.annotation(2, image: 7, category: 9, box: "[0.5, 1.25, 39.5, 28]"),
      COCODirectory.annotation(4, more: ", \"iscrowd\": 1, \"area\": 12.5, \"difficult\": 1"),
    ])
    let file = URL(fileURLWithPath: folder.path())
    let compact = folder.json.replacing("\n", with: "").replacing(" ", with: "")
    let fuzzing = Fuzzing([folder.json, compact].map { Array($0.utf8) }, words: Self.jsonWords.map { Array($0.utf8) })
    let counts = fuzzing.run { bytes in
      // The reader of training, and the one of scoring.
      try Data(bytes).write(to: file)
      do { _ = try COCOGroundTruthFile(Data(bytes), file: "truth.json") } catch is DatasetError {}
      return try DamagedDataset.isTaken(.coco, folder.root, "train2017")
    }
    #expect(counts.taken > Fuzzing.caseCount / 50 && counts.refused > Fuzzing.caseCount / 10, "\(counts)")
  }

  @Test(.timeLimit(.minutes(30))) func `Damaged results are read or refused`() throws {
    let record =
      #"{"image_id": 7, "category_id": 5, "bbox": [1, 2.5, 3e1, 4], "score": 0.25, "segmentation": {"size": [1]}}"#
    let text = "[\(record),\n \(record.replacing("7", with: "\"a\""))]"
    let counts = Fuzzing([Array(text.utf8)], words: Self.jsonWords.map { Array($0.utf8) }).run { bytes in
      do {
        let file = try COCOResultsFile(
          Data(bytes), file: "results.json", images: [.number(7): 0, .name("a"): 1], labels: [5: 1])
        #expect(file.detections.allSatisfy { $0.score.isFinite && $0.box.width >= 0 && $0.label == 1 })
        return true
      } catch is DatasetError {
        return false
      }
    }
    #expect(counts.taken > Fuzzing.caseCount / 50 && counts.refused > Fuzzing.caseCount / 10, "\(counts)")
  }
}
