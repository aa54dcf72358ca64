import Configuration
import Datasets
import Files
import Foundation
import Inference
import Measurement
import MessagePassing
import Training

/// Examines whether training can start: the machine, how ranks are started on it, the files and the data.
///
/// Every check first collects what all ranks see and then judges it, in rank 0's place and in all others alike; so no check leaves
/// ranks waiting for each other, whatever it finds.
package final class Doctor {
  package let job: Job
  let hosts: [String]
  package private(set) var configuration: Configuration?
  /// What it describes.
  private var experiment: Experiment?
  var findings: [Finding] = []
  private let resume: ResumePolicy
  package let readsPixels: Bool
  /// Images to train on, at rank 0; nil when the training split cannot be used.
  var trainingImageCount: Int?
  private var links: [Link] = []

  /// Prepares an examination of the job.
  ///
  /// - Parameters:
  ///   - resume: what training would start from.
  ///   - readsPixels: whether every image is decoded, or only its header read.
  package init(_ job: Job, resume: ResumePolicy = .auto, readsPixels: Bool = true) {
    self.job = job
    self.resume = resume
    self.readsPixels = readsPixels
    hosts = job.placement.places.map(\.host)
  }

  package var communicator: any Communicator { job.communicator }
  private var worldSize: Int { communicator.worldSize }

  /// Runs all checks. Collective; what rank 0 returns is complete.
  ///
  /// - Parameter read: gives the configuration, at rank 0; nil examines machine and launch alone.
  /// - Throws: `MessagePassingError` and what else leaves nothing to examine.
  package func examine(_ read: (() throws -> Configuration)?) throws -> Diagnosis {
    try readConfiguration(read)
    if let build = job.build { findings.append(.ok("build", build.line)) }
    let facts = try communicator.allGatherCodable(try RankFacts(job, configuration: configuration))
    findings += LaunchFacts.findings(
      facts.map(\.launch), hosts: hosts, environment: ProcessInfo.processInfo.environment)
    findings += ProcessorBinding.findings(
      facts.map(\.binding), isLaunched: facts[0].launch.threadLevel != nil)
    findings += ProgramIdentity.findings(facts.map(\.program))
    try examineMessages(facts)
    try examineResources(facts)
    try examineData()
    try examineStart()
    try examineLength()
    return Diagnosis(
      worldSize: worldSize, hosts: hosts.firstOccurrences, findings: configurationFindings + findings, links: links,
      hostOfRank: job.placement.hostNumbers, build: job.build)
  }

  // MARK: Configuration

  private var configurationFindings: [Finding] = []

  private func readConfiguration(_ read: (() throws -> Configuration)?) throws {
    guard let read else { return }
    job.board.enter("reading the configuration", waitsForOthers: !communicator.isRoot)
    var result: Configuration?
    if communicator.isRoot {
      do {
        result = try read()
      } catch let error as ConfigurationError {
        configurationFindings.append(.error("configuration", .configuration, error.description, remedy: nil))
      } catch let error as DatasetError {
        configurationFindings.append(
          .error(
            "classes", .data, error.description,
            remedy:
              "mend the file or bring it anew; if only its categories are wrong, list the right ones under data.classes"
          ))
      }
    }
    var isReadable = result != nil
    try communicator.broadcast(&isReadable, from: 0)
    guard isReadable else { return }
    let configuration = try job.configuration { result! }
    let (recipe, name) = (configuration.training, configuration.source)
    do throws(ConfigurationError) {
      try configuration.requireLegal(worldSize: worldSize)
      let microBatches = recipe.globalBatch / recipe.microBatch
      configurationFindings.append(
        .ok(
          "configuration",
          "\(name): \(Quantities.count(microBatches, "micro-batch", "micro-batches")) of \(Quantities.count(recipe.microBatch, "image")) an iteration\(worldSize == 1 ? "" : ", \(microBatches / worldSize) a rank")"
        ))
    } catch {
      configurationFindings.append(
        .error(
          "configuration", .configuration, error.description,
          remedy: error.problems[0].key == "training.micro_batch"
            ? nil : "mpirun -np with one of these numbers, or other training.global_batch and training.micro_batch"))
    }
    self.configuration = configuration
    experiment = Experiment(configuration)
  }

  var evaluates: Bool {
    configuration?.evaluates ?? false
  }

  // MARK: Messages

  private func examineMessages(_ facts: [RankFacts]) throws {
    guard let mpi = communicator as? MPICommunicator, worldSize > 1 else { return }
    let names = hosts.firstOccurrences
    let first = names.map { name in hosts.firstIndex(of: name)! }
    findings += SharedMemory.findings(facts.map(\.sharedMemory), hosts: hosts)
    let transports = facts[0].launch.transports
    findings.append(
      .ok("transport", transports.isEmpty ? "built into the library" : transports.joined(separator: ", ")))
    if names.count > 1, transports.isEmpty || transports.contains("btl_tcp") {
      findings.append(
        NetworkChoice(hosts: names, interfaces: first.map { facts[$0].interfaces }, launch: facts[0].launch).finding)
    }
    links = try LinkMeasurement(mpi, board: job.board).measure(Link.rounds(hosts: hosts))
    let after = try communicator.allGatherCodable(NetworkInterface.all())
    let carriers = first.compactMap { NetworkInterface.carrier(before: facts[$0].interfaces, after: after[$0]) }
    findings += Link.findings(
      links, hosts: hosts, carriers: carriers.firstOccurrences, gradientBytes: gradientBytes)
    let offsets = try ClockOffset.measure(mpi, hosts: hosts, board: job.board)
    if let finding = ClockOffset.finding(offsets, reference: hosts[0]) { findings.append(finding) }
  }

  /// Bytes of the gradients as a rank sends them in an iteration; nil without a configuration that is legal here.
  private var gradientBytes: Int? {
    guard let configuration, let experiment, (try? configuration.requireLegal(worldSize: worldSize)) != nil else {
      return nil
    }
    let (settings, recipe) = (configuration.communication, configuration.training)
    let bytes = experiment.model.layout.arenaCount * (settings.wire == .bfloat16 ? 2 : 4)
    let shares = SummationOrder(count: recipe.globalBatch / recipe.microBatch).shares(worldSize: worldSize)
    let pieces = settings.reduction == .reproducible ? shares.map(\.pieces.count).max() ?? 1 : 1
    // All pieces are sent to be added, one sum comes back.
    return bytes * (pieces + 1) / 2
  }

  // MARK: Memory, limits, disk

  private func examineResources(_ facts: [RankFacts]) throws {
    var (needs, checkpointBytes): ([Int]?, Int?) = (nil, nil)
    if let configuration, let experiment, (try? configuration.requireLegal(worldSize: worldSize)) != nil {
      needs = facts.enumerated().map { rank, facts in
        MemoryBudget(
          experiment, frozenLayers: (try? experiment.frozenLayers()) ?? 0,
          threads: facts.binding.threads, evaluates: evaluates, worldSize: worldSize, writes: rank == 0
        ).bytes
      }
    }
    if let configuration, let experiment {
      let arenas = configuration.training.averageDecay == nil ? 2 : 3
      checkpointBytes = arenas * experiment.model.layout.valueCount * MemoryLayout<Float>.stride
    }
    findings += MemoryRoom.findings(facts.map(\.memory), hosts: hosts, needs: needs)
    findings += ProcessLimits.findings(
      facts.map(\.limits), checkpointBytes: checkpointBytes, needs: needs,
      secondsLeft: job.deadline.map { $0.timeIntervalSinceNow })
    let directory = try RunDirectory(trying: configuration?.output ?? ".", job: job)
    let directoryNeeds = configuration.map { configuration in
      RunDirectory.Needs(
        checkpointBytes: checkpointBytes ?? 0,
        checkpoints: configuration.checkpointFiles(images: trainingImageCount))
    }
    findings += directory.findings(hosts: hosts, needs: directoryNeeds)
  }

  // MARK: Start

  private func examineStart() throws {
    guard let experiment else { return }
    job.board.enter("reading what training starts from", waitsForOthers: !communicator.isRoot)
    if communicator.isRoot { findings.append(StartingPoint.finding(experiment, resume: resume, logger: job.logger)) }
  }

  // MARK: Length

  /// Tells how long training will take, when it can start. Collective.
  private func examineLength() throws {
    let earlier = configuration.flatMap(TrainingLength.earlierSpeed)
    let isPossible = (findings + configurationFindings).allSatisfy(\.allowsTraining) && trainingImageCount != nil
    var isTried = earlier == nil && isPossible
    try communicator.broadcast(&isTried, from: 0)
    guard let configuration, let experiment else { return }
    let trial = isTried ? try SpeedTrial(experiment, job: job) : nil
    guard communicator.isRoot else { return }
    if let trial {
      findings.append(trial.partition.finding(threads: configuration.training.threads ?? job.placement.threads))
    }
    findings += configuration.recipeCheck(images: trainingImageCount)?.findings ?? []
    guard let trainingImageCount else { return }
    let recipe = configuration.training
    findings.append(
      TrainingLength(
        iterations: configuration.iterations(images: trainingImageCount), globalBatch: recipe.globalBatch,
        images: trainingImageCount,
        speed: earlier ?? trial.map { ($0.imagesPerSecond, SpeedTrial.description) }
      ).finding)
  }
}

extension Configuration {
  /// Checkpoint files on the disk at the same time, at most: those that are kept, the best, and one that is being written.
  ///
  /// - Parameter images: of the training split, if known.
  fileprivate func checkpointFiles(images: Int?) -> Int {
    let kept = checkpoint.keep + 1 + (checkpoint.keepBest && evaluates ? 1 : 0)
    guard let images, !evaluates, checkpoint.everySeconds == nil else { return kept }
    return min(kept, iterations(images: images) / checkpoint.every + 1)
  }
}
