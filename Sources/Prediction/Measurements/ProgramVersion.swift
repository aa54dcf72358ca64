/// Which program wrote a measurement.
package struct ProgramVersion: Sendable, Equatable, Decodable {
  /// "0.1.0".
  package let version: String
  /// The abbreviated commit.
  package let commit: String

  package init(version: String, commit: String) { (self.version, self.commit) = (version, commit) }

  /// "multibox 0.1.0 (39b347b)".
  package var name: String { "multibox \(version) (\(commit))" }
}
