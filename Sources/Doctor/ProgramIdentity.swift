import Files
import Foundation
import Kernels
import MessagePassing
import Tensors

/// Which program a rank runs, on which kind of processor.
package struct ProgramIdentity: Codable, Sendable, Equatable {
  /// SHA-256 of the executable.
  package var executable: String
  /// SHA-256 of the libraries that compute, by name.
  package var libraries: [String: String]
  /// The kernels in use; nil when `MULTIBOX_ISA` names none that the processor can run.
  package var instructionSet: String?
  /// The kernels that the processor can run, slowest first.
  package var instructionSets: [String]
  /// Why `instructionSet` is nil.
  package var instructionSetFault: String?
  /// Why the kernels cannot multiply in the configured precision; nil when they can.
  package var precisionFault: String?
  /// The kind of processor for which OpenBLAS computes.
  package var matrixKind: String

  package init(
    executable: String, libraries: [String: String], instructionSet: String?, instructionSets: [String],
    instructionSetFault: String? = nil, precisionFault: String? = nil, matrixKind: String
  ) {
    self.executable = executable
    self.libraries = libraries
    self.instructionSet = instructionSet
    self.instructionSets = instructionSets
    self.instructionSetFault = instructionSetFault
    self.precisionFault = precisionFault
    self.matrixKind = matrixKind
  }

  /// Reads the files of this process.
  ///
  /// - Parameters:
  ///   - kernels: what it is to compute with.
  ///   - precision: what convolutions are to multiply.
  init(_ kernels: KernelChoice, precision: Precision) throws {
    var (set, fault, precisionFault): (String?, String?, String?)
    do {
      let kernels = try kernels.kernels()
      set = kernels.instructionSet(for: precision)
      do { try kernels.require(precision) } catch { precisionFault = error.description }
    } catch { fault = "\(error)" }
    let maps = SystemFile.text("/proc/self/maps") ?? ""
    self.init(
      executable: try Self.digest(of: "/proc/self/exe"),
      libraries: try Self.libraryPaths(inMaps: maps).mapValues { try Self.digest(of: $0) },
      instructionSet: set, instructionSets: Kernels.available.map(\.instructionSet), instructionSetFault: fault,
      precisionFault: precisionFault, matrixKind: MatrixLibrary.processorKind)
  }

  /// The mapped libraries whose code decides the last bits, from the text of /proc/self/maps: names without versions, and paths.
  package static func libraryPaths(inMaps maps: String) -> [String: String] {
    var paths: [String: String] = [:]
    for match in maps.matches(of: #/(\/\S*\/(libopenblas|libturbojpeg|libm|libc)(?:p-r|[.-]|$)\S*)/#) {
      paths[String(match.output.2)] = String(match.output.1)
    }
    return paths
  }

  private static func digest(of path: String) throws(FileError) -> String {
    let hash = SHA256()
    try Descriptor(path).forEachPiece { (piece) throws(FileError) in hash.update(piece) }
    return hash.finish()
  }

  /// Judges whether all ranks compute with the same code; `all` by rank.
  package static func findings(_ all: [ProgramIdentity]) -> [Finding] {
    let root = all[0]
    func others(_ differ: (ProgramIdentity) -> Bool) -> [Int] { all.indices.filter { differ(all[$0]) } }
    var findings: [Finding] = []
    let strangers = others { $0.executable != root.executable }
    let names = root.libraries.keys.sorted().filter { name in
      all.contains { $0.libraries[name] != root.libraries[name] }
    }
    if !strangers.isEmpty {
      findings.append(
        .error(
          "program", .machine,
          "\(Quantities.ranks(strangers)) \(strangers.count == 1 ? "runs" : "run") another build of multibox than rank 0 (SHA-256 \(all[strangers[0]].executable.prefix(12))…, rank 0 \(root.executable.prefix(12))…)",
          remedy: "start one executable from a shared file system, or install the same on every host"))
    } else if !names.isEmpty {
      let ranks = others { identity in names.contains { identity.libraries[$0] != root.libraries[$0] } }
      findings.append(
        .warning(
          "program",
          "\(Quantities.ranks(ranks)) \(ranks.count == 1 ? "has" : "have") another \(names.joined(separator: ", ")) than rank 0: last bits differ",
          remedy: "install the same system packages on every host"))
    } else {
      findings.append(
        .ok(
          "program",
          "SHA-256 \(root.executable.prefix(12))…\(all.count > 1 ? ", the same on all ranks, and so are its libraries" : "")"
        ))
    }
    return findings + [kernelFinding(all)]
  }

  private static func kernelFinding(_ all: [ProgramIdentity]) -> Finding {
    let root = all[0]
    if let rank = all.indices.first(where: { all[$0].instructionSetFault != nil }),
      let fault = all[rank].instructionSetFault
    {
      return .error(
        "instruction set", .machine, (all.count > 1 ? "rank \(rank): " : "") + fault,
        remedy: "MULTIBOX_ISA=\(common(all)), or no MULTIBOX_ISA at all")
    }
    if let rank = all.indices.first(where: { all[$0].precisionFault != nil }), let fault = all[rank].precisionFault {
      return .error(
        "instruction set", .configuration, (all.count > 1 ? "rank \(rank): " : "") + fault,
        remedy: "training.precision: float32")
    }
    let sets = all.compactMap(\.instructionSet).firstOccurrences
    if sets.count > 1 {
      return .warning(
        "instruction set",
        "ranks compute with \(sets.joined(separator: " and ")): bits depend on which rank computes what",
        remedy: "mpirun \(MPILibrary.built.setting("MULTIBOX_ISA", common(all)))")
    }
    let kinds = all.map(\.matrixKind).firstOccurrences
    if kinds.count > 1 {
      return .warning(
        "instruction set",
        "\(sets[0]), but OpenBLAS computes for \(kinds.joined(separator: " and ")): bits depend on which rank computes what",
        remedy: "mpirun \(MPILibrary.built.setting("OPENBLAS_CORETYPE", "KIND")), with the oldest of these kinds")
    }
    return .ok("instruction set", "\(sets[0]), OpenBLAS for \(root.matrixKind)")
  }

  /// The fastest kernels that every processor can run.
  private static func common(_ all: [ProgramIdentity]) -> String {
    all[0].instructionSets.last { name in all.allSatisfy { $0.instructionSets.contains(name) } } ?? "baseline"
  }
}
