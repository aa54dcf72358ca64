import Datasets

extension FileScoring {
  /// What is to be said of boxes that are fractions of the image.
  ///
  /// Where those of both files are, they overlap as they would in pixels. Where those of one file are, nothing overlaps.
  ///
  /// - Parameters:
  ///   - truth: boxes of the ground truth; nothing when these are known to be in pixels.
  ///   - found: boxes of the detections.
  ///   - hasObjects: whether there is anything to find.
  /// - Throws: `DatasetError` for the file that has fractions when the other has pixels.
  static func fractionWarnings(
    truth: FractionCheck?, found: FractionCheck, hasObjects: Bool
  ) throws(DatasetError) -> [String] {
    let (truthVerdict, foundVerdict) = (truth?.verdict ?? .pixels, found.verdict)
    if truthVerdict == .fractions, foundVerdict != .fractions, found.count > 0, let error = truth?.message {
      throw error.adding("; the detections are in pixels")
    }
    if foundVerdict == .fractions, truthVerdict != .fractions, hasObjects, let error = found.message {
      throw error.adding("; the ground truth is in pixels")
    }
    // A detector may well find a few boxes of a pixel in the corner.
    return [truth?.message, foundVerdict == .fractions ? found.message : nil].compactMap { $0?.description }
  }
}
