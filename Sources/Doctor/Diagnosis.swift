import Files
import Foundation
import Inference
import MessagePassing

/// Everything the ``Doctor`` has found.
package struct Diagnosis: Sendable, Equatable {
  /// Ranks that were examined.
  package let worldSize: Int
  /// Their machines, in the order of the first rank on each.
  package let hosts: [String]
  /// What the checks have found, in the order of training's own needs.
  package let findings: [Finding]
  /// Measured connections between ranks.
  package let links: [Link]
  /// Of each rank, the number of its machine among ``hosts``.
  package let hostOfRank: [Int]
  /// The program that has examined.
  package let build: BuildIdentity?

  package init(
    worldSize: Int, hosts: [String], findings: [Finding], links: [Link] = [], hostOfRank: [Int] = [0],
    build: BuildIdentity? = nil
  ) {
    self.hostOfRank = hostOfRank
    self.worldSize = worldSize
    self.hosts = hosts
    self.findings = findings
    self.links = links
    self.build = build
  }

  /// What is left to say when the ranks could not even be joined to a job.
  package init(_ error: MessagePassingError, build: BuildIdentity? = nil) {
    self.init(
      worldSize: 1, hosts: [ProcessInfo.processInfo.hostName],
      findings: (build.map { [.ok("build", $0.line)] } ?? [])
        + [.error("MPI", .machine, error.description, remedy: nil)], build: build)
  }

  /// What training would end with; nil when it can start.
  package var fault: Finding.Fault? {
    let faults: [Finding.Fault] = findings.compactMap {
      if case .error(let fault) = $0.status { fault } else { nil }
    }
    return faults.min { $0.rawValue < $1.rawValue }
  }

  /// One finding a line, what mends it below, and the verdict.
  package var text: String {
    let width = findings.map(\.check.count).max() ?? 0
    let lines = findings.flatMap { finding in
      let indent = String(repeating: " ", count: 9 + width)
      let check = finding.check + String(repeating: " ", count: width - finding.check.count)
      let message = finding.message.replacingOccurrences(of: "\n", with: "\n" + indent + "  ")
      return ["\(finding.status.padded)\(check)  \(message)"] + (finding.remedy.map { ["\(indent)  → \($0)"] } ?? [])
    }
    return (lines + ["", verdict]).joined(separator: "\n")
  }

  private var verdict: String {
    let warnings = findings.count { $0.status == .warning }
    let errors = findings.count { $0.status != .warning && $0.status != .ok }
    let ending = warnings == 0 ? "" : "; \(warnings) \(warnings == 1 ? "warning" : "warnings")"
    return errors == 0
      ? "training can start" + ending
      : "training cannot start: \(errors) \(errors == 1 ? "error" : "errors")" + ending
  }

  private struct Summary: Encodable {
    struct Entry: Encodable {
      let check: String
      let status: String
      let message: String
      let remedy: String?
    }

    struct Connection: Encodable {
      let ranks: [Int]
      let latency_seconds: Double
      let bytes_per_second: Double
    }

    let measurement = "doctor"
    let host_of_rank: [Int]
    let ready: Bool
    let world_size: Int
    let hosts: [String]
    let findings: [Entry]
    let links: [Connection]
    let build: BuildIdentity?
  }

  /// One JSON object.
  package func json() throws -> String {
    let summary = Summary(
      host_of_rank: hostOfRank, ready: fault == nil, world_size: worldSize, hosts: hosts,
      findings: findings.map {
        Summary.Entry(check: $0.check, status: $0.status.name, message: $0.message, remedy: $0.remedy)
      },
      links: links.map {
        Summary.Connection(
          ranks: [$0.first, $0.second], latency_seconds: $0.latency, bytes_per_second: $0.bandwidth)
      }, build: build)
    return try JSONText.line(summary)
  }
}

extension Finding.Status {
  /// "ok", "warning" or "error".
  package var name: String {
    switch self {
    case .ok: "ok"
    case .warning: "warning"
    case .error: "error"
    }
  }

  fileprivate var padded: String { name + String(repeating: " ", count: 9 - name.count) }
}
