import Foundation
import TestSupport
import Testing

struct DocumentLinkTests {
  @Test func `The README stays short`() {
    let size = Document("README.md").byteCount
    #expect(size > 0 && size < 12_000, "\(size) bytes; reference goes to docs")
  }

  @Test(arguments: Document.all) func `Links lead somewhere`(document: Document) {
    let root = URL(fileURLWithPath: ChildProcess.repository).standardizedFileURL
    let directory = root.appendingPathComponent(document.path).deletingLastPathComponent()
    for link in document.links where !link.hasPrefix("https://") {
      let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let target =
        parts[0].isEmpty
        ? root.appendingPathComponent(document.path) : directory.appendingPathComponent(parts[0]).standardizedFileURL
      #expect(FileManager.default.fileExists(atPath: target.path), "\(link)")
      if parts.count == 2 {
        let anchors = Document(String(target.path.dropFirst(root.path.count + 1))).anchors
        #expect(anchors.contains(parts[1]), "\(link): the headings are \(anchors.sorted())")
      }
    }
  }

  @Test func `Every document can be reached from the README`() {
    var (reached, waiting) = (Set<String>(), ["README.md"])
    while let path = waiting.popLast() {
      guard reached.insert(path).inserted else { continue }
      let directory = URL(fileURLWithPath: "/" + path).deletingLastPathComponent()
      for link in Document(path).links where !link.hasPrefix("https://") {
        let file = link.split(separator: "#").first.map(String.init) ?? ""
        let target = String(directory.appendingPathComponent(file).standardizedFileURL.path.dropFirst())
        // A link to a directory leads to all in it.
        waiting += Document.all.map(\.path).filter { $0 == target || $0.hasPrefix(target + "/") }
      }
    }
    #expect(reached == Set(Document.all.map(\.path)))
  }
}
