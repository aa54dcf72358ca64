import CMPI
import Glibc

/// The MPI that a program is built for: Open MPI, or MPICH and what has its interface and its environment, as Intel MPI, Cray MPICH
/// and MVAPICH. The raw values are those of `MULTIBOX_MPI`.
package enum MPILibrary: String, Sendable, CaseIterable {
  case openMPI = "openmpi"
  case mpich

  /// That of this program.
  package static let built: MPILibrary = cmpi_is_mpich() != 0 ? .mpich : .openMPI

  /// The name in sentences.
  package var name: String { self == .openMPI ? "Open MPI" : "MPICH" }

  /// What Debian calls the launcher of this library where there are several.
  package var debianLauncher: String { self == .openMPI ? "mpirun.openmpi" : "mpirun.mpich" }

  /// What a program may be built for instead.
  package var other: MPILibrary { self == .openMPI ? .mpich : .openMPI }

  /// What Slurm's `srun` starts ranks with.
  package var slurmOption: String { self == .openMPI ? "--mpi=pmix" : "--mpi=pmi2" }

  /// Where the launchers of this library say how many processes they have started.
  var sizeVariable: String { self == .openMPI ? "OMPI_COMM_WORLD_SIZE" : "PMI_SIZE" }

  /// Where they say which of the processes of its machine one is, from 0.
  var localRankVariable: String { self == .openMPI ? "OMPI_COMM_WORLD_LOCAL_RANK" : "MPI_LOCALRANKID" }

  /// What shows that a launcher started a process for which the library may find others: mpirun, srun, and Cray's PALS.
  var signs: [String] {
    switch self {
    case .openMPI: ["OMPI_COMM_WORLD_SIZE", "PMIX_RANK"]
    case .mpich: ["PMI_SIZE", "PMI_RANK", "PMIX_RANK", "MV2_COMM_WORLD_SIZE", "MVP_COMM_WORLD_SIZE", "PALS_RANKID"]
    }
  }

  // MARK: Options of mpirun

  /// What lets each rank run on several processors.
  package func wider(threads: Int) -> String {
    self == .openMPI ? "--map-by slot:PE=\(threads), or --bind-to none" : "-bind-to core:\(threads), or -bind-to none"
  }

  /// What binds no rank to processors.
  package var unbound: String { self == .openMPI ? "--bind-to none" : "-bind-to none" }

  /// What sets a variable of the environment at all ranks.
  package func setting(_ variable: String, _ value: String) -> String {
    self == .openMPI ? "-x \(variable)=\(value)" : "-genv \(variable) \(value)"
  }

  // MARK: Settings

  /// Bytes of the pieces in which Open MPI moves a long message through memory that ranks of a machine share, where one may not read the
  /// other's: each look at it moves a few, and with its own 32 KB a sum waits for looks.
  private static let sharedMemoryPieces = 256 << 10

  /// Has the library start with other settings than its own, where the user has set nothing. Before it starts.
  func setDefaults() {
    guard self == .openMPI else { return }
    // Open MPI 4, and 5.
    for name in ["vader", "sm"] {
      setenv("OMPI_MCA_btl_\(name)_max_send_size", String(Self.sharedMemoryPieces), 0)
    }
  }

  // MARK: The library that is loaded

  /// Its name and version, as "Open MPI v4.1.4" or "MPICH 4.0.2".
  package static func version() throws(MessagePassingError) -> String {
    var text = [CChar](repeating: 0, count: CMPI_VERSION_TEXT)
    var length: Int32 = 0
    try MPICommunicator.check(cmpi_library_version(&text, &length), "MPI_Get_library_version", rank: -1)
    return version(inText: string(text, length))
  }

  /// The name and version in what a library says of itself: "Open MPI v4.1.4, package: …", "MPICH Version: 4.0.2" and more lines,
  /// "MPI VERSION    : CRAY MPICH version 8.1.25 …", "Intel(R) MPI Library 2021.9 for Linux* OS".
  package static func version(inText text: String) -> String {
    let line = text.prefix { !$0.isNewline && $0 != "," }
    let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
    guard parts.count == 2, let name = parts[0].split(separator: " ").first else { return String(line) }
    if parts[1].first?.isNumber == true { return "\(name) \(parts[1])" }
    return parts[1].prefix { $0 != "(" }.split(separator: " ").filter { $0 != "version" }.joined(separator: " ")
  }

  /// The text of an error code, on one line: MPICH's has a line for each call that it came through.
  static func text(ofError code: Int32) -> String {
    var text = [CChar](repeating: 0, count: CMPI_ERROR_TEXT)
    var length: Int32 = 0
    _ = cmpi_error_text(code, &text, &length)
    return string(text, length).split(whereSeparator: \.isNewline).joined(separator: "; ")
  }

  private static func string(_ text: [CChar], _ length: Int32) -> String {
    String(decoding: text.prefix(max(0, Int(length))).prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
