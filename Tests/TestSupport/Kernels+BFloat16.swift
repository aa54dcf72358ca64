import Kernels

extension Kernels {
  /// Those that multiply bfloat16; nil where the processor cannot.
  package static var multiplyingBFloat16: Kernels? { available.last { $0.supports(.bfloat16) } }
  /// All variants that can.
  package static var allMultiplyingBFloat16: [Kernels] { available.filter { $0.supports(.bfloat16) } }
  /// Whether the processor can multiply bfloat16.
  package static var multiplyBFloat16: Bool { multiplyingBFloat16 != nil }
}
