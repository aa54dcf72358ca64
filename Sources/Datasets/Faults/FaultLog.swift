import Images

/// Takes what is wrong with a data set while it is read.
///
/// Of each kind the first ``linesPerKind`` are kept and all are counted, so that a data set that is wrong throughout does
/// not fill memory and screen.
package struct FaultLog: Sendable {
  /// What becomes of errors.
  package enum Policy: Sendable {
    /// The first one ends reading: for training.
    case stopAtFirstError
    /// An image that cannot be read is left out of the split and listed; any other error ends reading.
    case leaveOutBrokenImages
    /// All are listed, and what they concern is left out: for an examination.
    case listAll
  }

  /// How many faults of a kind are kept.
  package static let linesPerKind = 20

  /// The faults that were kept, in the order in which they were met.
  package private(set) var faults: [DatasetFault] = []
  /// How many faults there are of each kind.
  package private(set) var counts: [DatasetFault.Kind: Int] = [:]
  /// Image files that are left out because their annotation states another size: perhaps they are other images by mistake.
  package private(set) var imagesOfOtherSize: [String] = []
  private let policy: Policy
  /// Images of 16 bits a sample, whose samples are still to be looked at.
  private var deepImages: [String] = []

  /// An empty log.
  package init(_ policy: Policy) {
    self.policy = policy
  }

  /// Takes an image of 16 bits a sample.
  package mutating func add(deepImage path: String) { deepImages.append(path) }

  /// Tells how many of the images of 16 bits are nearly black; an examination decodes all images anyway.
  mutating func noteDarkImages(in files: SplitFiles) throws(DatasetError) {
    guard policy != .listAll else { return }
    if let error = files.darkImages(among: deepImages) { try note(.darkImage, error) }
  }

  /// Takes a fault; the error is made only when it is kept or thrown.
  ///
  /// - Throws: the error, when training with the data would be wrong and the policy is to stop.
  package mutating func note(
    _ kind: DatasetFault.Kind, _ error: @autoclosure () -> DatasetError
  ) throws(DatasetError) {
    if kind.isError, stops(at: kind) { throw error() }
    counts[kind, default: 0] += 1
    if counts[kind]! <= Self.linesPerKind { faults.append(DatasetFault(kind, error())) }
  }

  private func stops(at kind: DatasetFault.Kind) -> Bool {
    switch policy {
    case .stopAtFirstError: true
    case .leaveOutBrokenImages: kind != .brokenImage
    case .listAll: false
    }
  }

  /// Takes the error of an image whose annotation states another size.
  mutating func noteOtherSize(_ imagePath: String, _ error: DatasetError) throws(DatasetError) {
    try note(.otherSize, error)
    imagesOfOtherSize.append(imagePath)
  }

  /// Takes the failure of a piece of work, which then has no result.
  ///
  /// - Throws: the failure, when it is an error and the policy is to stop.
  mutating func attempt<Value>(
    _ kind: DatasetFault.Kind, _ work: () throws(DatasetError) -> Value
  ) throws(DatasetError) -> Value? {
    do {
      return try work()
    } catch {
      try note(kind, error)
      return nil
    }
  }

  /// Whether an error was met.
  package var hasErrors: Bool { counts.keys.contains(where: \.isError) }

  /// The faults that were kept, and for each kind how many more there are.
  package var lines: [String] {
    let rest = DatasetFault.Kind.allCases.compactMap { kind -> String? in
      let more = (counts[kind] ?? 0) - Self.linesPerKind
      return more > 0 ? "and \(more) more \(kind.plural)" : nil
    }
    return faults.map(\.description) + rest
  }
}
