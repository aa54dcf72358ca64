extension Collection<Double> {
  /// The middle value, or the mean of the two middle ones.
  ///
  /// - Precondition: there is a value.
  package var median: Double {
    precondition(!isEmpty, "nothing has no median")
    let sorted = sorted()
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
  }
}
