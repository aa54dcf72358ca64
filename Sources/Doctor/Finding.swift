import Files

/// What one check of the ``Doctor`` has found.
package struct Finding: Sendable, Equatable {
  /// What a fault lies in, in the order in which training would meet it.
  package enum Fault: Int, Sendable, CaseIterable {
    /// The machine, or how ranks are started on it.
    case machine
    /// The configuration.
    case configuration
    /// The data set.
    case data
    /// Files that are written or started from.
    case disk
  }

  /// Whether training can start.
  package enum Status: Sendable, Equatable {
    /// Nothing is wrong.
    case ok
    /// It can, but slower than need be, or not for long, or with other bits than elsewhere.
    case warning
    /// It cannot.
    case error(Fault)
  }

  /// The name of the check.
  package let check: String
  /// See ``Status``.
  package let status: Status
  /// What was found, with numbers.
  package let message: String
  /// The option or action that mends it; nil when nothing needs mending.
  package let remedy: String?

  /// Whether training can start in spite of it.
  var allowsTraining: Bool {
    if case .error = status { false } else { true }
  }

  static func ok(_ check: String, _ message: String) -> Finding {
    Finding(check: check, status: .ok, message: message, remedy: nil)
  }

  package static func warning(_ check: String, _ message: String, remedy: String) -> Finding {
    Finding(check: check, status: .warning, message: message, remedy: remedy)
  }

  package static func error(_ check: String, _ fault: Fault, _ message: String, remedy: String?) -> Finding {
    Finding(check: check, status: .error(fault), message: message, remedy: remedy)
  }

  /// The same with another way to mend it.
  func withRemedy(_ remedy: String) -> Finding {
    Finding(check: check, status: status, message: message, remedy: remedy)
  }

  /// Findings about machines, their names put before the messages; those of which the same is said become one.
  static func merged(_ findings: [(host: String, finding: Finding)]) -> [Finding] {
    var merged: [(hosts: [String], finding: Finding)] = []
    for (host, finding) in findings {
      if let index = merged.firstIndex(where: { $0.finding == finding }) {
        merged[index].hosts.append(host)
      } else {
        merged.append(([host], finding))
      }
    }
    return merged.map { hosts, finding in
      Finding(
        check: finding.check, status: finding.status, message: "\(Quantities.hosts(hosts)): \(finding.message)",
        remedy: finding.remedy)
    }
  }
}
