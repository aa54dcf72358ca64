import Foundation

/// The `~` at the start of a path. A shell replaces it only where a word begins, so not in `--output=~/run` or
/// `--set data.root=~/data`, and never in a file; without this it would be a directory of that name.
package enum HomeDirectory {
  /// Why a path names nothing.
  package struct PathError: Error, Equatable, CustomStringConvertible {
    /// The path as given, and what to write instead.
    package let description: String
  }

  /// The path with the home directory in place of a leading `~`; any other path as it is.
  ///
  /// - Throws: ``PathError`` for `~user`, when there is no home directory, and for an empty path: to begin a longer one with
  ///   it would lead to the root of the file system.
  package static func expand(_ path: String) throws(PathError) -> String {
    if path.isEmpty { throw PathError(description: "an empty path; is a variable of the shell not set?") }
    guard path.hasPrefix("~") else { return path }
    let rest = path.dropFirst()
    guard rest.isEmpty || rest.hasPrefix("/") else {
      throw PathError(
        description:
          "'\(path)': the home directory of another user is not looked up; write it out, or './\(path)' for a name that begins with ~"
      )
    }
    guard let home = ProcessInfo.processInfo.environment["HOME"], !home.isEmpty else {
      throw PathError(description: "'\(path)': HOME is not set, so ~ stands for nothing; write the path out")
    }
    return (home.hasSuffix("/") ? String(home.dropLast()) : home) + rest
  }
}
