import ArgumentParser
import Configuration
import Files
import Foundation
import Inference
import Prediction

struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Predicts how fast training is on many ranks, from measurements on few.",
    discussion: """
      Simulates iterations of all ranks event by event: what they compute, by a measured step, and what they exchange, by measured links \
      and sums. Measure with 'multibox benchmark step --json', on two machines with 'multibox doctor --json' and 'multibox benchmark \
      allreduce --json', and with 'multibox benchmark loader --json'. Only the step is needed; --bandwidth and --latency state a network \
      that was not measured.

      Examples:
        multibox predict configs/ssd300-vgg16-voc.yaml --measurements step.json links.json sums.json --ranks 2,4,8
        multibox predict configs/ssd300-vgg16-voc.yaml --measurements step.json --set training.global_batch=512 --hosts 32 --ranks-per-host 4 --bandwidth 10 --latency 30
        multibox predict configs/ssd300-vgg16-voc.yaml --measurements step.json loader.json --bandwidth 100 --epochs 240 --json forecast.json --plot forecast.png
      """)

  @Argument(help: "The experiment, a YAML file.", completion: .file(), transform: HomeDirectory.expand)
  var config: String

  @OptionGroup var overrideOptions: OverrideOptions

  @Option(
    parsing: .upToNextOption, help: "What was measured: files with the JSON of the commands above.",
    completion: .file(), transform: HomeDirectory.expand)
  var measurements: [String]

  @Option(
    help: ArgumentHelp(
      "Numbers of ranks, up to \(Self.mostRanks); by default 1, 2, 4 … 1024, as far as the batch goes.",
      valueName: "8,64,256"))
  var ranks: NumberList?

  @Option(help: ArgumentHelp("Numbers of machines, in place of ranks.", valueName: "4,8"))
  var hosts: NumberList?

  @Option(help: "Ranks of a machine.")
  var ranksPerHost = 1

  @Option(help: "What a machine's network card carries each way, in Gbit/s, in place of a measurement.")
  var bandwidth: Double?

  @Option(help: "What a small message between machines takes, in microseconds, in place of a measurement.")
  var latency: Double?

  @Option(help: "Passes over the training images, for node-hours; by default the configured length.")
  var epochs: Double?

  @Option(help: "Images of the training split, if no loader was measured.")
  var images: Int?

  @Option(
    help: "Writes the forecast as JSON; - is standard output, in place of the table.", completion: .file(),
    transform: HomeDirectory.expand)
  var json: String?

  @Option(help: "Draws images a second by ranks, as PNG.", completion: .file(), transform: HomeDirectory.expand)
  var plot: String?

  /// More ranks take minutes to simulate.
  private static let mostRanks = 16_384

  func validate() throws {
    guard !measurements.isEmpty else { throw ValidationError("--measurements takes at least one file") }
    guard ranks == nil || hosts == nil else { throw ValidationError("give --ranks or --hosts, not both") }
    guard (1...1024).contains(ranksPerHost) else { throw ValidationError("--ranks-per-host must be from 1 to 1024") }
    func require(_ value: Double?, _ name: String, _ range: ClosedRange<Double>) throws {
      if let value, !range.contains(value) {
        throw ValidationError("\(name) takes a number from \(range.lowerBound) to \(range.upperBound), not \(value)")
      }
    }
    try require(bandwidth, "--bandwidth", 0.001...100_000)
    try require(latency, "--latency", 0...1_000_000)
    try require(epochs, "--epochs", 1e-6...1e9)
    if latency != nil, bandwidth == nil {
      throw ValidationError("--latency goes with --bandwidth; a measured network has its own")
    }
    if let images, images < 1 { throw ValidationError("--images must be positive") }
    for number in (ranks?.numbers ?? [])
      + (hosts?.numbers.map { $0.multipliedReportingOverflow(by: ranksPerHost).partialValue } ?? [])
    {
      guard (1...Self.mostRanks).contains(number) else {
        throw ValidationError("\(number) ranks: from 1 to \(Self.mostRanks) can be predicted")
      }
    }
  }

  func run() throws {
    let output = try json.map(JSONOutput.init)
    if let plot { try AtomicFile.requireWritable(plot) }
    let configuration = try Configuration(contentsOf: config, overrides: overrideOptions.overrides).namingClasses()
    let experiment = Experiment(configuration)
    let subject = try Subject(experiment, frozenLayers: experiment.frozenLayers())
    let measurements = try Measurements.reading(measurements)
    let question = Question(
      ranks: ranks?.numbers ?? hosts?.numbers.map { $0 * ranksPerHost } ?? Self.usualRanks(configuration),
      ranksPerHost: ranksPerHost, bandwidth: bandwidth.map { $0 * 1e9 / 8 }, latency: latency.map { $0 / 1e6 },
      epochs: epochs, images: images)
    let forecast = try Forecast(subject, question, measurements)
    try output?.write(line: forecast.json())
    if let plot { try forecast.plot.image().writePNG(to: plot) }
    if json != "-" { print(forecast.text) }
  }

  /// 1, 2, 4 …, as far as the micro-batches go.
  private static func usualRanks(_ configuration: Configuration) -> [Int] {
    let microBatches = configuration.training.globalBatch / configuration.training.microBatch
    return (0...10).map { 1 << $0 }.filter(microBatches.isMultiple(of:))
  }
}

/// Positive numbers with commas between them.
struct NumberList: ExpressibleByArgument {
  let numbers: [Int]

  init?(argument: String) {
    let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    guard !numbers.isEmpty, numbers.allSatisfy({ $0 > 0 }) else { return nil }
    self.numbers = numbers
  }
}
