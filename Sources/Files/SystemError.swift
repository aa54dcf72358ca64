import Foundation

/// An error number of the operating system, with its text.
package struct SystemError: CustomStringConvertible {
  package let number: Int32

  /// `No space left on device (errno 28)`
  package var description: String { "\(String(cString: strerror(number))) (errno \(number))" }

  package init(_ number: Int32) {
    self.number = number
  }

  /// The system's error beneath one of Foundation's; nil when there is none.
  package init?(_ error: any Error) {
    guard let cause = (error as? CocoaError)?.underlying as? POSIXError else { return nil }
    number = cause.code.rawValue
  }
}

/// What a failure of Foundation's file functions comes down to, in the words of the operating system.
package func fileSystemReason(of error: any Error) -> String {
  let failure = error as NSError
  let cause = (failure.userInfo[NSUnderlyingErrorKey] as? any Error ?? error) as NSError
  return cause.domain == NSPOSIXErrorDomain ? String(cString: strerror(Int32(cause.code))) : cause.localizedDescription
}
