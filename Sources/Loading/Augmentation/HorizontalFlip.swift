import Detection
import Randomness

/// Mirrors a sample left to right with probability ½.
package struct HorizontalFlip: Sendable {
  /// Whether this sample is mirrored.
  package let isApplied: Bool

  /// A flip that is or is not done.
  package init(isApplied: Bool) {
    self.isApplied = isApplied
  }

  /// Draws whether to mirror.
  package init(from stream: inout RandomStream) {
    isApplied = stream.chance(0.5)
  }

  /// Mirrors the view and its boxes.
  package func apply(to view: inout SourceView, objects: inout [GroundTruth]) {
    guard isApplied else { return }
    view.isMirrored.toggle()
    for index in objects.indices {
      let box = objects[index].box
      objects[index].box.xMin = 1 - box.xMax
      objects[index].box.xMax = 1 - box.xMin
    }
  }
}
