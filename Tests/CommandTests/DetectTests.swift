import Foundation
import Images
import TestSupport
import Testing

/// `detect` on images as they come: some damaged, some turned, whole directories.
struct DetectTests {
  private struct Found: Decodable, Equatable {
    struct Object: Decodable, Equatable {
      let `class`: String
      let score: Double
      let box: [Double]
    }
    let image: String
    let width: Int
    let height: Int
    let detections: [Object]
  }

  private let workspace: Workspace
  private var images: String { workspace.path + "/images" }

  init() throws {
    workspace = try Workspace()
    try workspace.train(stopAt: 1).succeeded()
    try FileManager.default.createDirectory(atPath: images, withIntermediateDirectories: true)
  }

  /// An image of a gradient, so that its sides can be told apart.
  private func picture(width: Int = 60, height: Int = 40) -> Image {
    var pixels: [UInt8] = []
    for row in 0..<height {
      for column in 0..<width { pixels += [UInt8(column * 4), UInt8(row * 4), UInt8(row + column)] }
    }
    return Image(width: width, height: height, pixels: pixels)
  }

  /// Writes a JPEG file with an EXIF orientation.
  private func write(_ name: String, _ picture: Image, orientation: Int? = nil) throws {
    var bytes = try picture.jpeg(quality: 100)
    if let orientation {
      let tiff: [UInt8] = [
        0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, UInt8(orientation), 0, 0, 0, 0, 0, 0,
      ]
      let content = Array("Exif\0\0".utf8) + tiff
      bytes = bytes[..<2] + [0xFF, 0xE1, 0, UInt8(content.count + 2)] + content + bytes[2...]
    }
    try Data(bytes).write(to: URL(fileURLWithPath: "\(images)/\(name)"))
  }

  private func detect(_ arguments: String...) throws -> MultiboxProcess.Outcome {
    try MultiboxProcess(["detect", workspace.checkpoint(1), "--score-threshold", "0.05"] + arguments).wait()
  }

  private func found(_ outcome: MultiboxProcess.Outcome) throws -> [Found] { try outcome.decoded([Found].self) }

  @Test func `Images that cannot be read are named, and the others are done`() throws {
    for index in 0..<9 { try write("\(index).jpg", picture()) }
    try workspace.cut(images + "/1.jpg", to: 0.5)
    try workspace.write("RIFF0000WEBPVP8 ", to: images + "/2.jpg")
    try workspace.write("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", to: images + "/8.jpg")
    let outcome = try detect(images, images + "/none.jpg", "--json", "-", "--output", workspace.path + "/out")
      .ended(with: 65)
    let left = [0, 3, 4, 5, 6, 7]
    #expect(try found(outcome).map(\.image) == left.map { "\(images)/\($0).jpg" })
    let drawn = try FileManager.default.contentsOfDirectory(atPath: workspace.path + "/out").sorted()
    #expect(drawn == left.map { "\($0).detections.png" })
    for text in [
      "\(images)/1.jpg: Premature end", "\(images)/2.jpg: a WebP image; only JPEG and PNG are read: convert it",
      "\(images)/8.jpg: neither a JPEG nor a PNG file but a git-lfs pointer, not the file itself: 'git lfs pull'",
      "\(images)/none.jpg: No such file", "4 of 10 images cannot be read and are left out",
    ] {
      #expect(outcome.messages.contains(text), "\(text) is not in: \(outcome.messages)")
    }
  }

  @Test func `Images of 16 bits that are read as nearly black are told once`() throws {
    for (name, largest) in [("a", 60_000), ("b", 4095), ("c", 4095)] {
      let bytes = deepPNG(width: 8, height: 8, samples: (0..<64).map { UInt16($0 * largest / 63) })
      try Data(bytes).write(to: URL(fileURLWithPath: "\(images)/\(name).png"))
    }
    let messages = try detect(images, "--json", "-").succeeded().messages
    #expect(messages.contains("\(images)/b.png: has 16 bits a sample but none above 4095 of 65535"), "\(messages)")
    #expect(messages.contains("sBIT chunk (and 1 more like it)"))
    #expect(messages.components(separatedBy: "nearly black").count == 2)
  }

  @Test func `When no image can be read, the list of results is empty`() throws {
    let outcome = try detect(images, "--json", workspace.path + "/a.json").ended(with: 65)
    #expect(outcome.messages.contains("\(images): a directory without an image"))
    #expect(try String(contentsOfFile: workspace.path + "/a.json", encoding: .utf8) == "[]\n")
  }

  @Test func `A directory is its images, without what was drawn before`() throws {
    for name in ["b.jpg", "a.jpeg"] { try write(name, picture()) }
    try picture().writePNG(to: images + "/c.PNG")
    try workspace.write("notes", to: images + "/notes.txt")
    try workspace.write("", to: images + "/._a.jpg")
    for _ in 0..<2 {
      let outcome = try detect(images + "/", "--json", "-", "--output", images).succeeded()
      #expect(try found(outcome).map(\.image) == ["a.jpeg", "b.jpg", "c.PNG"].map { "\(images)/\($0)" })
    }
  }

  @Test func `Images that differ in the ending alone keep it in the images' names`() throws {
    for name in ["a.jpg", "b.jfif"] { try write(name, picture()) }
    try picture().writePNG(to: images + "/a.png")
    let output = workspace.path + "/out"
    try detect(images, "--output", output).succeeded()
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: output).sorted() == [
        "a.jpg.detections.png", "a.png.detections.png", "b.detections.png",
      ])
    try FileManager.default.createDirectory(atPath: images + "/more", withIntermediateDirectories: true)
    try write("more/a.jpg", picture())
    let refusal = try detect(images, images + "/more", "--output", output).ended(with: 64)
    #expect(refusal.messages.contains("\(images)/a.jpg and \(images)/more/a.jpg would all be drawn as "))
  }

  @Test func `What is no file is named, and nobody waits for it`() throws {
    try write("a.jpg", picture())
    try #require(mkfifo(images + "/b.jpg", 0o600) == 0)
    let outcome = try detect(images, "--json", "-").ended(with: 65)
    #expect(outcome.messages.contains("\(images)/b.jpg: a pipe or device, not a file"))
    #expect(try found(outcome).map(\.image) == ["\(images)/a.jpg"])
  }

  @Test func `An image that cannot be written costs no other result`() throws {
    for name in ["a.jpg", "b.jpg", "c.jpg"] { try write(name, picture()) }
    let output = workspace.path + "/out"
    try FileManager.default.createDirectory(
      atPath: output + "/b.detections.png", withIntermediateDirectories: true)
    let outcome = try detect(images, "--json", "-", "--output", output).ended(with: 74)
    #expect(outcome.messages.contains("\(output)/b.detections.png: "))
    #expect(outcome.messages.contains("1 of 3 images cannot be drawn"), "\(outcome.messages)")
    #expect(try found(outcome).count == 3)
    #expect(FileManager.default.fileExists(atPath: output + "/c.detections.png"))
  }

  @Test func `Results that cannot be written are refused before the first image`() throws {
    try write("a.jpg", picture())
    for path in [workspace.path, workspace.path + "/none/a.json"] {
      let outcome = try detect(images, "--json", path).ended(with: 74)
      #expect(outcome.messages.contains("\(path): ") && !outcome.messages.contains("a.jpg"), "\(outcome.messages)")
    }
  }

  @Test(arguments: 1...8)
  func `An image is turned as its EXIF orientation says`(orientation: Int) throws {
    try write("a.jpg", picture(), orientation: orientation)
    // What is seen is also stored, without loss and without a tag.
    let upright = try Image(uprightContentsOf: images + "/a.jpg")
    try upright.writePNG(to: images + "/b.png")
    let results = try found(detect(images, "--json", "-", "--output", workspace.path + "/out").succeeded())
    let size = orientation >= 5 ? (40, 60) : (60, 40)
    for result in results { #expect((result.width, result.height) == size) }
    #expect(results[0].detections == results[1].detections)
    let drawn = try Image(contentsOf: workspace.path + "/out/a.detections.png")
    #expect((drawn.width, drawn.height) == size)
  }
}
