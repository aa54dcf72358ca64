import Foundation

/// What a launcher told this process in its environment.
public struct LaunchEnvironment: Sendable {
  private let variables: [String: String]

  /// Reads the process's environment, or a given one.
  public init(_ variables: [String: String] = ProcessInfo.processInfo.environment) {
    self.variables = variables
  }

  /// Whether mpirun, or srun with PMIx, started this process. Then MPI tells how many there are, else it is one.
  public var isUnderMPI: Bool { isUnderMPIRun || variables["PMIX_RANK"] != nil }

  private var isUnderMPIRun: Bool { variables["OMPI_COMM_WORLD_SIZE"] != nil }

  /// When the job will be ended from outside: `MULTIBOX_DEADLINE` or Slurm's `SLURM_JOB_END_TIME`, in seconds since 1970.
  public var deadline: Date? {
    for name in ["MULTIBOX_DEADLINE", "SLURM_JOB_END_TIME"] {
      if let seconds = variables[name].flatMap(Double.init), seconds > 0 { return Date(timeIntervalSince1970: seconds) }
    }
    return nil
  }

  /// The communicator of this process: MPI's when a launcher started it, else that of a single process.
  ///
  /// To be called once, on the main thread.
  ///
  /// - Throws: ``MessagePassingError`` when MPI does not start, or when Slurm runs several tasks that do not know each other.
  public func communicator() throws(MessagePassingError) -> any Communicator {
    let communicator: any Communicator = isUnderMPI ? try MPICommunicator() : SingleProcessCommunicator()
    try requireTasksThatKnowEachOther(worldSize: communicator.worldSize)
    return communicator
  }

  /// A plain `srun`, or one whose PMI Open MPI does not speak, starts n processes that are each alone.
  package func requireTasksThatKnowEachOther(worldSize: Int) throws(MessagePassingError) {
    guard worldSize == 1, !isUnderMPIRun, let tasks = variables["SLURM_NTASKS"].flatMap(Int.init), tasks > 1 else {
      return
    }
    throw MessagePassingError(
      """
      SLURM_NTASKS is \(tasks), but this process is alone: every task would train by itself. Start it with \
      'mpirun multibox …' inside the allocation or with 'srun --mpi=pmix multibox …'; for a single process on purpose, \
      use 'srun --ntasks=1' or unset SLURM_NTASKS
      """)
  }
}
