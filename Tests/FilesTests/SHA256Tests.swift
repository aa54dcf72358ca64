import Files
import Foundation
import TestSupport
import Testing

struct SHA256Tests {
  /// The examples of FIPS 180-2, appendix B, the last one in pieces.
  @Test(arguments: [
    ("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    ("aaaaaaaaaa", 100_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
  ])
  func `Digests are those of the standard`(text: String, times: Int, digest: String) {
    let hash = SHA256()
    for _ in 0..<times {
      Array(text.utf8).withUnsafeBytes(hash.update)
    }
    #expect(hash.finish() == digest)
  }

  /// A thread that has hashed may be ending while the process exits.
  @Test func `OpenSSL does not clean up at exit`() throws {
    // Not an exit test: the thread that waits for its end goes round and round while the tests have any child that has ended and that
    // they have not waited for.
    let program = ChildProcess.multibox.deletingLastPathComponent().appendingPathComponent("HashingProgram")
    try ChildProcess(program, []).wait().succeeded()
  }
}
