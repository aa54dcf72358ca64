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
      ? StartGuard(seconds: environment.startSeconds, phase: "start", exitCode: ExitStatus.machine.rawValue) : nil
    let job = try Job(environment, build: .program, kernels: .ofProcess, stop: stop)
    start?.disarm()
    let outcome: Trainer.Outcome
    do {
      outcome = try body(job)
      try job.finish()
    } catch {
      job.abort(error, code: ExitStatus(of: error).rawValue)
    }
    if let notice = outcome.notice {
      job.logger.notice("\(notice)")
      Foundation.exit(ExitStatus.interrupted.rawValue)
    }
  }
}
