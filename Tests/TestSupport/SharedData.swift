import Foundation

/// Where real data sets may be found; they are not part of the repository.
package enum SharedData {
  /// The environment variable `MULTIBOX_SHARED_DATA`, or `shared/data` beside the package.
  package static let root: String =
    ProcessInfo.processInfo.environment["MULTIBOX_SHARED_DATA"]
    ?? URL(fileURLWithPath: #filePath).appendingPathComponent("../../../../shared/data").standardizedFileURL.path

  package static func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(root)/\(name)") }
}
