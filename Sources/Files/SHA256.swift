import CCrypto

/// SHA-256 of bytes that arrive in pieces, by OpenSSL.
package final class SHA256 {
  /// Characters of a digest.
  package static let digitCount = 64

  private let context: OpaquePointer

  /// Whether OpenSSL is ready. It is not to clean up when the process exits: then it frees what it keeps for every thread, and a thread
  /// that has hashed and is ending at that moment, as the writer of the last checkpoint may be, frees the same.
  private static let isReady = OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil) == 1

  package init() {
    guard Self.isReady, let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      fatalError("OpenSSL offers no SHA-256")
    }
    self.context = context
  }

  package func update(_ bytes: UnsafeRawBufferPointer) {
    let result = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    precondition(result == 1, "EVP_DigestUpdate of \(bytes.count) bytes returned \(result)")
  }

  /// The digest of everything so far as 64 hexadecimal digits; ends the use of the object.
  package func finish() -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    let result = EVP_DigestFinal_ex(context, &digest, nil)
    precondition(result == 1, "EVP_DigestFinal_ex returned \(result)")
    let digits = Array("0123456789abcdef")
    return String(digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }

  deinit {
    EVP_MD_CTX_free(context)
  }
}
