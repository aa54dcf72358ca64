/// What `multibox split` is to do.
package struct SplitRequest: Sendable {
  /// A directory of images with an XML file or labels of YOLO for each, a `data.yaml`, or a JSON file of COCO.
  package let data: String
  /// Where the result goes; nil for the place of the data.
  package let output: String?
  let fractions: SplitFractions
  package let seed: UInt64
  package let frames: ImageGroups.FrameRule
  package let overwrites: Bool
  package let includesUnannotated: Bool
  package let keepsDirectories: Bool

  /// - Parameters:
  ///   - test, validation: shares of the images, above 0, together below 1.
  ///   - groupsFrames: whether numbers at the end of names are those of frames; nil for the rule of ``ImageGroups``.
  ///   - overwrites: whether lists and files of an earlier division are replaced.
  ///   - includesUnannotated: whether images without an XML file are divided too, as images of background.
  ///   - keepsDirectories: whether the directories are the parts, and nothing is drawn at random.
  package init(
    data: String, output: String? = nil, test: Double, validation: Double? = nil, seed: UInt64,
    groupsFrames: Bool? = nil, overwrites: Bool = false, includesUnannotated: Bool = false,
    keepsDirectories: Bool = false
  ) {
    precondition(output != "", "an output directory without a name is the root of the file system")
    self.data = data
    self.output = output
    fractions = SplitFractions(test: test, validation: validation)
    self.seed = seed
    frames = groupsFrames.map { $0 ? .always : .never } ?? .automatic
    self.overwrites = overwrites
    self.includesUnannotated = includesUnannotated
    self.keepsDirectories = keepsDirectories
  }
}

/// A division that cannot be made as it was asked for.
package struct SplitError: Error, Equatable, CustomStringConvertible {
  /// What is in the way, and what to do.
  package let description: String
}

/// What became of a ``SplitRequest``.
package struct SplitReport: Sendable {
  /// What was found and done, a line or a table each, for people.
  package internal(set) var lines: [String] = []
  /// What may be wrong.
  package internal(set) var warnings: [String] = []
  /// A configuration that uses the result, as YAML.
  package internal(set) var configuration = ""
}
