import CKernels
import Glibc

/// One instruction-set variant of every C kernel. Variants may differ in the last bits; one process uses one of them throughout.
public struct Kernels: @unchecked Sendable {
  /// The C functions; the table is constant for the life of the process.
  public let table: ck_table

  /// "baseline", "avx2" or "avx512".
  public var instructionSet: String { String(cString: table.name) }

  /// The variants this processor can run, slowest first.
  public static let available: [Kernels] = (0..<Int32(CK_TABLE_COUNT)).compactMap { index in
    ck_table_at(index).map { Kernels(table: $0.pointee) }
  }

  /// The variant that a process uses: the fastest, or the one that the environment variable `MULTIBOX_ISA` names.
  ///
  /// - Throws: ``UnknownInstructionSet`` when `MULTIBOX_ISA` names none that this processor can run.
  public static func preferred() throws -> Kernels {
    guard let name = getenv("MULTIBOX_ISA").map({ String(cString: $0) }), !name.isEmpty else { return available.last! }
    guard let kernels = available.first(where: { $0.instructionSet == name }) else {
      throw UnknownInstructionSet(name: name)
    }
    return kernels
  }
}

/// `MULTIBOX_ISA` asks for an instruction set that does not exist or that this processor lacks.
public struct UnknownInstructionSet: Error, CustomStringConvertible {
  let name: String

  /// Names the request and what would work.
  public var description: String {
    let known = Kernels.available.map(\.instructionSet).joined(separator: ", ")
    return "MULTIBOX_ISA=\(name): this processor can run \(known)"
  }
}
