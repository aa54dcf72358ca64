import ArgumentParser
import Files
import Foundation
import Inference
import Logging
import Models
import Tensors

/// The command line.
@main
struct Multibox: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "multibox",
    abstract: "Trains and uses SSD object detectors on CPUs.",
    discussion: """
      A first session:
        multibox synthesize shapes --images 1500 --seed 1
        multibox train configs/quickstart.yaml --set data.root=shapes
        multibox evaluate runs/quickstart
        multibox detect runs/quickstart photo.jpg --output drawings

      Exit codes: 0 done, 64 usage or configuration, 65 bad data, 70 internal error, 71 machine or MPI, 74 disk or checkpoint,
      75 stopped on request (run again to continue), 76 loss not finite, 77 a rank stalled or was lost.
      """,
    version: BuildIdentity.program.text,
    subcommands: [
      Train.self, Evaluate.self, Report.self, Compare.self, Watch.self, Score.self, Detect.self, Describe.self,
      Export.self,
      Convert.self, DoctorCommand.self, Preview.self, Split.self, Synthesize.self, Keys.self, Benchmark.self,
      Predict.self,
    ])

  static func main() {
    LoggingSystem.bootstrap { _ in StandardErrorLogHandler() }
    // A full disk or an exceeded file-size limit must come back from write(2), not end the process.
    signal(SIGXFSZ, SIG_IGN)
    signal(SIGPIPE, SIG_IGN)
    MatrixLibrary.useOneThread()
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      finish(error)
    }
  }

  /// Prints what went wrong and ends the process with the error's exit code.
  private static func finish(_ error: any Error) -> Never {
    // Help, version and faults of the command line, which the argument parser knows how to print.
    if exitCode(for: error) != .failure { exit(withError: error) }
    Logger(label: "multibox").error("\(error)")
    Foundation.exit(ExitStatus(of: error).rawValue)
  }
}
