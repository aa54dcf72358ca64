import Foundation

/// A directory that exists while `body` runs.
func withTemporaryFolder(_ body: (TemporaryFolder) throws -> Void) throws {
  let url = FileManager.default.temporaryDirectory.appending(path: "images-" + UUID().uuidString)
  try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: url) }
  try body(TemporaryFolder(path: url.path))
}

struct TemporaryFolder {
  let path: String

  /// Writes a file and returns its path.
  func file(_ name: String, holding bytes: some Collection<UInt8>) throws -> String {
    let file = path + "/" + name
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }
}
