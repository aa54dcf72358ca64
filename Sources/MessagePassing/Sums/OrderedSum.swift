/// Sums over all ranks that begin and end in one order.
package protocol OrderedSum: AnyObject {
  /// Whether another sum can begin.
  var hasRoom: Bool { get }
  /// Whether all have ended.
  var isIdle: Bool { get }
  /// Sums that have ended.
  var ended: Int { get }

  /// Begins the sum of all ranks' pieces, which will replace the first one.
  func begin(_ pieces: [UnsafeMutableBufferPointer<Float>]) throws(MessagePassingError)

  /// Moves all sums on; whether one has come a step further.
  func advance() throws(MessagePassingError) -> Bool
}

extension GroupedSum: OrderedSum {
  package var isIdle: Bool { begun == ended }

  package func begin(_ pieces: [UnsafeMutableBufferPointer<Float>]) throws(MessagePassingError) {
    precondition(pieces.count == 1, "\(pieces.count) pieces")
    try begin(pieces[0])
  }
}

/// A sum that has been made when it has begun.
package final class BlockingSum: OrderedSum {
  private let add: ([UnsafeMutableBufferPointer<Float>]) throws(MessagePassingError) -> Void
  package private(set) var ended = 0
  private var isMade = false

  package init(_ add: @escaping ([UnsafeMutableBufferPointer<Float>]) throws(MessagePassingError) -> Void) {
    self.add = add
  }

  package var hasRoom: Bool { true }
  package var isIdle: Bool { !isMade }

  package func begin(_ pieces: [UnsafeMutableBufferPointer<Float>]) throws(MessagePassingError) {
    try add(pieces)
    isMade = true
  }

  package func advance() -> Bool {
    guard isMade else { return false }
    isMade = false
    ended += 1
    return true
  }
}
