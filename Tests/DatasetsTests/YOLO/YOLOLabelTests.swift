import Datasets
import Detection
import Foundation
import TestSupport
import Testing

/// What lines of labels mean.
@Suite struct YOLOLabelTests {
  @Test func `A line is a class and the centre and size of a box`() throws {
    let folder = try YOLODirectory(labels: "1 0.5 0.5 0.5 0.4\n0 0.1 0.2 0.2 0.4")
    let dataset = try folder.read()
    #expect(dataset.classNames == ["cat", "dog", "zebra"] && dataset.warnings.isEmpty)
    let image = try #require(dataset.images.first)
    #expect((image.identifier, image.width, image.height) == ("a", 40, 30))
    #expect(image.annotationPath == folder.labelPath)
    #expect(image.objects.map(\.groundTruth.label) == [2, 1])
    #expect(image.objects[0].pixelBox == PixelBox(xMin: 10, yMin: 9, xMax: 30, yMax: 21))
    #expect(image.objects.allSatisfy { !$0.groundTruth.isDifficult && !$0.isCrowd })
  }

  @Test(arguments: [
    "1 0.5 0.5 0.5 0.4\r\n", "\u{FEFF}1 0.5 0.5 0.5 0.4\n", "\n\n  1\t0.5   0.5 0.5 0.4  \n\n", "1.0 5e-1 .5 +0.5 0.40",
    "1 0.25 0.3 0.75 0.3 0.75 0.7 0.25 0.7", "1 0.5 0.3 0.75 0.5 0.5 0.7 0.25 0.5 0.3 0.4",
  ])
  func `Programs write lines in several ways`(text: String) throws {
    let dataset = try YOLODirectory(labels: text).read()
    let box = try #require(dataset.images[0].objects.first).pixelBox
    #expect(box == PixelBox(xMin: 10, yMin: 9, xMax: 30, yMax: 21))
    let isOutline = text.split(separator: " ").count > 6 && text.hasPrefix("1 0.") && !text.contains("\t")
    #expect(dataset.faults.counts == (isOutline ? [.boxFromOutline: 1] : [:]))
  }

  @Test func `UTF-16 is read`() throws {
    let folder = try YOLODirectory(labels: "")
    try folder.write(try #require("1 0.5 0.5 0.5 0.4\n".data(using: .utf16)), to: "labels/train/a.txt")
    #expect(try folder.read().images[0].objects.count == 1)
  }

  @Test func `Keypoints follow a box where data.yaml says so`() throws {
    let yaml = "train: images/train\nkpt_shape: [2, 3]\n" + YOLODirectory.names
    let folder = try YOLODirectory(labels: "1 0.5 0.5 0.5 0.4 0.1 0.1 2 0 0 0", yaml: yaml)
    #expect(try folder.read().images[0].objects[0].pixelBox == PixelBox(xMin: 10, yMin: 9, xMax: 30, yMax: 21))
    try folder.write("1 0.5 0.5 0.5 0.4 0.1", to: "labels/train/a.txt")
    #expect(
      folder.error()?.reason.contains("expected 11 numbers, class cx cy width height and those of kpt_shape") == true)
  }

  /// Text of a line, and the reason why it is refused.
  static let broken = [
    ("1 0.5 0.5 0.5", "expected 5 numbers, class cx cy width height, or a class and the points of an outline, found 4"),
    ("1 0.5 0.5 0.5 0.4 0.93", "found 6: \"1 0.5 0.5 0.5 0.4 0.93\" (a sixth, as the score of a detection"),
    ("1 0.1 0.1 0.2 0.2 0.3 0.1 0.2", "found 8"),
    ("1,0.5,0.5,0.5,0.4", "found 1"),
    ("dog 0.5 0.5 0.5 0.4", "expected the number of a class, from 0, found \"dog\""),
    ("1.5 0.5 0.5 0.5 0.4", "expected the number of a class, from 0, found \"1.5\""),
    ("1 0,5 0.5 0.5 0.4", "expected a number, found \"0,5\""),
    ("1 nan 0.5 0.5 0.4", "expected a number, found \"nan\""),
    ("1 0.5 inf 0.5 0.4", "expected a number, found \"inf\""),
    ("1 0.5 0x1 0.5 0.4", "expected a number, found \"0x1\""),
    ("1 0.5 1e999 0.5 0.4", "expected a number, found \"1e999\""),
    ("1 20 15 20 12", "(20, 15, 20, 12) has numbers that look like pixels"),
    ("1 0.5 0.5 1.02 0.4", "(0.5, 0.5, 1.02, 0.4) has numbers outside 0 … 1"),
    ("1 0.5 0.5 -0.5 0.4", "(0.5, 0.5, -0.5, 0.4) has numbers outside 0 … 1"),
  ]

  @Test(arguments: broken) func `A line that cannot be meant is an error with its place`(line: (String, String)) throws
  {
    let folder = try YOLODirectory(labels: "0 0.5 0.5 0.5 0.4\n\(line.0)\n2 0.5 0.5 0.5 0.4")
    let error = try #require(folder.error())
    #expect(error.file == folder.labelPath && error.line == 2 && error.reason.contains(line.1), "\(error)")
    // An examination goes on with the other lines.
    let dataset = try folder.read(faults: .listAll)
    #expect(dataset.images[0].objects.map(\.groundTruth.label) == [1, 3])
    #expect(dataset.faults.counts == [.brokenAnnotation: 1])
  }

  @Test(arguments: [("3", "3 is the number of no class; the classes of"), ("-1", "-1 is the number of no class")])
  func `A number without a name is an unknown class`(number: String, reason: String) throws {
    let folder = try YOLODirectory(labels: "\(number) 0.5 0.5 0.5 0.4")
    let error = try #require(folder.error())
    #expect(error.reason.hasPrefix(reason) && error.reason.hasSuffix("are 0 cat, 1 dog, 2 zebra"), "\(error)")
    #expect(error.reason.contains("count from 0") == (number == "3"))
    #expect(try folder.read(faults: .listAll).faults.counts == [.unknownClass: 1])
  }

  @Test func `Boxes have the rules of other formats`() throws {
    let dataset = try YOLODirectory(
      labels: """
        0 0.5 0.5 0 0.4
        0 0.9 0.5 0.4 0.4
        0 1.004 0.5 0.004 0.4
        0 0.50001 0.5 1.00000 1
        1 0.5 0.5 0.5 0.5
        1 0.5 0.5 0.5 0.5
        """
    ).read()
    #expect(
      dataset.faults.counts == [.boxWithoutArea: 1, .boxClipped: 1, .boxOutside: 1, .repeatedLine: 1],
      "\(dataset.warnings)")
    let boxes = dataset.images[0].objects.map(\.pixelBox)
    #expect(boxes.map(\.xMax) == [40, 40, 30])
  }

  @Test func `An edge within what its digits tell of a whole pixel is that pixel, and no other`() throws {
    // 7 … 23 of 41 pixels and 3 … 18 of 31, written with six, three and two digits; and 7.02 … 23.02.
    let folder = try YOLODirectory(
      labels: """
        0 0.365854 0.338710 0.390244 0.483871
        0 0.3658536585365854 0.3387096774193548 0.3902439024390244 0.4838709677419355
        0 0.366 0.339 0.390 0.484
        0 0.37 0.34 0.39 0.48
        0 0.366341 0.338710 0.390244 0.483871
        """)
    try folder.write(image: "images/train/a.png", width: 41, height: 31)
    let boxes = try folder.read().images[0].objects.map(\.pixelBox)
    let drawn = PixelBox(xMin: 7, yMin: 3, xMax: 23, yMax: 18)
    #expect(boxes[0] == drawn && boxes[1] == drawn && boxes[2] == drawn)
    // Two digits leave half a pixel open: nothing is guessed.
    #expect(boxes[3].xMin == (0.37 - 0.39 / 2) * 41)
    #expect(abs(boxes[4].xMin - 7.02) < 1e-4 && boxes[4].xMin != 7)
  }

  @Test func `Boxes are turned as EXIF turns the image`() throws {
    let folder = try YOLODirectory(labels: nil)
    try folder.write("0 0.2 0.3 0.2 0.4", to: "labels/train/a.txt")
    try folder.write(try OrientationTests.turnedJPEG(), to: "images/train/a.jpg")
    let dataset = try folder.read()
    #expect(dataset.faults.counts == [.orientation: 1])
    #expect(dataset.warnings[0].hasSuffix("and are turned back to the stored pixels"))
    // Shown are 30×40 pixels with the box 3 … 9, 4 … 20; the image is stored turned to the left.
    #expect((dataset.images[0].width, dataset.images[0].height) == (40, 30))
    #expect(dataset.images[0].objects[0].pixelBox == PixelBox(xMin: 4, yMin: 21, xMax: 20, yMax: 27))
  }
}
