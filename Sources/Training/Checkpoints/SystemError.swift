import Foundation

/// An error number of the operating system, with its text.
struct SystemError: CustomStringConvertible {
  let number: Int32

  /// `No space left on device (errno 28)`
  var description: String { "\(String(cString: strerror(number))) (errno \(number))" }

  init(_ number: Int32) {
    self.number = number
  }

  /// The system's error beneath one of Foundation's; nil when there is none.
  init?(_ error: any Error) {
    guard let cause = (error as? CocoaError)?.underlying as? POSIXError else { return nil }
    number = cause.code.rawValue
  }
}
