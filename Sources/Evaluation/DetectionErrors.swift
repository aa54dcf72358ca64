import Detection

/// What a detector does wrong: kinds of detections by class, objects missed, and which classes are taken for which.
///
/// Of each image the detections with a score of at least the threshold are looked at, by falling score. A detection is the
/// first of
///
/// 1. *correct*: its IoU with an object of its class that was not found before is at least 0.5; it finds the one with the
///    largest IoU;
/// 2. *ignored*, and not counted: its IoU with a difficult object of its class is at least 0.5, or half of it lies in a crowd;
/// 3. *duplicate*: its IoU with an object of its class is at least 0.5, but that was found before;
/// 4. *localisation*: its IoU with an object of its class is at least 0.1;
/// 5. *confusion*: its IoU with an object of another class is at least 0.1; it is taken for the one with the largest IoU;
/// 6. *background*.
///
/// An object that no detection finds is *missed*, unless it is difficult or a crowd.
///
/// ### Source
/// Hoiem, Chodpathumwan and Dai, *Diagnosing Error in Object Detectors*, ECCV 2012, which takes duplicates for localisation
/// errors and as many detections as there are objects; the duplicates of their own are from Bolya et al., *TIDE: A General
/// Toolbox for Identifying Object Detection Errors*, ECCV 2020.
package struct DetectionErrors: Sendable, Equatable {
  /// Smallest IoU with the object that a correct detection finds.
  package static let foundOverlap = 0.5
  /// Smallest IoU with an object that a detection has to do with.
  package static let nearOverlap = 0.1

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
    for image in images {
      var isFound = image.groundTruth.map { _ in false }
      for detection in image.detections(from: scoreThreshold) {
        let index = detection.label - 1
        switch Kind(of: detection, in: image.groundTruth, isFound: isFound) {
        case .correct(let object):
          isFound[object] = true
          classes[index].correct += 1
        case .ignored: break
        case .duplicate: classes[index].duplicate += 1
        case .localisation: classes[index].localisation += 1
        case .confusion(let object):
          classes[index].confusion += 1
          confusions[[image.groundTruth[object].label, detection.label], default: 0] += 1
        case .background: classes[index].background += 1
        }
      }
      for (object, isFound) in zip(image.groundTruth, isFound) where !object.isIgnored && !isFound {
        classes[object.label - 1].missed += 1
      }
    }
    self.confusions = confusions.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map {
      Confusion(annotated: $0.key[0], detected: $0.key[1], count: $0.value)
    }
  }

  /// What a detection is, with the position of the object concerned.
  private enum Kind {
    case correct(Int)
    case ignored
    case duplicate
    case localisation
    case confusion(Int)
    case background

    init(of detection: PixelDetection, in objects: [PixelGroundTruth], isFound: [Bool]) {
      let box = COCOBox(detection.box)
      let overlaps = objects.map { box.overlap(with: COCOBox($0.box), isCrowd: $0.isCrowd) }
      /// The first of the objects with the largest overlap.
      func nearest(_ smallest: Double, where condition: (Int) -> Bool) -> Int? {
        objects.indices.filter { overlaps[$0] >= smallest && condition($0) }.max {
          (overlaps[$0], $1) < (overlaps[$1], $0)
        }
      }
      let isOfClass = { objects[$0].label == detection.label }
      if let object = nearest(foundOverlap, where: { isOfClass($0) && !objects[$0].isIgnored && !isFound[$0] }) {
        self = .correct(object)
      } else if nearest(foundOverlap, where: { isOfClass($0) && objects[$0].isIgnored }) != nil {
        self = .ignored
      } else if nearest(foundOverlap, where: isOfClass) != nil {
        self = .duplicate
      } else if nearest(nearOverlap, where: isOfClass) != nil {
        self = .localisation
      } else if let object = nearest(nearOverlap, where: { !isOfClass($0) }) {
        self = .confusion(object)
      } else {
        self = .background
      }
    }
  }
}

extension ImageResult {
  /// The detections with at least a score, by falling score; equal ones keep their order.
  fileprivate func detections(from scoreThreshold: Double) -> [PixelDetection] {
    detections.enumerated().filter { $1.score >= scoreThreshold }.sorted {
      $0.element.score != $1.element.score ? $0.element.score > $1.element.score : $0.offset < $1.offset
    }.map(\.element)
  }
}
