/// Which random changes training samples go through.
package enum AugmentationPolicy: String, CaseIterable, Sendable {
  /// All of the original: photometric distortion, expansion, crop, random interpolation, flip.
  case ssd
  /// Mirroring with probability ½.
  case flip
  /// The image as it is; evaluation always uses this.
  case none
}
