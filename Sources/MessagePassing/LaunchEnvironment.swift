import Foundation

/// What a launcher told this process in its environment.
package struct LaunchEnvironment: Sendable {
  private let variables: [String: String]
  private let library: MPILibrary

  /// Reads the process's environment, or a given one, as a program does that is built for a library.
  package init(
    _ variables: [String: String] = ProcessInfo.processInfo.environment, library: MPILibrary = .built
  ) {
    self.variables = variables
    self.library = library
  }

  /// Whether mpirun, or srun with what the library understands, started this process. Then MPI tells how many there are, else it is
  /// one.
  package var isUnderMPI: Bool { library.signs.contains { variables[$0] != nil } }

  private var isUnderMPIRun: Bool { variables[library.sizeVariable] != nil }

  /// How many processes mpirun or srun says that it has started; nil when they do not.
  private var worldSize: Int? {
    [library.sizeVariable, "SLURM_NTASKS"].lazy.compactMap { variables[$0].flatMap(Int.init) }.first
  }

  /// Whether no other process of this machine has a lower rank; true where no launcher says.
  package var isFirstOnHost: Bool { variables[library.localRankVariable].map { $0 == "0" } ?? true }

  /// How long MPI may take to start: `MULTIBOX_START_SECONDS`, or a minute and a second more for each 16 ranks.
  package var startSeconds: Double {
    if let seconds = variables["MULTIBOX_START_SECONDS"].flatMap(Double.init), seconds >= 1 { return seconds }
    return 60 + Double((worldSize ?? 1) / 16)
  }

  /// Where hosts keep copies of training state, a directory in memory: `MULTIBOX_MEMORY_DIRECTORY`, or that of shared memory.
  package var memoryDirectory: String {
    if let path = variables["MULTIBOX_MEMORY_DIRECTORY"], !path.isEmpty { return path }
    return "/dev/shm"
  }

  /// Mean seconds between two failures of a host: `MULTIBOX_MTBF_NODE` in hours, or three years.
  ///
  /// - Throws: ``MessagePassingError`` for what is no number of hours.
  package func hostFailureSeconds() throws(MessagePassingError) -> Double {
    guard let text = variables["MULTIBOX_MTBF_NODE"], !text.isEmpty else { return 3 * 365 * 86_400 }
    guard let hours = Double(text), hours > 0, hours.isFinite else {
      throw MessagePassingError(
        "MULTIBOX_MTBF_NODE is '\(text)': expected the mean hours between two failures of a host, as 26280 for three years"
      )
    }
    return hours * 3600
  }

  /// When the job will be ended from outside: `MULTIBOX_DEADLINE` or Slurm's `SLURM_JOB_END_TIME`, in seconds since 1970.
  package var deadline: Date? {
    for name in ["MULTIBOX_DEADLINE", "SLURM_JOB_END_TIME"] {
      if let seconds = variables[name].flatMap(Double.init), seconds > 0 { return Date(timeIntervalSince1970: seconds) }
    }
    return nil
  }

  /// The scheduler's name of the job, as "Slurm job 77", and how often the scheduler has started it before; nil outside of jobs.
  package var schedulerJob: (name: String, restarts: Int)? {
    if let number = variables["SLURM_JOB_ID"] {
      return ("Slurm job \(number)", variables["SLURM_RESTART_COUNT"].flatMap(Int.init) ?? 0)
    }
    return variables["PBS_JOBID"].map { ("PBS job \($0)", 0) }
  }

  /// The communicator of this process: MPI's when a launcher started it, else that of a single process.
  ///
  /// To be called once, on the main thread.
  ///
  /// - Throws: ``MessagePassingError`` when MPI does not start, or when a launcher runs several processes that do not know
  ///   each other.
  package func communicator() throws(MessagePassingError) -> any Communicator {
    if isUnderMPI {
      Self.raiseOpenFiles()
      letCrashesEndAtOnce()
    }
    let communicator: any Communicator =
      isUnderMPI ? try Self.keepingSignals(MPICommunicator.init) : SingleProcessCommunicator()
    try requireTasksThatKnowEachOther(worldSize: communicator.worldSize)
    return communicator
  }

  /// What ends a process that crashes.
  private static let crashes = [SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGQUIT, SIGSEGV, SIGTRAP]

  /// Takes back what Swift's runtime does when a process crashes: another process of it reads the memory of this one, for seconds and
  /// more, while the other ranks wait; and when the launcher kills this one meanwhile, the other stays behind. `SWIFT_BACKTRACE` says who
  /// wants it all the same.
  private func letCrashesEndAtOnce() {
    guard variables["SWIFT_BACKTRACE"] == nil else { return }
    for number in Self.crashes { signal(number, SIG_DFL) }
  }

  /// Starts MPI and leaves to signals the meaning that they had: MPICH takes SIGUSR1 for itself, which asks a rank to stop, and UCX and
  /// Open MPI what ends a process that crashes.
  private static func keepingSignals<Result>(
    _ start: () throws(MessagePassingError) -> Result
  ) throws(MessagePassingError) -> Result {
    let actions = (crashes + [SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2]).map { number in
      var action = sigaction()
      sigaction(number, nil, &action)
      return (number, action)
    }
    defer {
      for (number, action) in actions {
        var action = action
        sigaction(number, &action, nil)
      }
    }
    return try start()
  }

  /// Lets this process have as many files and connections as the system allows it: over TCP each rank has one to each that it talks to, and
  /// usual limits are for programs that do not.
  private static func raiseOpenFiles() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    let wish = min(limit.rlim_max, mostFiles)
    guard limit.rlim_cur < wish else { return }
    limit.rlim_cur = wish
    // What the system refuses was no more than a wish; `multibox doctor` says what a job needs.
    _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }

  /// Enough for all; libraries that go through all numbers of files stay quick.
  private static let mostFiles: rlim_t = 65_536

  // MARK: Processes that are alone

  /// Where launchers say how many processes they have started: Open MPI's; those of MPICH, Intel MPI and Slurm's PMI; MVAPICH; Intel
  /// MPI on one host; IBM Spectrum's jsrun; Cray's PALS.
  private static let sizes = [
    "OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE", "MVP_COMM_WORLD_SIZE", "MPI_LOCALNRANKS",
    "JSM_NAMESPACE_SIZE", "PALS_LOCAL_SIZE",
  ]
  /// Where they say which of them a process is, from 0.
  private static let ranks = [
    "PMI_RANK", "PMIX_RANK", "MV2_COMM_WORLD_RANK", "MVP_COMM_WORLD_RANK", "MPI_LOCALRANKID",
    "JSM_NAMESPACE_RANK", "PALS_RANKID", "SLURM_PROCID",
  ]

  /// What shows that a launcher started other processes beside this one, as "PMI_SIZE is 2"; nil when nothing does.
  private var signOfOthers: String? {
    // mpirun's own word counts more than what it has inherited, as from the step of Slurm that runs its daemon.
    for name in isUnderMPIRun ? [library.sizeVariable] : Self.sizes {
      if let size = variables[name].flatMap(Int.init), size > 1 { return "\(name) is \(size)" }
    }
    for name in isUnderMPIRun ? [] : Self.ranks {
      if let rank = variables[name].flatMap(Int.init), rank > 0 { return "\(name) is \(rank)" }
    }
    return nil
  }

  /// Refuses a process that is alone though a launcher started several: a launcher of another MPI, or a plain `srun`, starts n
  /// processes that would all do the same work and write the same files.
  package func requireTasksThatKnowEachOther(worldSize: Int) throws(MessagePassingError) {
    guard worldSize == 1 else { return }
    if let sign = signOfOthers {
      throw MessagePassingError(
        """
        \(sign), but this process is alone: \(launcher) is not that of this program's MPI, and every process would do all the \
        work by itself. The program is built for \(library.name): \(remedy)
        """)
    }
    guard !isUnderMPIRun, let tasks = variables["SLURM_NTASKS"].flatMap(Int.init), tasks > 1 else { return }
    throw MessagePassingError(
      """
      SLURM_NTASKS is \(tasks), but this process is alone: every task would train by itself. Start it with \
      'mpirun multibox …' inside the allocation or with 'srun \(library.slurmOption) multibox …'; for a single process on purpose, \
      use 'srun --ntasks=1' or unset SLURM_NTASKS
      """)
  }

  /// Who started processes that do not know each other, as far as the environment tells.
  private var launcher: String {
    if variables[library.sizeVariable] != nil || variables["SLURM_PROCID"] != nil { return "its launcher" }
    if variables[MPILibrary.openMPI.sizeVariable] != nil { return "its launcher, Open MPI's mpirun," }
    return variables[MPILibrary.mpich.sizeVariable] != nil
      ? "its launcher, MPICH's or Intel MPI's mpirun," : "its launcher"
  }

  /// How processes of this program are started so that they know each other.
  package var remedy: String {
    """
    start it with \(library.name)'s mpirun (in Debian \(library.debianLauncher); mpirun --version says whose it is), with the scripts in \
    launch/, or with 'srun \(library.slurmOption) multibox …'; MULTIBOX_MPI=\(library.other.rawValue) swift build makes a program for \
    \(library.other.name)
    """
  }

  /// Refuses several processes of a command that works in one.
  ///
  /// - Parameter command: its name.
  /// - Throws: ``MessagePassingError`` when a launcher started others beside this one.
  package func requireSingleProcess(_ command: String) throws(MessagePassingError) {
    guard let sign = signOfOthers else { return }
    throw MessagePassingError(
      "\(sign), but '\(command)' works in one process: all would do the same and write the same files. Start it without a launcher"
    )
  }
}
