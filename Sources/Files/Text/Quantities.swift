import Foundation

/// Numbers as sentences have them.
package enum Quantities {
  /// "2 ranks", "1 rank".
  package static func count(_ number: Int, _ singular: String, _ plural: String? = nil) -> String {
    "\(number) \(number == 1 ? singular : plural ?? singular + "s")"
  }

  /// "rank 3", "ranks 0 to 3, 6"; what three or more consecutive ones are is said by their ends.
  package static func ranks(_ ranks: [Int]) -> String {
    var runs: [ClosedRange<Int>] = []
    for rank in ranks.sorted() {
      if let last = runs.last, rank == last.upperBound + 1 {
        runs[runs.count - 1] = last.lowerBound...rank
      } else {
        runs.append(rank...rank)
      }
    }
    let parts = runs.flatMap { run in
      run.count > 2 ? ["\(run.lowerBound) to \(run.upperBound)"] : run.map(String.init)
    }
    return (ranks.count == 1 ? "rank " : "ranks ") + parts.joined(separator: ", ")
  }

  /// "a", "a, b", "a, b and 14 others".
  package static func hosts(_ hosts: [String]) -> String {
    hosts.count <= 4
      ? hosts.joined(separator: ", ") : hosts[..<2].joined(separator: ", ") + " and \(hosts.count - 2) others"
  }

  /// "210 MB", "1.47 GB": powers of ten, three digits.
  package static func bytes(_ bytes: Int) -> String { bytesText(Double(bytes)) }

  /// "117 MB/s".
  package static func rate(_ bytesPerSecond: Double) -> String { bytesText(bytesPerSecond) + "/s" }

  /// "0.8 µs", "12 ms", "3.5 s".
  package static func seconds(_ seconds: Double) -> String {
    let size = abs(seconds)
    if size < 0.9995e-3 { return digits(seconds * 1e6) + " µs" }
    return size < 0.9995 ? digits(seconds * 1e3) + " ms" : digits(seconds) + " s"
  }

  private static func bytesText(_ bytes: Double) -> String {
    for (unit, size) in [("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)] where bytes >= size {
      return "\(digits(bytes / size)) \(unit)"
    }
    return "\(Int(bytes)) bytes"
  }

  private static func digits(_ value: Double) -> String {
    String(format: abs(value) < 9.995 ? "%.2f" : abs(value) < 99.95 ? "%.1f" : "%.0f", value)
  }
}
