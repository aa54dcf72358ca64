import Files

extension RunDirectory {
  /// What a run writes.
  package struct Needs: Sendable, Equatable {
    /// Bytes of a checkpoint.
    package var checkpointBytes: Int
    /// The most checkpoints that are there at a time: those kept and the one being written.
    package var checkpoints: Int

    package init(checkpointBytes: Int, checkpoints: Int) {
      self.checkpointBytes = checkpointBytes
      self.checkpoints = checkpoints
    }
  }

  /// Above this many seconds a file appears late.
  private static let late = 3.0

  /// Judges the directory.
  ///
  /// - Parameters:
  ///   - hosts: the machine of each rank.
  ///   - needs: nil without a configuration.
  package func findings(hosts: [String], needs: Needs?) -> [Finding] {
    if let failure {
      return [
        .error(
          "run directory", .disk, failure, remedy: "choose another one: --set output=DIR, or make this one writable")
      ]
    }
    return [sharingFinding(hosts), spaceFinding(needs)] + [holderFinding].compactMap(\.self)
  }

  /// Nil when nobody trains into the directory.
  private var holderFinding: Finding? {
    holder.map { holder in
      let text = "\(path): in use by \(holder.description); another training there is refused"
      let remedy = "wait until it ends, or --output DIR"
      return holder.runs
        ? .error("run directory", .disk, text, remedy: remedy)
        : .warning("run directory", text + " unless that one has ended", remedy: remedy)
    }
  }

  private func sharingFinding(_ hosts: [String]) -> Finding {
    func ranks(_ isMeant: (Sight) -> Bool) -> [Int] { sights.indices.filter { isMeant(sights[$0]) } }
    let blind = ranks { $0.appeared < 0 }
    if !blind.isEmpty {
      let names = Quantities.hosts(blind.map { hosts[$0] }.firstOccurrences)
      return .warning(
        "run directory",
        "\(path): what rank 0 (\(hosts[0])) writes does not appear on \(names) within 5 s; a restart there would not find the checkpoints",
        remedy: "put it on a file system that all hosts share: --set output=DIR")
    }
    let torn = ranks { $0.tears > 0 }
    if !torn.isEmpty {
      let count = torn.reduce(0) { $0 + sights[$1].tears }
      return .warning(
        "run directory",
        "\(path): renaming is not atomic: \(Quantities.ranks(torn)) saw no whole file \(Quantities.count(count, "time")); a checkpoint that is read while it is replaced may look damaged",
        remedy: "put it on another file system: --set output=DIR")
    }
    let stale = ranks { $0.replaced < 0 || max($0.appeared, $0.replaced) > Self.late }
    if !stale.isEmpty {
      return .warning(
        "run directory",
        "\(path): \(Quantities.ranks(stale)) \(stale.count == 1 ? "sees" : "see") an old version more than \(Int(Self.late)) s after rank 0 has replaced a file",
        remedy: "after a failure restart some seconds later, or mount with short attribute caching (NFS: actimeo=3)")
    }
    let slowest = sights.map { max($0.appeared, $0.replaced) }.max() ?? 0
    let others = sights.count > 1 ? "; all ranks see it, after \(Quantities.seconds(slowest)) at most" : ""
    return .ok("run directory", "\(path): files can be written and replaced\(others)")
  }

  private func spaceFinding(_ needs: Needs?) -> Finding {
    guard let free else { return .ok("disk space", "the file system does not tell how much is free") }
    guard let needs else { return .ok("disk space", "\(Quantities.bytes(free)) free") }
    let need = needs.checkpoints * needs.checkpointBytes
    let there = checkpointBytes > 0 ? " and \(Quantities.bytes(checkpointBytes)) in checkpoints already" : ""
    let message =
      "\(Quantities.bytes(free)) free\(there), for \(Quantities.count(needs.checkpoints, "checkpoint")) of \(Quantities.bytes(needs.checkpointBytes)) at a time"
    return need > free + checkpointBytes
      ? .error("disk space", .disk, message, remedy: "a smaller checkpoint.keep, or --set output=DIR on a larger disk")
      : .ok("disk space", message)
  }
}
