/// Which kernels a process is to compute with.
package enum KernelChoice: Sendable, Equatable {
  /// The fastest that the processor can run.
  case fastest
  /// Those of an instruction set, by its name.
  case named(String)

  /// The kernels.
  ///
  /// - Throws: ``UnknownInstructionSet`` when the name is that of none that this processor can run.
  package func kernels() throws(UnknownInstructionSet) -> Kernels {
    switch self {
    case .fastest: return Kernels.available.last!
    case .named(let name):
      guard let kernels = Kernels.available.first(where: { $0.instructionSet == name }) else {
        throw UnknownInstructionSet(name: name)
      }
      return kernels
    }
  }
}
