import Datasets
import Foundation
import TestSupport
import Testing

/// Readers that divide the small files of a split, one after the other in this process.
struct ReadingTeamTests {
  /// A data set of twelve images in a format.
  struct Layout: Sendable, CustomTestStringConvertible {
    let format: DatasetFormat
    let images: String
    let annotations: String?

    var testDescription: String { format.rawValue }
    func image(_ index: Int) -> String { "\(images)/image\(10 + index).png" }

    /// Writes the data set.
    func write() throws -> YOLODirectory {
      let directory = try YOLODirectory()
      let names = (0..<12).map { "image\(10 + $0)" }
      for index in 0..<12 { try directory.write(image: image(index)) }
      switch format {
      case .pascalVOC:
        for (index, name) in names.enumerated() {
          let box = "<xmin>\(index + 1)</xmin><ymin>2</ymin><xmax>30</xmax><ymax>20</ymax>"
          try directory.write(
            "<annotation><size><width>40</width><height>30</height></size><object><name>dog</name><bndbox>\(box)</bndbox></object></annotation>",
            to: "Annotations/\(name).xml")
        }
        try directory.write(names.joined(separator: "\n"), to: "ImageSets/Main/train.txt")
      case .coco:
        let images = names.enumerated().map {
          #"{"id": \#($0 + 1), "file_name": "\#($1).png", "width": 40, "height": 30}"#
        }
        let annotations = (1...12).map {
          #"{"id": \#($0), "image_id": \#($0), "category_id": 1, "bbox": [\#($0), 2, 10, 10], "area": 100}"#
        }
        try directory.write(
          #"{"images": [\#(images.joined(separator: ","))], "annotations": [\#(annotations.joined(separator: ","))], "categories": [{"id": 1, "name": "dog"}]}"#,
          to: "annotations/train.json")
      case .yolo:
        try directory.write("names: [dog]\ntrain: images/train\n", to: "data.yaml")
        for (index, name) in names.enumerated() {
          try directory.write("0 0.5 0.5 0.\(index + 10) 0.25\n", to: "labels/train/\(name).txt")
        }
      }
      return directory
    }
  }

  private static let layouts = [
    Layout(format: .pascalVOC, images: "JPEGImages", annotations: "Annotations/image13.xml"),
    Layout(format: .coco, images: "train", annotations: nil),
    Layout(format: .yolo, images: "images/train", annotations: "labels/train/image13.txt"),
  ]

  /// What a reader comes to.
  struct Reading {
    var images: [AnnotatedImage]?
    var faults: [String] = []
    var error: DatasetError?
    var opened: [String] = []
  }

  private func read(
    _ layout: Layout, _ directory: YOLODirectory, _ faults: FaultLog.Policy = .stopAtFirstError,
    team: ReadingTeam = .alone
  ) -> Reading {
    var reading = Reading()
    do {
      let dataset = try Dataset(
        layout.format, [DatasetSource(root: directory.root, split: "train")], classes: ["dog"], faults: faults,
        team: team
      ) { reading.opened.append($0) }
      (reading.images, reading.faults) = (dataset.images, dataset.faults.lines)
    } catch {
      reading.error = error as? DatasetError
    }
    return reading
  }

  /// What each of a team comes to.
  ///
  /// - Parameter spoil: makes other bytes of what a reader says.
  private func read(
    _ layout: Layout, _ directory: YOLODirectory, _ faults: FaultLog.Policy = .stopAtFirstError, count: Int,
    spoil: @escaping (Int, [UInt8]) -> [UInt8] = { $1 }
  ) -> [Reading] {
    // First everybody says what it has read; then each reads with what the others have said.
    var messages: [[UInt8]] = []
    for index in 0..<count {
      _ = read(
        layout, directory, faults,
        team: ReadingTeam(count: count, index: index) { own in
          messages.append(spoil(index, own))
          return []
        })
    }
    return (0..<count).map { index in
      read(layout, directory, faults, team: ReadingTeam(count: count, index: index) { _ in messages })
    }
  }

  private func expect(_ readings: [Reading], equal alone: Reading) {
    for reading in readings {
      #expect(reading.images == alone.images)
      #expect(reading.faults == alone.faults)
      #expect(reading.error == alone.error)
    }
  }

  @Test(arguments: layouts, [2, 3, 5, 12, 20])
  func `Each image is opened by one reader, and all come to the same`(layout: Layout, count: Int) throws {
    let directory = try layout.write()
    let alone = read(layout, directory)
    #expect(alone.images?.count == 12 && alone.opened.count == 12)
    let readings = read(layout, directory, count: count)
    expect(readings, equal: alone)
    #expect(readings.flatMap(\.opened).map { FileIndex.split($0).last }.sorted() == (10..<22).map { "image\($0).png" })
    #expect(readings.allSatisfy { $0.opened.count <= (12 + count - 1) / count })
  }

  @Test(arguments: layouts)
  func `An image that cannot be read is named by all`(layout: Layout) throws {
    let directory = try layout.write()
    try directory.write("no image", to: layout.image(7))
    let alone = read(layout, directory)
    #expect(alone.error?.file.hasSuffix("image17.png") == true)
    expect(read(layout, directory, count: 4), equal: alone)
    let without = read(layout, directory, .leaveOutBrokenImages)
    #expect(without.images?.count == 11 && without.faults.count == 1)
    expect(read(layout, directory, .leaveOutBrokenImages, count: 4), equal: without)
  }

  @Test(arguments: layouts)
  func `Of several faults all name the first of the split`(layout: Layout) throws {
    let directory = try layout.write()
    for index in [11, 2, 6] { try directory.write("no image", to: layout.image(index)) }
    if let annotation = layout.annotations { try directory.write("<a", to: annotation) }
    let alone = read(layout, directory)
    #expect(alone.error?.file.hasSuffix("image12.png") == true)
    expect(read(layout, directory, count: 5), equal: alone)
  }

  @Test(arguments: layouts)
  func `A broken annotation is named by all`(layout: Layout) throws {
    guard let annotation = layout.annotations else { return }
    let directory = try layout.write()
    try directory.write("<a", to: annotation)
    let alone = read(layout, directory)
    #expect(alone.error?.file.hasSuffix(annotation) == true)
    expect(read(layout, directory, count: 3), equal: alone)
  }

  @Test(arguments: layouts)
  func `Dark images are told of as a single reader does`(layout: Layout) throws {
    let directory = try layout.write()
    for index in [4, 9] {
      let samples = (0..<40 * 30).map { UInt16($0) }
      try directory.write(Data(deepPNG(width: 40, height: 30, samples: samples)), to: layout.image(index))
    }
    let alone = read(layout, directory)
    #expect(alone.faults.count == 1 && alone.faults.first?.contains("nearly black") == true, "\(alone.faults)")
    let readings = read(layout, directory, count: 4)
    expect(readings, equal: alone)
    #expect(readings.flatMap(\.opened).count == 12)
  }

  @Test(arguments: layouts)
  func `What a reader has not understood it reads itself`(layout: Layout) throws {
    let directory = try layout.write()
    let alone = read(layout, directory)
    var random = SeededGenerator(seed: 1)
    let spoils: [(Int, [UInt8]) -> [UInt8]] = [
      { reader, _ in reader == 1 ? [] : [1, 2, 3] },
      // Another list of images.
      { reader, own in reader == 1 ? own.map { $0 ^ 1 } : own },
      { reader, own in reader == 1 ? Array(own.prefix(.random(in: 0..<own.count, using: &random))) : own },
    ]
    for spoil in spoils { expect(read(layout, directory, count: 3, spoil: spoil), equal: alone) }
  }
}
