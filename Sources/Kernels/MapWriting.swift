import CKernels

/// How a kernel writes a map.
package enum MapWriting: Sendable {
  /// What was there is lost.
  case sets
  /// Likewise, past the caches: nothing is read for what is written, and nothing that is still needed makes room for it.
  case setsPastCaches
  /// It is added to what is there.
  case adds
  /// What was there is lost, and the map consists of floats whatever the precision of others: results of the network.
  case setsFloats

  var c: ck_writing {
    switch self {
    case .sets: CK_SET
    case .setsPastCaches: CK_SET_PAST_CACHES
    case .adds: CK_ADD
    case .setsFloats: CK_SET_FLOATS
    }
  }
}
