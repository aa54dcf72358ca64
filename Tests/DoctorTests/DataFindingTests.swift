import Configuration
import Doctor
import Foundation
import MessagePassing
import TestSupport
import Testing
import Training

/// What the doctor says of data sets that were broken on purpose.
struct DataFindingTests {
  /// A way to break the data set, and what has to be said about it.
  struct Fault: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let isError: Bool
    /// The check, and a part of the message behind the root directory.
    let check: String
    let message: String
    let breakData: @Sendable (BrokenDataset) throws -> Void

    init(
      _ description: String, isError: Bool, _ message: String, check: String = "training data",
      _ breakData: @escaping @Sendable (BrokenDataset) throws -> Void
    ) {
      (testDescription, self.isError, self.check, self.message) = (description, isError, check, message)
      self.breakData = breakData
    }
  }

  static let faults = [
    Fault(
      "a box turned inside out", isError: false,
      "/Annotations/000001.xml:19: object 1 (circle): box (30.0, 5.0, 20.0, 9.0) has no area"
    ) {
      try $0.setBox(of: "000001", 30, 5, 20, 9)
    },
    Fault(
      "a box of a single point", isError: false,
      "/Annotations/000001.xml:19: object 1 (circle): box (20.0, 5.0, 20.0, 5.0) has no area"
    ) {
      try $0.setBox(of: "000001", 20, 5, 20, 5)
    },
    Fault(
      "a box outside the image", isError: false,
      "/Annotations/000001.xml:19: object 1 (circle): box (2000.0, 5.0, 2020.0, 9.0) lies outside the image of"
    ) {
      try $0.setBox(of: "000001", 2000, 5, 2020, 9)
    },
    Fault(
      "a box that reaches out", isError: false,
      "/Annotations/000001.xml:19: object 1 (circle): box (5.0, 5.0, 2020.0, 9.0) reaches outside the image of"
    ) {
      try $0.setBox(of: "000001", 5, 5, 2020, 9)
    },
    Fault("another size", isError: true, "/Annotations/000001.xml:7: the annotation states 17×") {
      try $0.edit("000001", #/<width>\d+</width>/#, "<width>17</width>")
    },
    Fault("a damaged image", isError: true, "/JPEGImages/000001.jpg: Premature end of JPEG file") {
      try $0.cut("JPEGImages/000001.jpg")
    },
    Fault("a picture that is none", isError: true, "/JPEGImages/000001.jpg: neither a JPEG nor a PNG file") {
      try $0.write("hello", to: "JPEGImages/000001.jpg")
    },
    Fault(
      "a header with more pixels than the file can hold", isError: true,
      "/JPEGImages/000001.jpg: the header says 30000×2900 pixels, more than "
    ) {
      try $0.setSides(ofJPEG: "000001", width: 30_000, height: 2_900)
    },
    Fault(
      "samples of 12 bits in 16", isError: false, "/JPEGImages/000001.jpg: has 16 bits a sample but none above 4095 of"
    ) {
      try $0.darken(image: "000001")
    },
    Fault("a missing image", isError: true, "/ImageSets/Main/trainval.txt:1: image 000001 has no file ") {
      try $0.remove("JPEGImages/000001.jpg")
    },
    Fault("a missing annotation", isError: true, "/ImageSets/Main/trainval.txt:1: image 000001 has no annotation ") {
      try $0.remove("Annotations/000001.xml")
    },
    Fault(
      "an unknown class", isError: true,
      "/Annotations/000001.xml:14: object 1: unknown class \"circel\"; the classes are circle, "
    ) {
      try $0.edit("000001", #/<name>circle</name>/#, "<name>circel</name>")
    },
    Fault(
      "the background as a class", isError: true,
      "/Annotations/000001.xml:14: object 1: unknown class \"background\" (background is not annotated)"
    ) {
      try $0.edit("000001", #/<name>circle</name>/#, "<name>background</name>")
    },
    Fault(
      "torn XML", isError: true, "/Annotations/000001.xml:23: not well-formed XML inside <annotation>, perhaps cut off"
    ) {
      try $0.edit("000001", #/</annotation>/#, "")
    },
    Fault(
      "a coordinate that is no number", isError: true,
      "/Annotations/000001.xml:20: object 1 (circle): <xmin> is not a number: \"left\""
    ) {
      try $0.edit("000001", #/<xmin>\d+</xmin>/#, "<xmin>left</xmin>")
    },
    Fault("an image listed twice", isError: false, "/ImageSets/Main/trainval.txt:11: image 000001 is listed twice") {
      try $0.append("000001\n", to: "ImageSets/Main/trainval.txt")
    },
    Fault("an image without objects", isError: false, "/JPEGImages/000001.jpg: has no object to train on") {
      try $0.write("<annotation/>", to: "Annotations/000001.xml")
    },
    Fault("the same picture twice", isError: false, "/JPEGImages/000002.jpg: has the same content as ") {
      try $0.copy(image: "000001", to: "000002")
    },
    Fault(
      "a picture that is trained and evaluated on", isError: false,
      "/JPEGImages/000005.jpg: is evaluated on and has the same content as ", check: "evaluation data"
    ) {
      try $0.copy(image: "000001", to: "000005")
    },
    Fault("a picture that is shown turned", isError: false, "/JPEGImages/000001.jpg: has the EXIF orientation 6") {
      try $0.tag(image: "000001", orientation: 6)
    },
    Fault("a split with a stray word", isError: true, "/ImageSets/Main/trainval.txt:1: expected an image name") {
      try $0.edit(file: "ImageSets/Main/trainval.txt", #/000001/#, "000001 jpg")
    },
  ]

  @Test(arguments: faults) func `A fault is named, alone, and ends training only if it would be wrong`(
    fault: Fault
  ) throws {
    let dataset = try BrokenDataset()
    let before = try dataset.troubles()
    try fault.breakData(dataset)
    let diagnosis = try dataset.diagnose()
    let new = dataset.troubles(in: diagnosis).filter { !before.contains($0) }
    let finding = try #require(new.first { $0.check == fault.check }, "\(diagnosis.text)")
    #expect(finding.message.contains(dataset.path + fault.message), "\(finding.message)")
    #expect(finding.status == (fault.isError ? .error(.data) : .warning))
    #expect(finding.remedy?.isEmpty == false)
    #expect(diagnosis.fault == (fault.isError ? .data : nil))
    // Nothing else is found, but for classes of which the only object is gone.
    #expect(new.filter { $0.check != "classes" }.count == 1, "\(diagnosis.text)")
  }

  @Test func `All faults are listed in one pass, of each kind at most twenty`() throws {
    let dataset = try BrokenDataset(images: 60)
    try dataset.setBox(of: "000001", 30, 5, 20, 9)
    try dataset.edit("000002", #/<width>\d+</width>/#, "<width>17</width>")
    try dataset.cut("JPEGImages/000004.jpg")
    try dataset.remove("JPEGImages/000006.jpg")
    try dataset.remove("Annotations/000007.xml")
    for number in 11...40 where number % 5 != 0 {
      try dataset.edit(String(format: "%06d", number), #/<bndbox>/#, "<box>")
      try dataset.edit(String(format: "%06d", number), #/<\/bndbox>/#, "</box>")
    }
    let diagnosis = try dataset.diagnose()
    let findings = dataset.troubles(in: diagnosis).filter { $0.check == "training data" }.map(\.message)
    #expect(diagnosis.fault == .data)
    for text in [
      "has no area", "the annotation states 17×", "000004.jpg: Premature end", "image 000006 has no file",
      "image 000007 has no annotation",
    ] {
      #expect(findings.contains { $0.contains(text) }, "\(text): \(findings)")
    }
    let broken = try #require(findings.first { $0.contains("no <bndbox>") })
    #expect(broken.hasPrefix("24 broken annotations\n"))
    #expect(broken.hasSuffix("\nand 4 more"))
    #expect(broken.split(separator: "\n").count == 22)
  }

  @Test(arguments: [("000002", "has the same content as "), ("000005", "is evaluated on and has the same content as ")])
  func `An image of another size than annotated is recognised as a copy`(image: String, message: String) throws {
    let dataset = try BrokenDataset()
    try dataset.copy(picture: "000001", to: image)
    let findings = dataset.troubles(in: try dataset.diagnose()).map(\.message)
    #expect(findings.contains { $0.contains("/Annotations/\(image).xml:7: the annotation states ") }, "\(findings)")
    #expect(findings.contains { $0.contains("/JPEGImages/\(image).jpg: \(message)") }, "\(findings)")
  }

  @Test func `Headers alone can be read, and damage that training would pass over is a warning`() throws {
    let dataset = try BrokenDataset()
    try dataset.cut("JPEGImages/000001.jpg")
    #expect(try dataset.diagnose().fault == .data)
    #expect(try dataset.diagnose(readsPixels: false).fault == nil)
    let replaced = try dataset.diagnose("data.damaged_images=replace")
    #expect(replaced.fault == nil)
    #expect(dataset.troubles(in: replaced).contains { $0.message.hasSuffix("000001.jpg: Premature end of JPEG file") })
  }

  @Test func `Classes whose objects suit few default boxes are named`() throws {
    let dataset = try BrokenDataset()
    let dot =
      "<object><name>dot</name><bndbox><xmin>5</xmin><ymin>5</ymin><xmax>8</xmax><ymax>8</ymax></bndbox></object>"
    try dataset.edit("000001", #/<\/annotation>/#, dot + "</annotation>")
    let diagnosis = try dataset.diagnose("data.classes=[circle, square, triangle, star, cross, ring, dot]")
    let finding = try #require(diagnosis.findings.first { $0.check == "default boxes" })
    #expect(finding.message.contains(", of dot 0 of 1, overlap a default box"), "\(finding)")
    #expect(!finding.message.contains("of circle"), "\(finding)")
  }

  @Test func `What many lines end with is said once`() throws {
    let dataset = try BrokenDataset()
    let diagnosis = try dataset.diagnose("data.classes=[cat, dog]")
    let finding = try #require(dataset.troubles(in: diagnosis).first { $0.check == "training data" })
    let lines = finding.message.split(separator: "\n")
    #expect(lines[0].firstMatch(of: #/^\d+ objects of unknown classes; the classes are cat, dog/#) != nil, "\(finding)")
    #expect(lines.count > 3 && lines[1].hasSuffix(": object 1: unknown class \"circle\""), "\(finding)")
    #expect(finding.message.split(separator: "the classes are").count == 2)
  }

  @Test func `What is wrong with both splits alike is said once, with advice that helps`() throws {
    let dataset = try BrokenDataset()
    try dataset.remove("ImageSets")
    let diagnosis = try dataset.diagnose()
    let findings = dataset.troubles(in: diagnosis)
    #expect(findings.map(\.check) == ["training data", "evaluation data"], "\(diagnosis.text)")
    #expect(findings[0].message.contains("trainval.txt: no such split: "))
    #expect(findings[0].remedy?.contains("'multibox split' makes splits where there are none") == true)
    #expect(findings[1].message.hasSuffix("/ImageSets/Main/test.txt: the same as of the training data"))
    #expect(findings[1].remedy == "as for the training data")
    #expect(diagnosis.fault == .data)
    // Of another kind it is said in full.
    let other = try BrokenDataset()
    try other.edit(file: "ImageSets/Main/trainval.txt", #/000001/#, "000001 jpg")
    try other.remove("ImageSets/Main/test.txt")
    let others = other.troubles(in: try other.diagnose()).map(\.message)
    #expect(others.count == 2 && others[1].contains("test.txt: no such split; the splits there are"), "\(others)")
  }

  @Test func `Objects that no default box suits are a warning, and so are objects of few pixels`() throws {
    func status(_ check: String, in diagnosis: Diagnosis) -> Finding.Status? {
      diagnosis.findings.first { $0.check == check }?.status
    }
    let dataset = try BrokenDataset()
    let usual = try dataset.diagnose()
    #expect(status("default boxes", in: usual) == .ok && status("box sizes", in: usual) == .ok, "\(usual.text)")
    // All objects a few pixels large: none is reached, and no layout helps.
    for file in try FileManager.default.contentsOfDirectory(atPath: dataset.path + "/Annotations") {
      let text = try dataset.read("Annotations/\(file)")
      let small = text.replacing(#/<xmin>\d+/#, with: "<xmin>40").replacing(#/<xmax>\d+/#, with: "<xmax>43")
        .replacing(#/<ymin>\d+/#, with: "<ymin>40").replacing(#/<ymax>\d+/#, with: "<ymax>42")
      try dataset.write(small, to: "Annotations/\(file)")
    }
    let diagnosis = try dataset.diagnose()
    let reach = try #require(diagnosis.findings.first { $0.check == "default boxes" })
    #expect(reach.status == .warning && reach.message.hasPrefix("0 of "), "\(reach)")
    #expect(reach.remedy?.contains("multibox preview") == true)
    let sizes = try #require(diagnosis.findings.first { $0.check == "box sizes" })
    #expect(sizes.status == .warning, "\(sizes)")
    #expect(sizes.message.contains(#/; (\d+) of \1 objects have less than 16/#), "\(sizes)")
    #expect(diagnosis.fault == nil)
  }

  @Test func `The length of a run is told in passes, and in time when its speed is known`() {
    func message(_ speed: Double?) -> String {
      TrainingLength(
        iterations: 120_000, globalBatch: 32, images: 16551, speed: speed.map { ($0, "runs/a/metrics.jsonl") }
      )
      .finding.message
    }
    #expect(message(nil) == "120000 iterations of 32 images are 232 passes over 16551 images")
    #expect(message(16).hasSuffix(", 2.8 days at 16 images/s as in runs/a/metrics.jsonl"))
    #expect(message(640).hasSuffix(", 100 minutes at 640 images/s as in runs/a/metrics.jsonl"))
    let lines = (1...200).map { "{\"iteration\":\($0),\"images_per_second\":\($0)}" } + ["{\"mAP\":0.5}", "{torn"]
    #expect(TrainingLength.imagesPerSecond(inMetrics: lines.joined(separator: "\n")) == 175.5)
    #expect(TrainingLength.imagesPerSecond(inMetrics: "") == nil)
  }

  @Test(
    .enabled(if: SharedData.has("bccd"), "bccd is not in \(SharedData.root)"),
    arguments: [
      ("root: \(SharedData.root)/voc2007-mini", []),
      (
        "root: \(SharedData.root)/bccd, train_split: trainval, classes: [RBC, WBC, Platelets]",
        ["BloodImage_00338.xml:", "BloodImage_00343.xml:"]
      ),
      (
        "format: coco, root: \(SharedData.root)/coco/coco-mini, evaluation_split: train2017",
        ["000000000250.jpg: has no object to train on", "000000000508.jpg: has no object to train on"]
      ),
    ])
  func `Real data pass, with the faults that they are known to have`(data: String, known: [String]) throws {
    let directory = try TemporaryDirectory()
    let configuration = try Configuration(
      yaml: "version: 1\nmodel: {width_multiplier: 0.0625}\ndata: {\(data)}\noutput: \(directory.path)/run", name: "a"
    )
    .namingClasses()
    let job = try Job(SingleProcessCommunicator())
    let diagnosis = try Doctor(job).examine { configuration }
    #expect(diagnosis.fault == nil)
    let troubles = diagnosis.findings.filter { $0.check == "training data" && $0.status != .ok }
    #expect(troubles.count == (known.isEmpty ? 0 : 1), "\(diagnosis.text)")
    for text in known { #expect(troubles.contains { $0.message.contains(text) }, "\(diagnosis.text)") }
    let isOneSplit = data.contains("coco")
    let others = diagnosis.findings.filter { $0.check == "evaluation data" && $0.status != .ok }
    #expect(others.count == (isOneSplit ? 1 : 0), "\(diagnosis.text)")
  }
}
