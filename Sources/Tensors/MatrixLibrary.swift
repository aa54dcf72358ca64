import COpenBLAS

/// The library behind matrix products.
package enum MatrixLibrary {
  /// The kind of processor for which it has chosen its kernels, as "Haswell". Other kinds give other last bits.
  package static var processorKind: String { String(cString: openblas_get_corename()) }

  /// Keeps it to the calling thread, in the whole process: threads are the pool's, and sums do not depend on their number.
  /// ``multiply(_:_:into:accumulate:)`` requires it.
  package static func useOneThread() { openblas_set_num_threads(1) }

  /// Whether it keeps to the calling thread.
  static var usesOneThread: Bool { openblas_get_num_threads() == 1 }
}
