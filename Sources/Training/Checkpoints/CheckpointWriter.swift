import Configuration
import Files
import Foundation
import Tensors

/// Writes checkpoints on a thread of its own, from a copy of the training state, while training goes on. One at a time.
final class CheckpointWriter: @unchecked Sendable {
  private let store: CheckpointStore
  private let configuration: Configuration
  private let state: TrainingState
  private let condition = NSCondition()

  // Guarded by `condition`.
  private var isWriting = false
  private var failure: FileError?
  private var seconds = 0.0

  /// Allocates the copy.
  init(_ store: CheckpointStore, configuration: Configuration, layout: VariableLayout) {
    self.store = store
    self.configuration = configuration
    state = TrainingState(layout, keepsAverage: configuration.training.averageDecay != nil)
  }

  /// Copies the state and begins to write it.
  ///
  /// - Precondition: nothing is being written.
  /// - Throws: the failure of the last checkpoint.
  func begin(iteration: Int, state: TrainingState) throws(FileError) {
    try check()
    self.state.copy(state)
    condition.lock()
    isWriting = true
    condition.unlock()
    let thread = Thread { self.write(iteration: iteration) }
    thread.name = "checkpoint writer"
    thread.start()
  }

  /// Waits until nothing is being written.
  ///
  /// - Parameter progress: called whenever another tensor has been hashed or written meanwhile.
  /// - Throws: the failure of the last checkpoint.
  func finish(progress: () -> Void) throws(FileError) {
    condition.lock()
    while isWriting {
      condition.wait()
      progress()
    }
    let failure = failure
    condition.unlock()
    if let failure { throw failure }
  }

  /// Throws the failure of the last checkpoint, if it is known already.
  func check() throws(FileError) {
    condition.lock()
    let failure = failure
    condition.unlock()
    if let failure { throw failure }
  }

  /// How long the last complete checkpoint took.
  var lastSeconds: Double {
    condition.lock()
    defer { condition.unlock() }
    return seconds
  }

  private func write(iteration: Int) {
    let start = ContinuousClock.now
    var failure: FileError?
    do throws(FileError) {
      try store.save(
        iteration: iteration, configuration: configuration, state: state, progress: condition.broadcast)
    } catch {
      failure = error
    }
    condition.lock()
    self.failure = self.failure ?? failure
    seconds = (ContinuousClock.now - start) / .seconds(1)
    isWriting = false
    condition.broadcast()
    condition.unlock()
  }
}
