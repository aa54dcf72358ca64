import CCrypto
import Files
import Glibc

// Hashes and ends: with 1 if OpenSSL cleans up at exit. See `SHA256Tests`.
_ = SHA256().finish()
guard OPENSSL_atexit({ _exit(1) }) == 1 else { fatalError("OpenSSL takes no handler") }
