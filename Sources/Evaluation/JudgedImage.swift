import Detection

/// What each detection of an image is. Detections are looked at by falling score. One is the first of
///
/// 1. *correct*: its IoU with an object of its class that was not found before is at least 0.5; it finds the one with the
///    largest IoU;
/// 2. *ignored*, and not counted: its IoU with a difficult object of its class is at least 0.5, or half of it lies in a crowd;
/// 3. *duplicate*: its IoU with an object of its class is at least 0.5, but that was found before;
/// 4. *localisation*: its IoU with an object of its class is at least 0.1;
/// 5. *confusion*: its IoU with an object of another class is at least 0.1; it is taken for the one with the largest IoU;
/// 6. *background*.
///
/// An object that no detection finds is *missed*, unless it is difficult or a crowd. A detection depends on those with higher scores alone,
/// so what is said of all is right for those above any score.
///
/// ### Source
/// Hoiem, Chodpathumwan and Dai, *Diagnosing Error in Object Detectors*, ECCV 2012, which takes duplicates for localisation
/// errors and as many detections as there are objects; the duplicates of their own are from Bolya et al., *TIDE: A General
/// Toolbox for Identifying Object Detection Errors*, ECCV 2020.
package struct JudgedImage: Sendable {
  /// Smallest IoU with the object that a correct detection finds.
  package static let foundOverlap = 0.5
  /// Smallest IoU with an object that a detection has to do with.
  package static let nearOverlap = 0.1

  /// What a detection is, with the position of the object concerned.
  package enum Kind: Sendable, Equatable {
    case correct(Int)
    case ignored
    case duplicate(Int)
    case localisation(Int)
    case confusion(Int)
    case background
  }

  /// Position of the image in its split.
  package let imageIndex: Int
  /// What was annotated.
  package let objects: [PixelGroundTruth]
  /// By falling score; equal ones keep their order.
  package let detections: [(detection: PixelDetection, kind: Kind)]

  /// Judges the detections of an image.
  package init(_ image: ImageResult) {
    (imageIndex, objects) = (image.imageIndex, image.groundTruth)
    var isFound = image.groundTruth.map { _ in false }
    detections = image.detectionsByScore.map { detection in
      let kind = Kind(of: detection, in: image.groundTruth, isFound: isFound)
      if case .correct(let object) = kind { isFound[object] = true }
      return (detection, kind)
    }
  }

  /// The detections with at least a score.
  package func detections(from score: Double) -> some Sequence<(detection: PixelDetection, kind: Kind)> {
    detections.lazy.prefix { $0.detection.score >= score }
  }

  /// Positions of the objects that no detection with at least a score finds.
  package func missedObjects(from score: Double) -> [Int] {
    var isMissed = objects.map { !$0.isIgnored }
    for case (_, .correct(let object)) in detections(from: score) { isMissed[object] = false }
    return objects.indices.filter { isMissed[$0] }
  }
}

extension JudgedImage.Kind {
  fileprivate init(of detection: PixelDetection, in objects: [PixelGroundTruth], isFound: [Bool]) {
    let box = COCOBox(detection.box)
    let overlaps = objects.map { box.overlap(with: COCOBox($0.box), isCrowd: $0.isCrowd) }
    /// The first of the objects with the largest overlap.
    func nearest(_ smallest: Double, where condition: (Int) -> Bool) -> Int? {
      objects.indices.filter { overlaps[$0] >= smallest && condition($0) }.max {
        (overlaps[$0], $1) < (overlaps[$1], $0)
      }
    }
    let isOfClass = { objects[$0].label == detection.label }
    let (found, near) = (JudgedImage.foundOverlap, JudgedImage.nearOverlap)
    if let object = nearest(found, where: { isOfClass($0) && !objects[$0].isIgnored && !isFound[$0] }) {
      self = .correct(object)
    } else if nearest(found, where: { isOfClass($0) && objects[$0].isIgnored }) != nil {
      self = .ignored
    } else if let object = nearest(found, where: isOfClass) {
      self = .duplicate(object)
    } else if let object = nearest(near, where: isOfClass) {
      self = .localisation(object)
    } else if let object = nearest(near, where: { !isOfClass($0) }) {
      self = .confusion(object)
    } else {
      self = .background
    }
  }
}

extension ImageResult {
  /// By falling score; equal ones keep their order.
  fileprivate var detectionsByScore: [PixelDetection] {
    detections.enumerated().sorted {
      $0.element.score != $1.element.score ? $0.element.score > $1.element.score : $0.offset < $1.offset
    }.map(\.element)
  }
}
