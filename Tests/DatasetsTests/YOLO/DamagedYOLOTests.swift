import Datasets
import Foundation
import TestSupport
import Testing

/// Damaged descriptions, lists and labels of YOLO; ``Fuzzing`` tells how to read more of them.
struct DamagedYOLOTests {
  /// A file of a data set that is damaged while the others stay good.
  struct Case: Sendable, CustomTestStringConvertible {
    /// The file, from the root.
    let file: String
    /// The good text.
    let originals: [String]
    let words: [String]
    var testDescription: String { file }
  }

  private static let yamlWords = [
    "names", "train", "path", ": ", "- ", "[", "]", "{", "}", "&a ", "*a", "? ", "'", "\"", "!!binary ", "|\n", ">\n",
    "#",
    "---\n", "...\n", "null", "%YAML 1.1\n", "<<: ", "\t", "\r", "\\", "..", "nc: 2\n", "kpt_shape: [1, 2]\n",
  ]
  private static let labels = "1 0.5 0.5 0.5 0.4\n0 0.25 0.3 0.75 0.3 0.75 0.7 0.25 0.7\n2 .25 .25 .125 5e-2\n"
  private static let list = "./images/train/a.png\nimages/train/b.png\n"

  static let cases = [
    Case(file: "labels/train/a.txt", originals: [labels], words: [" ", "\n", "0.5 ", "-", "e9", "nan", "1 1 1 1 1\n"]),
    Case(
      file: "data.yaml",
      originals: [
        "path: .\ntrain: images/train\nval: images/train\nnames: [cat, dog, zebra]\nnc: 3\n",
        "train:\n  - images/train\n  - train.txt\nnames:\n  0: cat\n  1: &d dog\n  2: 'zebra'\nother: {a: [1, *d]}\n",
        "names: [a, b, c]\nnc: 3\ntrain: ../images/train\nkpt_shape: [2, 2]\nroboflow:\n  url: https://a/b\n",
      ], words: yamlWords),
    Case(
      file: "train.txt", originals: [list], words: ["/", "\\", "../", "\n", ".png", "images/train/a.png\n", "\u{0}"]),
    Case(
      file: "obj.data", originals: ["classes = 3\ntrain = data/train.txt\nnames = data/classes.txt\n# a\n"],
      words: ["=", "\n", "names = ", "train =", "#", "/"]),
    Case(file: "classes.txt", originals: ["cat\ndog\nzebra\n"], words: ["\n", "\r\n", "cat", "background", "\""]),
  ]

  @Test(.timeLimit(.minutes(30)), arguments: cases) func `Damaged files are read or refused`(damaged: Case) throws {
    let folder = try YOLODirectory(labels: Self.labels, yaml: nil)
    try folder.write(image: "images/train/b.png")
    for other in Self.cases {
      // Where it is there, data.yaml has what the others would.
      if other.file == "data.yaml" && !["labels/train/a.txt", "train.txt"].contains(damaged.file) { continue }
      if other.file == "data.yaml" {
        try folder.write("train: train.txt\nnames: [cat, dog, zebra]\n", to: other.file)
      } else {
        try folder.write(other.originals[0], to: other.file)
      }
    }
    let file = URL(fileURLWithPath: "\(folder.root)/\(damaged.file)")
    let fuzzing = Fuzzing(damaged.originals.map { Array($0.utf8) }, words: damaged.words.map { Array($0.utf8) })
    let counts = fuzzing.run { bytes in
      try Data(bytes).write(to: file)
      return try DamagedDataset.isTaken(.yolo, folder.root, "train")
    }
    #expect(counts.taken > Fuzzing.caseCount / 50 && counts.refused > Fuzzing.caseCount / 10, "\(counts)")
  }

  @Test(.timeLimit(.minutes(10))) func `Aliases are not multiplied, depth and size are limited`() throws {
    let bomb = "a0: &a0 [b]\n" + (1...30).map { "a\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1)]\n" }.joined()
    let nested = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
    for (text, reason) in [
      (bomb + "? *a30\n: c\n", "has more than 16 aliases (*name): write out what they stand for"),
      (nested, "not valid YAML: "), ("names: \(nested)", "not valid YAML: "),
      (String(repeating: "a: b\n", count: 4_000_000), "has more than 16777216 bytes, too many for a description of"),
    ] {
      let folder = try YOLODirectory(labels: "", yaml: text)
      let error = try #require(folder.error())
      #expect(error.file == folder.root + "/data.yaml" && error.reason.contains(reason), "\(error.reason.prefix(200))")
    }
    let labels = try YOLODirectory(labels: String(repeating: "0 0.5 0.5 0.5 0.5\n", count: 1_000_000))
    #expect(labels.error()?.reason == "has more than 16777216 bytes, too many for a file of YOLO labels")
  }

  @Test func `Some aliases are taken`() throws {
    let folder = try YOLODirectory(
      labels: "1 0.5 0.5 0.5 0.4", yaml: "train: &all images/train\nval: *all\nnames: [cat, dog]\n# ** *\n")
    #expect(try folder.read("val").images.count == 1)
  }
}
