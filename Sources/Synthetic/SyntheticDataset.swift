import Dispatch
import Files
import Foundation
import Threads

/// A data set of drawn shapes in the layout of Pascal VOC, for trying out and testing a detector without any download.
///
/// Each image shows one to five shapes of 8 % to 80 % of its shorter side on a textured background. Every tenth image is
/// for validation and two of ten are for testing. An image depends on the seed and its number only: a larger data set of
/// the same seed contains the smaller one.
package struct SyntheticDataset: Sendable, Equatable {
  /// The names of the classes: circle, square, triangle, star, cross, ring.
  package static let classNames = SyntheticShape.allCases.map(\.rawValue)
  /// With fewer images a split would be empty.
  package static let smallestImageCount = 5

  /// The number of images in all splits together.
  package let images: Int
  /// What makes this data set differ from others.
  package let seed: UInt64

  /// Describes a data set; nothing is drawn yet.
  ///
  /// - Precondition: `images` is at least `smallestImageCount`.
  package init(images: Int, seed: UInt64) {
    precondition(
      images >= Self.smallestImageCount,
      "\(images) images are fewer than \(Self.smallestImageCount), one for each split")
    (self.images, self.seed) = (images, seed)
  }

  /// Writes `JPEGImages`, `Annotations`, `ImageSets/Main` and `classes.txt`, the names of the classes line by line.
  ///
  /// The same arguments give the same bytes in any directory and on any number of threads. The directory may exist already if
  /// it is empty, or was written for the same arguments, completely (then nothing is done) or in part (then all is
  /// written again). `synthesis.json` says which, under its final name only when everything else is there.
  ///
  /// - Parameters:
  ///   - directory: the directory; made if necessary.
  ///   - progress: called with the number of images finished, in order, from several threads but never at once.
  /// - Throws: `SynthesisError` when the directory holds anything else, `FileError` when a file cannot be written.
  package func write(to directory: String, progress: @Sendable (_ finished: Int) -> Void = { _ in }) throws {
    let stamp = SynthesisStamp(of: self, in: directory)
    if try stamp.check() == .complete { return }
    try Directory.create(directory)
    try stamp.begin()
    for part in ["JPEGImages", "Annotations", "ImageSets/Main"] {
      try Directory.create(directory + "/" + part)
    }
    try writeImages(to: directory, progress: progress)
    for split in ["train", "val", "trainval", "test"] {
      let members = (1...images).filter { Self.splits(ofImage: $0).contains(split) }
      try write(lines(members.map(Self.identifier)), to: directory + "/ImageSets/Main/\(split).txt")
    }
    try write(lines(Self.classNames), to: directory + "/classes.txt")
    try stamp.finish()
  }

  /// The splits that an image belongs to: 70 % train, 10 % val, 20 % test, and trainval is train and val.
  static func splits(ofImage number: Int) -> [String] {
    switch number % 10 {
    case 0, 5: ["test"]
    case 3: ["val", "trainval"]
    default: ["train", "trainval"]
    }
  }

  /// Replaces a text file in one step; as the images, it is not flushed to the disk by itself.
  private func write(_ text: String, to path: String) throws(FileError) {
    try AtomicFile.replace(path, with: text, isDurable: false)
  }

  private func lines(_ names: [String]) -> String { names.map { $0 + "\n" }.joined() }

  private static func identifier(_ number: Int) -> String { String(format: "%06d", number) }

  private func writeImages(to directory: String, progress: @Sendable (Int) -> Void) throws {
    let state = Monitor((finished: 0, failure: (any Error)?.none))
    DispatchQueue.concurrentPerform(iterations: images) { index in
      if state.withLock({ $0.failure != nil }) { return }
      do {
        try writeImage(index + 1, to: directory)
        state.withLock {
          $0.finished += 1
          progress($0.finished)
        }
      } catch {
        state.withLock { $0.failure = $0.failure ?? error }
      }
    }
    if let failure = state.withLock({ $0.failure }) { throw failure }
  }

  private func writeImage(_ number: Int, to directory: String) throws {
    let (scene, identifier) = (SyntheticScene(seed: seed, number: number), Self.identifier(number))
    try scene.image().writeJPEG(to: "\(directory)/JPEGImages/\(identifier).jpg", quality: 90)
    try write(
      scene.annotation(fileName: identifier + ".jpg"), to: "\(directory)/Annotations/\(identifier).xml")
  }
}
