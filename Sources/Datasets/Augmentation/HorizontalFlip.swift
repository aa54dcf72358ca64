import Detection
import Randomness

/// Mirrors a sample left to right with probability ½.
public struct HorizontalFlip: Sendable {
  /// Whether this sample is mirrored.
  public let isApplied: Bool

  /// A flip that is or is not done.
  public init(isApplied: Bool) {
    self.isApplied = isApplied
  }

  /// Draws whether to mirror.
  public init(from stream: inout RandomStream) {
    isApplied = stream.chance(0.5)
  }

  /// Mirrors the view and its boxes.
  public func apply(to view: inout SourceView, objects: inout [GroundTruth]) {
    guard isApplied else { return }
    view.isMirrored.toggle()
    for index in objects.indices {
      let box = objects[index].box
      objects[index].box.xMin = 1 - box.xMax
      objects[index].box.xMax = 1 - box.xMin
    }
  }
}
