import Configuration
import Files
import Foundation
import Tensors
import Threads

/// Writes checkpoints on a thread of its own, from a copy of the training state, while training goes on. One at a time.
final class CheckpointWriter: @unchecked Sendable {
  private struct Progress {
    var isWriting = false
    var failure: FileError?
    var seconds = 0.0
  }

  /// Writes a state after so many iterations, and calls when another tensor is hashed and written.
  typealias Save =
    @Sendable (_ iteration: Int, _ state: TrainingState, _ progress: @escaping () -> Void) throws(FileError) -> Void

  private let save: Save
  private let state: TrainingState
  private let progress = Monitor(Progress())

  /// Allocates the copy.
  ///
  /// - Parameter save: writes a checkpoint, on the writer's thread.
  init(_ layout: VariableLayout, keepsAverage: Bool, save: @escaping Save) {
    self.save = save
    state = TrainingState(layout, keepsAverage: keepsAverage)
  }

  /// Seconds to copy a state, which is what a checkpoint holds training up for when nothing is being written.
  func copySeconds(_ state: TrainingState) -> Double {
    // The first copy also maps the memory.
    self.state.copy(state)
    let start = ContinuousClock.now
    self.state.copy(state)
    return (ContinuousClock.now - start) / .seconds(1)
  }

  /// Copies the state and begins to write it.
  ///
  /// - Precondition: nothing is being written.
  /// - Throws: the failure of the last checkpoint.
  func begin(iteration: Int, state: TrainingState) throws(FileError) {
    try check()
    self.state.copy(state)
    progress.withLock { $0.isWriting = true }
    let thread = Thread { self.write(iteration: iteration) }
    thread.name = "checkpoint writer"
    thread.start()
  }

  /// Waits until nothing is being written.
  ///
  /// - Parameter progress: called whenever another tensor has been hashed and written meanwhile.
  /// - Throws: the failure of the last checkpoint.
  func finish(progress notify: () -> Void) throws(FileError) {
    let failure: FileError? = progress.wait { progress in
      notify()
      return progress.isWriting ? nil : .some(progress.failure)
    }
    if let failure { throw failure }
  }

  /// Throws the failure of the last checkpoint, if it is known already.
  func check() throws(FileError) { if let failure = progress.withLock({ $0.failure }) { throw failure } }

  /// Whether a checkpoint is being written.
  var isWriting: Bool { progress.withLock { $0.isWriting } }

  /// How long the last complete checkpoint took.
  var lastSeconds: Double { progress.withLock { $0.seconds } }

  private func write(iteration: Int) {
    let start = ContinuousClock.now
    var failure: FileError?
    do throws(FileError) {
      // Whoever waits looks again, and sees that something is done.
      try save(iteration, state) { [progress] in progress.withLock { _ in } }
    } catch { failure = error }
    progress.withLock { progress in
      progress.failure = progress.failure ?? failure
      progress.seconds = (ContinuousClock.now - start) / .seconds(1)
      progress.isWriting = false
    }
  }
}
