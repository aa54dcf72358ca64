import Build
import Inference
import Kernels

extension BuildIdentity {
  /// That of this program.
  static let program = BuildIdentity(
    version: Build.version, commit: Build.commit, compiler: Build.compiler, kernels: .ofProcess)
}
