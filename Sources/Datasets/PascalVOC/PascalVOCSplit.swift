import Foundation

/// The images that one file under `ImageSets/Main` lists.
struct PascalVOCSplit {
  struct Entry: Equatable {
    let identifier: String
    let line: Int
  }

  let path: String
  let entries: [Entry]

  /// Reads a split: one image name a line, blank lines allowed.
  ///
  /// The class files of the challenge (`dog_trainval.txt`) add 1, −1 or 0 behind the name: present, absent, only
  /// difficult. They list every image of their split; what is in an image is the annotation's to say, so the flag is
  /// checked and all images are taken.
  ///
  /// - Throws: `DatasetError` naming the line, or for a missing file the splits that exist.
  init(root: String, split: String) throws(DatasetError) {
    let folder = root + "/ImageSets/Main"
    path = "\(folder)/\(split).txt"
    guard let data = FileManager.default.contents(atPath: path) else {
      throw DatasetError(file: path, reason: Self.reasonForMissingFile(folder: folder))
    }
    var entries: [Entry] = []
    let lines = String(decoding: data, as: UTF8.self).split(
      omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, line) in lines.enumerated() {
      let words = line.split(whereSeparator: \.isWhitespace)
      guard let identifier = words.first else { continue }
      guard words.count == 1 || (words.count == 2 && ["1", "-1", "0"].contains(words[1])) else {
        throw DatasetError(
          file: path, line: index + 1,
          reason: "expected an image name, or a name and 1, -1 or 0, found \"\(words.joined(separator: " "))\"")
      }
      entries.append(Entry(identifier: String(identifier), line: index + 1))
    }
    if entries.isEmpty { throw DatasetError(file: path, reason: "lists no image") }
    self.entries = entries
  }

  private static func reasonForMissingFile(folder: String) -> String {
    guard let files = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      return "no such split: the folder \(folder) does not exist or cannot be read"
    }
    // Class files (class_split.txt) would bury the splits proper.
    let names = files.filter { $0.hasSuffix(".txt") }.map { String($0.dropLast(4)) }.sorted()
    let splits = names.filter { name in !names.contains { name.hasSuffix("_\($0)") } }
    if splits.isEmpty { return "no such split: \(folder) holds no split at all" }
    return "no such split; the splits there are \(splits.joined(separator: ", "))"
  }
}
