import Images

/// What a data set is read by where there is a choice.
package struct ReadingRules: Sendable, Equatable {
  /// See ``UnannotatedImagePolicy``.
  package let unannotated: UnannotatedImagePolicy
  /// What sets that, for messages, as it is written before the value.
  package let unannotatedSetting: String
  /// How large an image may be.
  package let imageLimit: ImageLimit

  /// Creates rules; those by default are the configuration's.
  package init(
    unannotated: UnannotatedImagePolicy = .stop, unannotatedSetting: String = "data.unannotated_images:",
    imageLimit: ImageLimit = ImageLimit()
  ) {
    self.unannotated = unannotated
    self.unannotatedSetting = unannotatedSetting
    self.imageLimit = imageLimit
  }
}

/// What becomes of images that a split lists and that have no annotation file.
///
/// In COCO's layout every image is listed beside the objects, and one without objects is background anyway.
package enum UnannotatedImagePolicy: String, CaseIterable, Sendable {
  /// They are an error: an annotation is missing.
  case stop
  /// They have no object.
  case background
}
