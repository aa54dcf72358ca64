import Foundation
import Kernels

extension KernelChoice {
  /// That of this process: the environment variable `MULTIBOX_ISA` may name an instruction set.
  static let ofProcess: KernelChoice = {
    guard let name = ProcessInfo.processInfo.environment["MULTIBOX_ISA"], !name.isEmpty else { return .fastest }
    return .named(name)
  }()
}
