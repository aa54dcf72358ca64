import CKernels

/// One instruction-set variant of every C kernel. Variants may differ in the last bits; one process uses one of them throughout.
package struct Kernels: @unchecked Sendable {
  /// The C functions; the table is constant for the life of the process.
  let table: UnsafePointer<ck_table>
  private let bfloat16: UnsafePointer<ck_map_table>?
  /// Those of convolutions by tiles; nil where the processor has none.
  package let tiles: TileKernels?

  /// "baseline", "avx2", "avx512" or "amx".
  package var instructionSet: String { String(cString: table.pointee.name) }

  /// The variants this processor can run, slowest first.
  package static let available: [Kernels] = (0..<Int32(CK_TABLE_COUNT)).compactMap { index in
    ck_table_at(index).map {
      Kernels(
        table: $0, bfloat16: ck_bfloat16_table_at(index), tiles: ck_tile_table_at(index).map(TileKernels.init(table:)))
    }
  }

  /// The names of all variants in the program, slowest first, whether this processor can run them or not.
  package static let compiled: [String] =
    (0..<Int32(CK_TABLE_COUNT)).compactMap { ck_table_name($0).map { String(cString: $0) } } + ["avx512-bfloat16"]

  /// The instruction set that decides the bits of results: tiles multiply only bfloat16.
  package func instructionSet(for precision: Precision) -> String {
    guard tiles != nil, precision == .float32 else { return instructionSet }
    return Self.available.last { $0.tiles == nil }?.instructionSet ?? instructionSet
  }

  /// The names of all kernels, as in `CKernelList.h`.
  package static let names: [String] = Array(
    sequence(state: Int32(0)) { index in
      defer { index += 1 }
      return ck_kernel_name(index).map { String(cString: $0) }
    })

  /// The kernels for maps and operands of a precision.
  ///
  /// - Precondition: the kernels can multiply so, see ``require(_:)``.
  package func maps(_ precision: Precision) -> MapKernels {
    switch precision {
    case .float32: return MapKernels(table: ck_float32_table(table), summands: 1)
    case .bfloat16:
      guard let bfloat16 else { preconditionFailure("\(instructionSet) kernels cannot multiply bfloat16") }
      return MapKernels(table: bfloat16, summands: 2)
    }
  }

  /// Whether the kernels can multiply so.
  package func supports(_ precision: Precision) -> Bool { precision == .float32 || bfloat16 != nil }

  /// - Throws: ``UnsupportedPrecision`` when the kernels cannot multiply so.
  package func require(_ precision: Precision) throws(UnsupportedPrecision) {
    guard supports(precision) else { throw UnsupportedPrecision(precision: precision, instructionSet: instructionSet) }
  }
}

/// Numbers of a kind that the kernels of this process cannot multiply.
package struct UnsupportedPrecision: Error, CustomStringConvertible {
  package let precision: Precision
  package let instructionSet: String

  /// What is needed, and why it is not there.
  package var description: String {
    let reason =
      ck_has_bfloat16()
      ? "MULTIBOX_ISA=\(instructionSet) keeps to kernels without it; leave MULTIBOX_ISA unset or set it to avx512"
      : "this processor does not have it; use float32"
    return "\(precision.rawValue) needs the instruction set AVX512-BF16: \(reason)"
  }
}

/// `MULTIBOX_ISA` asks for an instruction set that does not exist or that this processor lacks.
package struct UnknownInstructionSet: Error, CustomStringConvertible {
  package let name: String

  /// Names the request and what would work.
  package var description: String {
    let known = Kernels.available.map(\.instructionSet).joined(separator: ", ")
    return "MULTIBOX_ISA=\(name): this processor can run \(known)"
  }
}
