/// What this program was built from. Only the program's own target depends on this one, which changes with every commit.
package enum Build {
  /// The version, the one of the changelog's first heading.
  package static let version = "0.1.0"
  /// The abbreviated commit; with `+` when built files had changed since, "unknown" in a tree without git.
  package static let commit = Identity.commit
  /// "Swift 6.3.1"; its clang compiles the kernels.
  package static let compiler = Identity.compiler
}
