import Configuration
import Files
import Inference

extension MemoryDirectory {
  /// Writes the copy of an iteration. The newest one of before stays, so that there is a complete one at every instant; all others go.
  ///
  /// - Throws: ``FileError`` when there is no room, or no such directory.
  package func save(
    iteration: Int, history: String?, configuration: Configuration, state: TrainingState, build: String? = nil,
    progress: @escaping () -> Void = {}
  ) throws(FileError) {
    try create()
    let before = try iterations()
    guard !before.contains(iteration) else { return }
    for copy in before.filter({ $0 > iteration }) + before.filter({ $0 < iteration }).dropLast() {
      try Directory.remove(checkpoints.path(iteration: copy), calls: calls)
    }
    try Checkpoint.write(
      to: checkpoints.path(iteration: iteration), iteration: iteration, configuration: configuration, state: state,
      build: build, history: history, progress: progress, calls: calls)
  }
}
