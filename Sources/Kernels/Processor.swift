import CKernels

/// The processors that this process computes on.
package enum Processor {
  /// How many it may run on (its affinity mask).
  package static var available: Int { Int(ck_available_processors()) }

  /// Flushes denormal results and operands to zero in the calling thread.
  ///
  /// - Returns: the previous setting, for ``restoreDenormals(_:)``.
  @discardableResult
  package static func flushDenormals() -> UInt32 { ck_flush_denormals() }

  /// Sets what was set before.
  package static func restoreDenormals(_ previous: UInt32) { ck_restore_denormals(previous) }

  /// Lets another thread of the same core go on, in a loop that polls.
  package static func pause() { ck_pause() }
}
