import Configuration
import Foundation
import Training

/// Everything that a rank can say about itself and its machine.
struct RankFacts: Codable {
  let launch: LaunchFacts
  let program: ProgramIdentity
  let binding: ProcessorBinding
  let memory: MemoryRoom
  let limits: ProcessLimits
  let sharedMemory: SharedMemory
  let interfaces: [NetworkInterface]

  /// Asks the system. Collective.
  init(_ job: Job, configuration: Configuration?) throws {
    job.board.enter("examining the machine")
    let hosts = job.placement.places.map(\.host)
    launch = try LaunchFacts(job.communicator)
    program = try ProgramIdentity(job.kernels, precision: configuration?.training.precision ?? .float32)
    binding = ProcessorBinding(
      job.placement, threads: configuration?.training.threads ?? job.placement.threads,
      environment: ProcessInfo.processInfo.environment)
    memory = MemoryRoom()
    limits = ProcessLimits()
    job.board.enter("reading the memory of another rank", waitsForOthers: true)
    sharedMemory = try SharedMemory(job.communicator, hosts: hosts, launch: launch)
    interfaces = NetworkInterface.all()
  }
}
