import Foundation

/// The way from a directory to a file or another directory, which holds when both are moved together.
package enum RelativePath {
  /// The path of `target` as seen from `directory`; links on the way to either are followed first.
  package static func of(_ target: String, from directory: String) -> String {
    let target = URL(fileURLWithPath: target).resolvingSymlinksInPath().pathComponents
    let start = URL(fileURLWithPath: directory).resolvingSymlinksInPath().pathComponents
    let shared = zip(target, start).prefix { $0 == $1 }.count
    let up = Array(repeating: "..", count: start.count - shared)
    let path = (up + target[shared...]).joined(separator: "/")
    return path.isEmpty ? "." : path
  }
}
