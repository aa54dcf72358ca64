import Detection

/// What a detector does wrong: kinds of detections by class, objects missed, and which classes are taken for which. The kinds are those of
/// ``JudgedImage``.
package struct DetectionErrors: Sendable, Equatable {
  /// The counts of a class.
  package struct Counts: Sendable, Equatable {
    /// Detections that find an object.
    package internal(set) var correct = 0
    /// Detections of an object found before.
    package internal(set) var duplicate = 0
    /// Detections beside an object of their class.
    package internal(set) var localisation = 0
    /// Detections on an object of another class.
    package internal(set) var confusion = 0
    /// Detections on nothing.
    package internal(set) var background = 0
    /// Objects that were not found.
    package internal(set) var missed = 0
  }

  /// How often the objects of one class are taken for another.
  package struct Confusion: Sendable, Equatable {
    /// Class index of the objects.
    package let annotated: Int
    /// Class index of the detections.
    package let detected: Int
    /// Detections.
    package let count: Int
  }

  /// The smallest score looked at.
  package let scoreThreshold: Double
  /// The counts of each class, label 1 first; detections count for their own class.
  package private(set) var classes: [Counts]
  /// The confusions that occur, by class of the objects, then of the detections.
  package let confusions: [Confusion]

  /// Sorts the detections of images.
  ///
  /// - Parameter scoreThreshold: the default is where `multibox detect` begins to draw.
  /// - Precondition: labels are 1 … `objectClassCount`.
  package init(_ images: [ImageResult], objectClassCount: Int, scoreThreshold: Double = 0.5) {
    self.scoreThreshold = scoreThreshold
    classes = Array(repeating: Counts(), count: objectClassCount)
    var confusions: [[Int]: Int] = [:]
    for image in images.map(JudgedImage.init) {
      for (detection, kind) in image.detections(from: scoreThreshold) {
        let index = detection.label - 1
        switch kind {
        case .correct: classes[index].correct += 1
        case .ignored: break
        case .duplicate: classes[index].duplicate += 1
        case .localisation: classes[index].localisation += 1
        case .confusion(let object):
          classes[index].confusion += 1
          confusions[[image.objects[object].label, detection.label], default: 0] += 1
        case .background: classes[index].background += 1
        }
      }
      for object in image.missedObjects(from: scoreThreshold) { classes[image.objects[object].label - 1].missed += 1 }
    }
    self.confusions = confusions.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map {
      Confusion(annotated: $0.key[0], detected: $0.key[1], count: $0.value)
    }
  }
}
