import Files
import Foundation
import MessagePassing

/// What the control groups (cgroups) of a process leave it: containers and schedulers limit jobs by them.
package struct ControlGroup {
  private let root: String
  private let membership: String

  /// - Parameters:
  ///   - root: where the hierarchies are mounted.
  ///   - membership: the text of /proc/self/cgroup.
  package init(
    root: String = "/sys/fs/cgroup",
    membership: String = SystemFile.text("/proc/self/cgroup") ?? ""
  ) {
    self.root = root
    self.membership = membership
  }

  /// Bytes until a memory limit is reached, cached files not counted; nil when there is none.
  package var memoryRoom: Int? {
    let unified = directories(of: "").compactMap {
      Self.room(
        limit: number("\($0)/memory.max"), usage: number("\($0)/memory.current"), "\($0)/memory.stat", "inactive_file")
    }
    let separate = directories(of: "memory").compactMap {
      Self.room(
        limit: number("\($0)/memory.limit_in_bytes"), usage: number("\($0)/memory.usage_in_bytes"), "\($0)/memory.stat",
        "total_inactive_file")
    }
    return (unified + separate).min()
  }

  /// Processors' worth of time that the group may use; nil when there is no limit.
  package var processorQuota: Double? {
    let unified = directories(of: "").compactMap { directory -> Double? in
      let words = text("\(directory)/cpu.max")?.split(separator: " ").map { Double($0) } ?? []
      guard words.count == 2, let quota = words[0], let period = words[1], period > 0 else { return nil }
      return quota / period
    }
    let separate = directories(of: "cpu").compactMap { directory -> Double? in
      guard let quota = number("\(directory)/cpu.cfs_quota_us"), let period = number("\(directory)/cpu.cfs_period_us"),
        quota > 0, period > 0
      else { return nil }
      return Double(quota) / Double(period)
    }
    return (unified + separate).min()
  }

  /// The processors of the group; nil when it does not say.
  package var processors: [Int]? {
    let files =
      directories(of: "").map { "\($0)/cpuset.cpus.effective" }
      + directories(of: "cpuset").map { "\($0)/cpuset.effective_cpus" }
    return files.lazy.compactMap(text).map(RankPlacement.numbers(inList:)).first { !$0.isEmpty }
  }

  /// The directories of a controller's group and of the groups around it, innermost first; "" is the unified hierarchy.
  private func directories(of controller: String) -> [String] {
    for line in membership.split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3,
        fields[1].split(separator: ",", omittingEmptySubsequences: false).contains(controller[...])
      else { continue }
      let mount = controller.isEmpty ? root : "\(root)/\(controller)"
      var directories = [mount]
      for name in fields[2].split(separator: "/") {
        directories.append("\(directories[directories.count - 1])/\(name)")
      }
      return directories.reversed()
    }
    return []
  }

  private static func room(limit: Int?, usage: Int?, _ statistics: String, _ reclaimable: String) -> Int? {
    // Without a limit the older hierarchy states the largest number of whole pages.
    guard let limit, limit < 1 << 60 else { return nil }
    let lines = (SystemFile.text(statistics) ?? "").split(separator: "\n")
    let cached = lines.first { $0.hasPrefix(reclaimable + " ") }?.split(separator: " ").last.flatMap { Int($0) } ?? 0
    return max(0, limit - max(0, (usage ?? 0) - cached))
  }

  private func text(_ path: String) -> String? {
    SystemFile.text(path)?.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private func number(_ path: String) -> Int? { text(path).flatMap(Int.init) }
}
