import Foundation
import MessagePassing
import Testing

struct LaunchTests {
  @Test func launchersAreRecognised() {
    for library in MPILibrary.allCases {
      #expect(!LaunchEnvironment([:], library: library).isUnderMPI)
      #expect(LaunchEnvironment(["PMIX_RANK": "0"], library: library).isUnderMPI)
      #expect(LaunchEnvironment(["OMPI_COMM_WORLD_SIZE": "1"], library: library).isUnderMPI == (library == .openMPI))
    }
    // hydra and Slurm's PMI-2; MVAPICH; Cray's PALS. A program for Open MPI understands none of them.
    for name in ["PMI_RANK", "PMI_SIZE", "MV2_COMM_WORLD_SIZE", "PALS_RANKID"] {
      #expect(LaunchEnvironment([name: "1"], library: .mpich).isUnderMPI)
      #expect(!LaunchEnvironment([name: "1"], library: .openMPI).isUnderMPI)
    }
  }

  @Test(arguments: [
    ("Open MPI v4.1.4, package: Debian OpenMPI, ident: 4.1.4", "Open MPI v4.1.4"),
    ("MPICH Version:\t4.0.2\nMPICH Release date:\tThu Apr  7 12:34:45 CDT 2022\n", "MPICH 4.0.2"),
    ("MPI VERSION    : CRAY MPICH version 8.1.25.17 (ANL base 3.4a2)\nMPI BUILD INFO : Sun", "CRAY MPICH 8.1.25.17"),
    ("MVAPICH2 Version      :\t2.3.7\nMVAPICH2 Release date : Wed March 02", "MVAPICH2 2.3.7"),
    ("Intel(R) MPI Library 2021.9 for Linux* OS\n", "Intel(R) MPI Library 2021.9 for Linux* OS"), ("", ""),
  ])
  func `A library's name and version are on one line`(text: String, version: String) {
    #expect(MPILibrary.version(inText: text) == version)
  }

  @Test func `The loaded library is the one the program was built for`() throws {
    #expect(try MPILibrary.version().hasPrefix(MPILibrary.built.name) || MPILibrary.built == .mpich)
  }

  @Test func `The first rank of a host is known`() {
    #expect(LaunchEnvironment([:]).isFirstOnHost)
    #expect(!LaunchEnvironment(["OMPI_COMM_WORLD_LOCAL_RANK": "1"], library: .openMPI).isFirstOnHost)
    #expect(!LaunchEnvironment(["MPI_LOCALRANKID": "1"], library: .mpich).isFirstOnHost)
    #expect(LaunchEnvironment(["MPI_LOCALRANKID": "0", "PMI_RANK": "4"], library: .mpich).isFirstOnHost)
  }

  @Test func `MPI may take longer to start where there are many ranks`() {
    #expect(LaunchEnvironment([:]).startSeconds == 60)
    #expect(
      LaunchEnvironment(["OMPI_COMM_WORLD_SIZE": "256", "SLURM_NTASKS": "1"], library: .openMPI).startSeconds == 76)
    #expect(LaunchEnvironment(["PMI_SIZE": "256"], library: .mpich).startSeconds == 76)
    #expect(LaunchEnvironment(["SLURM_NTASKS": "1024", "PMIX_RANK": "0"]).startSeconds == 124)
    #expect(LaunchEnvironment(["MULTIBOX_START_SECONDS": "600"]).startSeconds == 600)
    #expect(LaunchEnvironment(["MULTIBOX_START_SECONDS": "soon"]).startSeconds == 60)
  }

  @Test func tasksThatAreAloneAreRefused() throws {
    let alone = LaunchEnvironment(["SLURM_NTASKS": "2"])
    #expect(throws: MessagePassingError.self) { try alone.requireTasksThatKnowEachOther(worldSize: 1) }
    try alone.requireTasksThatKnowEachOther(worldSize: 2)
    try LaunchEnvironment(["SLURM_NTASKS": "1"]).requireTasksThatKnowEachOther(worldSize: 1)
    // A single rank on purpose: mpirun -np 1 in an allocation of two.
    try LaunchEnvironment(["SLURM_NTASKS": "2", "OMPI_COMM_WORLD_SIZE": "1"], library: .openMPI)
      .requireTasksThatKnowEachOther(worldSize: 1)
    try LaunchEnvironment(["SLURM_NTASKS": "2", "PMI_SIZE": "1"], library: .mpich)
      .requireTasksThatKnowEachOther(worldSize: 1)
  }

  @Test(arguments: [
    ["PMI_SIZE": "2", "PMI_RANK": "0"], ["PMI_RANK": "1"], ["MV2_COMM_WORLD_SIZE": "2"], ["MV2_COMM_WORLD_RANK": "3"],
    ["MPI_LOCALNRANKS": "8"], ["PMIX_RANK": "1", "PMIX_NAMESPACE": "a"], ["JSM_NAMESPACE_SIZE": "2"],
    ["SLURM_PROCID": "1"], ["OMPI_COMM_WORLD_SIZE": "2"],
  ])
  func `Processes of a launcher that left them alone are refused`(variables: [String: String]) throws {
    for library in MPILibrary.allCases { try expectRefusal(LaunchEnvironment(variables, library: library)) }
  }

  private func expectRefusal(_ environment: LaunchEnvironment) throws {
    let error = try #require(throws: MessagePassingError.self) {
      try environment.requireTasksThatKnowEachOther(worldSize: 1)
    }
    #expect(error.description.contains("but this process is alone"))
    try environment.requireTasksThatKnowEachOther(worldSize: 2)
    #expect(throws: MessagePassingError.self) { try environment.requireSingleProcess("detect") }
  }

  @Test func `A launcher of the other MPI is named, and what would work`() throws {
    let wrong: [(MPILibrary, [String: String], String, String)] = [
      (.openMPI, ["PMI_SIZE": "2", "PMI_RANK": "1"], "MPICH's or Intel MPI's mpirun", "mpirun.openmpi"),
      (.mpich, ["OMPI_COMM_WORLD_SIZE": "2", "PMIX_RANK": "1"], "Open MPI's mpirun", "mpirun.mpich"),
    ]
    for (library, variables, launcher, remedy) in wrong {
      let error = try #require(throws: MessagePassingError.self) {
        try LaunchEnvironment(variables, library: library).requireTasksThatKnowEachOther(worldSize: 1)
      }
      #expect(error.description.contains("its launcher, \(launcher)"), "\(error)")
      #expect(error.description.contains("The program is built for \(library.name)"), "\(error)")
      #expect(
        error.description.contains(remedy) && error.description.contains("srun \(library.slurmOption)"), "\(error)")
    }
  }

  @Test(arguments: [
    [:], ["PMI_SIZE": "1", "PMI_RANK": "0"], ["PMIX_RANK": "0"], ["MPI_LOCALNRANKS": "1"], ["SLURM_PROCID": "0"],
    // What a module of Intel MPI sets.
    ["I_MPI_ROOT": "/opt/intel/mpi"],
  ])
  func `A single process is one`(variables: [String: String]) throws {
    for library in MPILibrary.allCases { try expectSingleProcess(LaunchEnvironment(variables, library: library)) }
  }

  /// mpirun's daemon on the second host of an allocation is a step of Slurm.
  @Test func `mpirun's own word counts more than what it has inherited`() throws {
    let step = ["SLURM_PROCID": "1", "SLURM_NTASKS": "2", "PMIX_RANK": "1"]
    let sizes: [(MPILibrary, String)] = [(.openMPI, "OMPI_COMM_WORLD_SIZE"), (.mpich, "PMI_SIZE")]
    for (library, size) in sizes {
      try expectSingleProcess(LaunchEnvironment(step.merging([size: "1"]) { $1 }, library: library))
    }
  }

  private func expectSingleProcess(_ environment: LaunchEnvironment) throws {
    try environment.requireTasksThatKnowEachOther(worldSize: 1)
    try environment.requireSingleProcess("detect")
  }

  @Test func theEarlierNameOfADeadlineWins() {
    #expect(LaunchEnvironment([:]).deadline == nil)
    #expect(LaunchEnvironment(["SLURM_JOB_END_TIME": "1000"]).deadline == Date(timeIntervalSince1970: 1000))
    #expect(
      LaunchEnvironment(["SLURM_JOB_END_TIME": "1000", "MULTIBOX_DEADLINE": "900.5"]).deadline
        == Date(timeIntervalSince1970: 900.5))
  }

  private func place(_ host: String, _ processors: [Int]) -> RankPlacement.Place {
    RankPlacement.Place(host: host, processors: processors)
  }

  @Test func processorsAreDividedAmongThoseWhoHaveThem() {
    #expect(RankPlacement.numbers(inList: "0-3,8") == [0, 1, 2, 3, 8])
    #expect(RankPlacement.numbers(byHost: ["a", "a", "b", "b"]) == [0, 1, 2, 3])
    #expect(RankPlacement.numbers(byHost: ["b", "a", "b", "a", "c", "b"]) == [0, 3, 1, 4, 5, 2])
    let everywhere = RankPlacement(
      rank: 0, places: [place("a", [0, 1, 2, 3]), place("a", [0, 1, 2, 3]), place("b", [0, 1, 2, 3])])
    #expect(everywhere.threads == 2 && everywhere.ranksOnHost == [0, 1])
    let bound = RankPlacement(rank: 1, places: [place("a", [0, 1]), place("a", [2, 3])])
    #expect(bound.threads == 2 && bound.warning(threads: 2) == nil)
    let single = RankPlacement(rank: 0, places: [place("a", [0])])
    #expect(single.threads == 1)
    #expect(single.warning(threads: 4)?.contains(MPILibrary.built.wider(threads: 4)) == true)
    let crowd = RankPlacement(rank: 0, places: (0..<8).map { _ in place("a", [0, 1]) })
    #expect(crowd.threads == 1)
  }
}
