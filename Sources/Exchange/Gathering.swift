import MessagePassing

/// Values of all ranks that are on their way, see ``GradientExchange/gather(_:)``.
package struct Gathering<Value: BitwiseCopyable> {
  let gather: GroupedGather
  /// Counts from 1.
  let number: Int
}
