import COpenBLAS

/// The library behind matrix products.
package enum MatrixLibrary {
  /// The kind of processor for which it has chosen its kernels, as "Haswell". Other kinds give other last bits.
  package static var processorKind: String { String(cString: openblas_get_corename()) }
}
