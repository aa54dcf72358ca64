import Foundation

/// A picture file that could not be read or written.
public struct ImageError: Error, Equatable, CustomStringConvertible {
  /// The file.
  public let path: String
  /// What is wrong with it, in words.
  public let reason: String

  /// Names the file and the reason.
  public init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }

  /// Takes the reason from a failure of the file system.
  init(path: String, fileSystem error: any Error) {
    let failure = error as NSError
    let cause = (failure.userInfo[NSUnderlyingErrorKey] as? any Error ?? error) as NSError
    let isSystemCode = cause.domain == NSPOSIXErrorDomain
    self.init(
      path: path, reason: isSystemCode ? String(cString: strerror(Int32(cause.code))) : cause.localizedDescription)
  }

  /// `path: reason`.
  public var description: String { "\(path): \(reason)" }
}
