import Kernels
import MessagePassing

/// Which build of the program this is, and what it computes with here.
package struct BuildIdentity: Codable, Sendable, Equatable {
  /// "0.1.0".
  package let version: String
  /// The abbreviated commit, or "unknown".
  package let commit: String
  /// "Swift 6.3.1".
  package let compiler: String
  /// The kernels in the program, slowest first, whether or not this processor can run them.
  package let instructionSets: [String]
  /// Those in use; nil when `MULTIBOX_ISA` names none that this processor can run.
  package let instructionSet: String?
  /// The library that is loaded, as "Open MPI v4.1.4" or "MPICH 4.0.2"; nil when it does not say.
  package let mpi: String?

  private enum CodingKeys: String, CodingKey {
    case version, commit, compiler, mpi
    case instructionSets = "instruction_sets"
    case instructionSet = "instruction_set"
  }

  package init(
    version: String, commit: String, compiler: String, instructionSets: [String], instructionSet: String?, mpi: String?
  ) {
    self.version = version
    self.commit = commit
    self.compiler = compiler
    self.instructionSets = instructionSets
    self.instructionSet = instructionSet
    self.mpi = mpi
  }

  /// Asks kernels and library; MPI need not have been started.
  package init(version: String, commit: String, compiler: String, kernels: KernelChoice) {
    self.init(
      version: version, commit: commit, compiler: compiler, instructionSets: Kernels.compiled,
      instructionSet: (try? kernels.kernels())?.instructionSet, mpi: try? MPILibrary.version())
  }

  /// "multibox 0.1.0 (39b347b)".
  package var name: String { "multibox \(version) (\(commit))" }

  /// All that may matter to bits and speed, on one line.
  package var line: String {
    "\(name), \(compiler), \(instructionSet ?? "no") kernels, \(mpi ?? "unknown MPI")"
  }

  /// What `multibox --version` prints.
  package var text: String {
    let use = instructionSet.map { "\($0) in use" } ?? "none in use, see MULTIBOX_ISA"
    return """
      \(name)
      compiler          \(compiler)
      instruction sets  \(instructionSets.joined(separator: ", ")); \(use)
      MPI               \(mpi ?? "unknown")
      """
  }
}
