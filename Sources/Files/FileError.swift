import Foundation

/// Why a file cannot be read or written, or failed its integrity check.
package struct FileError: Error, Equatable, CustomStringConvertible {
  /// The file or directory.
  package let path: String
  /// The tensor whose entry is at fault; nil when the whole file is.
  package let tensor: String?
  /// What is wrong.
  package let reason: String
  /// The operating system's error number, when it reported the fault.
  package let errorNumber: Int32?

  /// `path: tensor name: reason`
  package var description: String {
    [path, tensor.map { "tensor \($0)" }, reason].compactMap { $0 }.joined(separator: ": ")
  }

  package init(_ path: String, tensor: String? = nil, _ reason: String) {
    self.path = path
    self.tensor = tensor
    self.reason = reason
    errorNumber = nil
  }

  /// A failed system call; `operation` completes "cannot …".
  package init(_ path: String, cannot operation: String, errorNumber: Int32) {
    self.path = path
    tensor = nil
    reason = "cannot \(operation): \(SystemError(errorNumber))"
    self.errorNumber = errorNumber
  }

  /// A failed call of Foundation; `operation` completes "cannot …".
  package init(_ path: String, cannot operation: String, _ error: any Error) {
    let cause = SystemError(error)
    self.path = path
    tensor = nil
    reason = "cannot \(operation): \(cause?.description ?? error.localizedDescription)"
    errorNumber = cause?.number
  }
}
