import Files
import Foundation

/// The file that tells for which arguments a directory was written, and whether completely.
struct SynthesisStamp {
  enum State { case empty, partial, complete }

  let directory: String
  let content: String
  var complete: String { directory + "/synthesis.json" }
  var partial: String { directory + "/synthesis-incomplete.json" }

  init(of dataset: SyntheticDataset, in directory: String) {
    self.directory = directory
    content = "{\"generator\":1,\"images\":\(dataset.images),\"seed\":\(dataset.seed)}\n"
  }

  func check() throws -> State {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory) else { return .empty }
    guard isDirectory.boolValue else { throw SynthesisError(path: directory, reason: "not a directory") }
    let entries: [String]
    do {
      entries = try FileManager.default.contentsOfDirectory(atPath: directory)
    } catch {
      throw SynthesisError(path: directory, reason: fileSystemReason(of: error))
    }
    if entries.isEmpty { return .empty }
    for (path, state) in [(complete, State.complete), (partial, .partial)] {
      guard let found = try? FileContent.bytes(of: path) else { continue }
      if found == Array(content.utf8) { return state }
      let other = String(decoding: found, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
      throw SynthesisError(
        path: directory, reason: "holds a data set of other arguments, \(other); remove it or choose another directory")
    }
    throw SynthesisError(path: directory, reason: "not empty and not a synthetic data set; choose another directory")
  }

  func begin() throws(FileError) { try AtomicFile.replace(partial, with: content) }

  func finish() throws(FileError) { try Directory.rename(partial, to: complete) }
}
