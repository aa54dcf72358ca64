import Configuration
import Foundation
import Kernels
import MessagePassing
import Testing
import Training

/// Runs of ranks that are threads, each on a host of its own, with a memory that stays when the run is lost.
struct HostMemories {
  let runs: NarrowRuns
  /// A copy as often as one can be written.
  static let copying = [
    "training.global_batch=6", "training.micro_batch=1", "checkpoint.memory_every_seconds=0.000001",
  ]

  init() throws { runs = try NarrowRuns() }

  /// The memory of a host.
  func memory(_ host: String) -> String { runs.path("memory-of-\(host)") }

  /// The copies that a host has, the oldest first.
  func copies(_ host: String) throws -> [String] {
    let files = FileManager.default.enumerator(atPath: memory(host))?.compactMap { $0 as? String } ?? []
    return files.filter { $0.hasSuffix(".safetensors") }.sorted().map { "\(memory(host))/\($0)" }
  }

  /// Why a run was lost.
  struct Loss: Error {}

  private final class Losing: RunObserver {
    let iteration: Int
    init(_ iteration: Int) { self.iteration = iteration }
    func iterated(_ record: TrainingRecord, images: [String]?) throws {
      if record.iteration == iteration { throw Loss() }
    }
  }

  /// Trains with a rank on each host.
  ///
  /// - Parameter lost: the iteration after which rank 0 fails, and with it the run.
  func train(
    _ name: String, on hosts: [String], _ overrides: [String] = [], resume: ResumePolicy = .auto,
    until stop: Int? = nil,
    lostAfter lost: Int? = nil
  ) throws {
    let configuration = try runs.configuration(name, Self.copying + overrides)
    let logger = runs.messages.logger
    let memories = hosts.map(memory)
    func run() throws {
      _ = try ThreadCommunicator.run(worldSize: hosts.count) { communicator in
        let environment = ["MULTIBOX_MEMORY_DIRECTORY": memories[communicator.rank]]
        let job = try Job(
          communicator, logger: logger, environment: LaunchEnvironment(environment), host: hosts[communicator.rank])
        return try Trainer(configuration, resume: resume, job: job, kernels: Kernels.available.last!).run(until: stop) {
          _ in lost.map { [Losing($0)] } ?? []
        }
      }
    }
    if lost == nil { try run() } else { #expect(throws: Loss.self) { try run() } }
  }

  /// Where runs have continued from memory: "iteration 4: the copy in the memory of b".
  var continued: [String] {
    runs.messages.recorded.filter { $0.contains("the copy in the memory of") }.map {
      $0.replacing("info: continuing from ", with: "")
    }
  }

  /// Changes a byte in the last tensor of a file.
  func damage(_ file: String) throws {
    var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
    bytes[bytes.count - 3] ^= 0x10
    try bytes.write(to: URL(fileURLWithPath: file))
  }
}
