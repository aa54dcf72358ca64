import Foundation

/// An error number of the operating system, with its text.
package struct SystemError: Error, Equatable, CustomStringConvertible {
  package let number: Int32

  /// `No space left on device`
  package var text: String { String(cString: strerror(number)) }

  /// `No space left on device (errno 28)`
  package var description: String { "\(text) (errno \(number))" }

  package init(_ number: Int32) {
    self.number = number
  }

  /// The system's error beneath one of Foundation's or of a file; nil when there is none.
  package init?(_ error: any Error) {
    if let error = error as? FileError {
      guard let number = error.errorNumber else { return nil }
      self.number = number
    } else {
      guard let cause = (error as? CocoaError)?.underlying as? POSIXError else { return nil }
      number = cause.code.rawValue
    }
  }
}

/// What a failure to read or write a file comes down to, in the words of the operating system.
package func fileSystemReason(of error: any Error) -> String {
  if let error = error as? FileError { return SystemError(error)?.text ?? error.reason }
  let failure = error as NSError
  let cause = (failure.userInfo[NSUnderlyingErrorKey] as? any Error ?? error) as NSError
  return cause.domain == NSPOSIXErrorDomain ? SystemError(Int32(cause.code)).text : cause.localizedDescription
}
