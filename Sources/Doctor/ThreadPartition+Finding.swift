import Measurement

extension ThreadPartition {
  /// Below this share of a step threads wait more than is worth their number.
  private static let littleBusy = 0.7

  /// Whether `threads` compute threads a rank have enough to do.
  package func finding(threads: Int) -> Finding {
    let text = summary(threads: threads)
    guard threads > 1, forecast(threads: threads).busy < Self.littleBusy else { return .ok("threads", text) }
    let fewer =
      (1..<threads).reversed().first {
        threads.isMultiple(of: $0) && forecast(threads: $0).busy >= Self.littleBusy
      } ?? 1
    return .warning(
      "threads", text,
      remedy: "start \(threads / fewer) times as many ranks with --set training.threads=\(fewer), which are busy for "
        + "\(Int(100 * forecast(threads: fewer).busy)) %")
  }
}
