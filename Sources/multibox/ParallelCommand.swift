import ArgumentParser
import Doctor
import Foundation
import MessagePassing
import Training

extension ParsableCommand {
  /// Runs `body` in every process of the job that a launcher started, or in this one alone, and leaves the job in good order.
  ///
  /// A failure at any rank is reported and ends all of them with its exit code.
  ///
  /// - Parameter stop: asks the job to stop.
  func runJob(stop: StopRequest = StopRequest(), _ body: (Job) throws -> Trainer.Outcome) throws {
    let environment = LaunchEnvironment()
    let start =
      environment.isUnderMPI
      ? MPIGuard.start(seconds: environment.startSeconds, exitCode: ExitStatus.machine.rawValue) : nil
    let job = try Job(environment, build: .program, kernels: .ofProcess, stop: stop)
    start?.disarm()
    do {
      let outcome = try body(job)
      try job.leave()
      if let notice = outcome.notice { job.logger.notice("\(notice)") }
      fflush(nil)
      let code = outcome.notice == nil ? EXIT_SUCCESS : ExitStatus.interrupted.rawValue
      let end = environment.isUnderMPI ? MPIGuard.end(exitCode: code) : nil
      try job.communicator.finish()
      end?.disarm()
      if code != EXIT_SUCCESS { Foundation.exit(code) }
    } catch {
      job.abort(error, code: ExitStatus(of: error).rawValue)
    }
  }
}
