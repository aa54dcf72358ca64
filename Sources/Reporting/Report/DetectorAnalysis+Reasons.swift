extension DetectorAnalysis {
  /// Why a class is not found better, in words; nothing when it is found well.
  func reasons(of label: Int) -> [String] {
    let analysis = classes[label - 1]
    guard analysis.objects > 0 else { return ["no object of it in the split"] }
    if (analysis.averagePrecision ?? 0) >= 0.8 { return [] }
    let counts = errors.classes[label - 1]
    let detected = max(
      1, counts.correct + counts.duplicate + counts.localisation + counts.confusion + counts.background)
    let own = targets.filter { $0.object.label == label }
    let missed = own.filter { !$0.isFound }
    func share(_ part: Int, of all: Int) -> Double { Double(part) / Double(max(1, all)) }
    func percent(_ share: Double) -> String { "\(Int((100 * share).rounded())) %" }
    var reasons: [(weight: Double, text: String)] = []
    let missedShare = share(missed.count, of: own.count)
    let unreached = missed.count { $0.reach < 0.5 }
    if share(unreached, of: own.count) > 0.15 {
      reasons.append(
        (
          share(unreached, of: own.count) + 0.3,
          "\(percent(share(unreached, of: own.count))) are missed and no default box fits them"
        )
      )
    }
    let small = missed.count { $0.side < Self.sizes[0] }
    if share(small, of: own.count) > 0.2 {
      reasons.append(
        (
          share(small, of: own.count) + 0.2,
          "\(percent(share(small, of: own.count))) are missed and smaller than 16 pixels of the input"
        ))
    }
    let confusions = errors.confusions.filter { $0.detected == label || $0.annotated == label }
    if let worst = confusions.max(by: { $0.count < $1.count }), min(1, share(worst.count, of: own.count)) > 0.15 {
      let other = classes[(worst.annotated == label ? worst.detected : worst.annotated) - 1].name
      let text =
        worst.annotated == label
        ? "\(worst.count) detections on it say \(other)" : "\(worst.count) of its detections are on \(other)"
      reasons.append((min(1, share(worst.count, of: own.count)), text))
    }
    if share(counts.localisation, of: detected) > 0.2 {
      reasons.append(
        (
          share(counts.localisation, of: detected),
          "\(percent(share(counts.localisation, of: detected))) of its boxes are badly placed"
        ))
    }
    if share(counts.background, of: detected) > 0.3 {
      reasons.append(
        (
          share(counts.background, of: detected),
          "\(percent(share(counts.background, of: detected))) of its detections are on nothing annotated"
        ))
    }
    let faint = missed.count { $0.nearest != nil }
    if missedShare > 0.3, share(faint, of: missed.count) > 0.5 {
      reasons.append(
        (
          missedShare * 0.8,
          "\(percent(missedShare)) are missed, most of them seen with a lower score: it is not learnt well yet"
        ))
    } else if missedShare > 0.3 {
      reasons.append((missedShare * 0.7, "\(percent(missedShare)) are missed"))
    }
    if let trained = analysis.trainingObjects, trained < 100 {
      reasons.append((trained < 30 ? 0.6 : 0.25, "\(trained) objects to learn from"))
    }
    return reasons.sorted { $0.weight > $1.weight }.prefix(2).map(\.text)
  }
}
