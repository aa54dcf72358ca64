import Foundation
import MessagePassing
import Testing

struct LaunchTests {
  @Test func launchersAreRecognised() {
    #expect(!LaunchEnvironment([:]).isUnderMPI)
    #expect(LaunchEnvironment(["OMPI_COMM_WORLD_SIZE": "1"]).isUnderMPI)
    #expect(LaunchEnvironment(["PMIX_RANK": "0"]).isUnderMPI)
  }

  @Test func `MPI may take longer to start where there are many ranks`() {
    #expect(LaunchEnvironment([:]).startSeconds == 60)
    #expect(LaunchEnvironment(["OMPI_COMM_WORLD_SIZE": "256", "SLURM_NTASKS": "1"]).startSeconds == 76)
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
    try LaunchEnvironment(["SLURM_NTASKS": "2", "OMPI_COMM_WORLD_SIZE": "1"])
      .requireTasksThatKnowEachOther(worldSize: 1)
  }

  @Test(arguments: [
    ["PMI_SIZE": "2", "PMI_RANK": "0"], ["PMI_RANK": "1"], ["MV2_COMM_WORLD_SIZE": "2"], ["MV2_COMM_WORLD_RANK": "3"],
    ["MPI_LOCALNRANKS": "8"], ["PMIX_RANK": "1", "PMIX_NAMESPACE": "a"], ["JSM_NAMESPACE_SIZE": "2"],
    ["SLURM_PROCID": "1"], ["OMPI_COMM_WORLD_SIZE": "2"],
  ])
  func `Processes of a launcher that left them alone are refused`(variables: [String: String]) throws {
    let environment = LaunchEnvironment(variables)
    let error = try #require(throws: MessagePassingError.self) {
      try environment.requireTasksThatKnowEachOther(worldSize: 1)
    }
    #expect(error.description.contains("but this process is alone"))
    try environment.requireTasksThatKnowEachOther(worldSize: 2)
    #expect(throws: MessagePassingError.self) { try environment.requireSingleProcess("detect") }
  }

  @Test(arguments: [
    [:], ["PMI_SIZE": "1", "PMI_RANK": "0"], ["PMIX_RANK": "0"], ["MPI_LOCALNRANKS": "1"], ["SLURM_PROCID": "0"],
    // mpirun's daemon on the second host of an allocation is a step of Slurm.
    ["OMPI_COMM_WORLD_SIZE": "1", "SLURM_PROCID": "1", "SLURM_NTASKS": "2", "PMIX_RANK": "1"],
    // What a module of Intel MPI sets.
    ["I_MPI_ROOT": "/opt/intel/mpi"],
  ])
  func `A single process is one`(variables: [String: String]) throws {
    try LaunchEnvironment(variables).requireTasksThatKnowEachOther(worldSize: 1)
    try LaunchEnvironment(variables).requireSingleProcess("detect")
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
    #expect(single.warning(threads: 4)?.contains("--map-by slot:PE=4") == true)
    let crowd = RankPlacement(rank: 0, places: (0..<8).map { _ in place("a", [0, 1]) })
    #expect(crowd.threads == 1)
  }
}
