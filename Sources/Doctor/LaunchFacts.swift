import Files
import Foundation
import MessagePassing

/// How the MPI library and its launcher run a rank.
package struct LaunchFacts: Codable, Sendable, Equatable {
  /// "Open MPI v4.1.4" or "MPICH 4.0.2".
  package var library: String
  /// "MPI_THREAD_SERIALIZED"; nil in a process that is alone.
  package var threadLevel: String?
  /// Processes for which the launcher has slots; nil when it does not say.
  package var slots: Int?
  /// The modules that carry messages, as "pml_ob1", "btl_tcp".
  package var transports: [String]
  /// Settings of the library that checks ask for, by name.
  package var parameters: [String: String]

  package init(
    library: String, threadLevel: String? = nil, slots: Int? = nil, transports: [String] = [],
    parameters: [String: String] = [:]
  ) {
    self.library = library
    self.threadLevel = threadLevel
    self.slots = slots
    self.transports = transports
    self.parameters = parameters
  }

  /// Asks the library.
  init(_ communicator: any Communicator) throws {
    self.init(library: try MPILibrary.version())
    guard communicator is MPICommunicator else { return }
    threadLevel = try MPIProperties.threadLevel()
    slots = try MPIProperties.universeSize()
    transports = Self.transports(inMaps: SystemFile.text("/proc/self/maps") ?? "")
    for name in SharedMemory.parameters + NetworkInterface.parameters {
      parameters[name] = MPIProperties.parameter(name)
    }
    if MPILibrary.built == .mpich {
      for name in NetworkInterface.variables { parameters[name] = ProcessInfo.processInfo.environment[name] }
    }
  }

  /// The modules that stayed loaded once the library had chosen, from the text of /proc/self/maps.
  package static func transports(inMaps maps: String) -> [String] {
    let names = maps.matches(of: #/\/mca_((?:pml|mtl|btl)_\w+)\.so/#).map { String($0.output.1) }
    // Between ranks of one process and, in Open MPI 4, an alias.
    return Set(names).subtracting(["btl_self", "btl_sm"]).sorted()
  }

  /// Judges how a job is started.
  ///
  /// - Parameters:
  ///   - all: by rank.
  ///   - hosts: the machine of each rank.
  ///   - environment: that of rank 0.
  package static func findings(_ all: [LaunchFacts], hosts: [String], environment: [String: String]) -> [Finding] {
    let names = hosts.firstOccurrences
    guard let root = all.first, let threadLevel = root.threadLevel else {
      return [aloneFinding(all[0].library, environment)]
    }
    var findings: [Finding] = []
    let others = all.indices.filter { all[$0].library != root.library }
    if others.isEmpty {
      findings.append(.ok("MPI", "\(root.library), \(threadLevel)"))
    } else {
      let versions = others.map { all[$0].library }.firstOccurrences.joined(separator: ", ")
      findings.append(
        .error(
          "MPI", .machine,
          "\(Quantities.ranks(others)) \(others.count == 1 ? "runs" : "run") \(versions), rank 0 \(root.library)",
          remedy: "install the same version on every host"))
    }
    let groups = names.map { name in hosts.indices.filter { hosts[$0] == name } }
    let places =
      names.count > 8
      ? Set(groups.map(\.count)).sorted().map(String.init).joined(separator: " or ") + " on each"
      : zip(names, groups).map { "\($0): \(Quantities.ranks($1))" }.joined(separator: "; ")
    let count = Quantities.count(all.count, "rank")
    findings.append(.ok("ranks", "\(count) on \(Quantities.count(names.count, "host")) (\(places))"))
    if let slots = root.slots {
      findings.append(
        slots >= all.count
          ? .ok("slots", "\(slots) in the allocation for \(Quantities.count(all.count, "rank"))")
          : .warning(
            "slots",
            "the launcher has \(Quantities.count(slots, "slot")) for \(all.count) ranks and was told to oversubscribe",
            remedy: "start fewer ranks, or state what the hosts have: 'NAME slots=N' in the hostfile, --host NAME:N"))
    }
    return findings
  }

  /// A process that no launcher of this library started.
  private static func aloneFinding(_ library: String, _ environment: [String: String]) -> Finding {
    do throws(MessagePassingError) {
      try LaunchEnvironment(environment).requireTasksThatKnowEachOther(worldSize: 1)
    } catch {
      return .error(
        "MPI", .machine, error.description,
        remedy: "use the mpirun of \(library), or 'srun \(MPILibrary.built.slurmOption)'")
    }
    return .ok("MPI", "\(library) is installed; no launcher started this process, which is alone")
  }
}
