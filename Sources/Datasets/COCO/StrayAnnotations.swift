/// Annotations of images that their file does not list, as files have from which people have taken images by hand.
///
/// They are passed over, as pycocotools does. Where all are like that, it is another mistake.
package struct StrayAnnotations<Place> {
  private var (total, stray) = (0, 0)
  private var first: (place: Place, image: String)?

  package init() {}

  /// Takes an annotation.
  ///
  /// - Parameters:
  ///   - image: the number that it gives.
  ///   - isListed: whether the file lists such an image.
  package mutating func add(_ image: String, isListed: Bool, at place: @autoclosure () -> Place) {
    total += 1
    if isListed { return }
    stray += 1
    if first == nil { first = (place(), image) }
  }

  /// What is to be said of them, at the first one; nothing when there are none.
  package var fault: (kind: DatasetFault.Kind, place: Place, reason: String)? {
    guard let first else { return nil }
    let reason = "image_id: \(first.image) is no image of the file"
    if stray == total {
      return (
        .brokenAnnotation, first.place, reason + (total > 1 ? ", and so it is with all \(total) annotations" : "")
      )
    }
    let more = stray > 1 ? " (and \(stray - 1) more of \(total) annotations like it)" : ""
    return (.strayAnnotation, first.place, "\(reason), left out\(more)")
  }
}
