import Foundation
import Testing

/// The mpirun of the MPI that the program under test is built for. On a system with several, `mpirun` alone may be another's.
package enum MPILauncher {
  /// Whether that is MPICH, else Open MPI.
  package static let isMPICH: Bool = {
    let text = try? ChildProcess(ChildProcess.multibox, ["--version"]).wait().output
    return text?.contains("MPICH") == true
  }()

  /// As `MULTIBOX_MPI` has it.
  package static var library: String { isMPICH ? "mpich" : "openmpi" }

  /// As messages have it.
  package static var name: String { isMPICH ? "MPICH" : "Open MPI" }

  /// The command; nil when there is none.
  package static let path: String? = ["/usr/bin/mpirun.\(library)", "/usr/bin/mpirun"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  /// The mpirun of the other MPI, if that is installed too.
  package static let otherPath: String? = "/usr/bin/mpirun.\(isMPICH ? "openmpi" : "mpich")".existing

  /// More ranks than processors, each with all of them; no shared-memory tricks that containers forbid.
  package static var options: [String] {
    isMPICH
      ? [] : ["--oversubscribe", "--bind-to", "none", "--mca", "btl_vader_single_copy_mechanism", "none"]
  }

  /// Binds each rank to a core.
  package static var bindingToCores: String { isMPICH ? "-bind-to core" : "--oversubscribe --bind-to core" }

  /// Whether mpirun, called without the scripts of `launch/`, tells by its exit code that a rank has ended with `code`.
  ///
  /// MPICH's joins the codes of all ranks bit by bit, those of the ranks that it has killed too: then it ends with 9, for SIGKILL. A rank
  /// that a signal has ended counts with the signal's number; Open MPI's adds 128.
  package static func tells(_ code: Int32, by exitCode: Int32?) -> Bool {
    exitCode == code || isMPICH && (exitCode == SIGKILL || code > 128 && exitCode == code - 128)
  }

  /// Where a rank reads its number.
  package static var rankVariable: String { isMPICH ? "PMI_RANK" : "OMPI_COMM_WORLD_RANK" }

  /// What root needs to start ranks with Open MPI; tests may run in a container.
  package static let environment = ["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"]
}

extension String {
  fileprivate var existing: String? { FileManager.default.isExecutableFile(atPath: self) ? self : nil }
}
