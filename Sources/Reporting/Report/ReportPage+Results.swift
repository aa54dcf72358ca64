import Evaluation
import Foundation
import Images
import Inference
import Training

extension ReportPage {
  private static let kinds: [(name: String, count: KeyPath<DetectionErrors.Counts, Int> & Sendable, color: String)] = [
    ("correct", \.correct, "var(--good)"), ("badly placed", \.localisation, "var(--c5)"),
    ("taken for another class", \.confusion, "var(--c3)"), ("duplicate", \.duplicate, "var(--c4)"),
    ("nothing there", \.background, "var(--bad)"), ("missed", \.missed, "var(--soft)"),
  ]

  private static func bar(_ counts: DetectionErrors.Counts) -> HTML {
    Bar(parts: kinds.map { Bar.Part(name: $0.name, value: Double(counts[keyPath: $0.count]), color: $0.color) }).html
  }

  /// The classes, the weakest first, why they are weak, and their curves.
  func classes(_ analysis: DetectorAnalysis, _ split: EvaluatedSplit) -> HTML {
    let order = analysis.classes.indices.sorted { one, other in
      (analysis.classes[one].averagePrecision ?? 2, one) < (analysis.classes[other].averagePrecision ?? 2, other)
    }
    let rows: [[HTML]] = order.map { index in
      let each = analysis.classes[index]
      let why = analysis.reasons(of: index + 1).joined(separator: "; ")
      return [
        "\(each.name)", "\(Figures.digits(each.averagePrecision))", "\(each.objects)",
        each.trainingObjects.map { "\($0)" } ?? "–", "\(Figures.digits(each.best.f1, 2))",
        "\(Figures.digits(each.best.threshold, 2))", "\(Figures.digits(each.best.precision, 2))",
        "\(Figures.digits(each.best.recall, 2))", Self.bar(analysis.errors.classes[index]),
        "<span class=\"why\">\(why)</span>",
      ]
    }
    let curves = order.enumerated().map { position, index in
      let each = analysis.classes[index]
      let precision = split.report.sheet.result.classes[index].precision
      let points = precision.enumerated().prefix { $0.element > 0 }.map {
        Point(x: Double($0.offset) / 100, y: $0.element)
      }
      return Chart.Series(
        name: position < 6 ? "\(each.name) \(Figures.digits(each.averagePrecision, 2))" : "", points: points,
        color: position, isFaint: position >= 6)
    }
    let present = analysis.classes.filter { $0.objects > 0 }
    func mean(_ value: (ClassAnalysis.Operation) -> Double?) -> [Point] {
      (1..<100).compactMap { step in
        let threshold = Double(step) / 100
        let values = present.compactMap { value($0.operation(from: threshold)) }
        return values.isEmpty ? nil : Point(x: threshold, y: values.reduce(0, +) / Double(values.count))
      }
    }
    let thresholds = Chart(
      title: "Mean of the classes, by the lowest score that counts", horizontal: "score", horizontalRange: 0...1,
      verticalRange: 0...1,
      series: [
        Chart.Series(name: "precision", points: mean { $0.recall > 0 ? $0.precision : nil }, color: 0),
        Chart.Series(name: "recall", points: mean { $0.recall }, color: 1),
        Chart.Series(name: "F1", points: mean { $0.f1 }, color: 2),
      ])
    let precisionRecall = Chart(
      title: "Precision over recall, IoU 0.5", horizontal: "recall", horizontalRange: 0...1, verticalRange: 0...1,
      series: curves.reversed())
    return """
      <p>The mean F1 of the classes is largest when detections from a score of <b>\(Figures.digits(analysis.threshold, 2))</b> on count; \
      the numbers of errors below are for these. Weakest classes first; click a heading to sort.</p>
      \(HTML.table(["class", "AP", "objects", "trained on", "best F1", "from score", "precision", "recall", "detections", "why it is not better"], rows, class: "sortable"))
      \(Bar.legend(Self.kinds.map { ($0.name, $0.color) }))
      <div class="charts">\(precisionRecall.html)\(thresholds.html)</div>

      """
  }

  /// What is taken for what.
  func errors(_ analysis: DetectorAnalysis) -> HTML {
    let (errors, names) = (analysis.errors, analysis.classes.map(\.name))
    var counts: [[Int]: Int] = [:]
    for confusion in errors.confusions { counts[[confusion.annotated, confusion.detected]] = confusion.count }
    for (index, kind) in errors.classes.enumerated() { counts[[index + 1, index + 1]] = kind.correct }
    // With many classes only those that are confused are of interest.
    let confused = Set(errors.confusions.flatMap { [$0.annotated, $0.detected] })
    let labels = (1...names.count).filter { names.count <= 25 || confused.contains($0) }
    func cell(_ count: Int, of all: Int, isRight: Bool) -> HTML {
      guard count > 0 else { return "<td class=\"heat\"></td>" }
      let share = Double(count) / Double(max(1, all))
      let color = isRight ? "var(--good)" : "var(--bad)"
      return
        "<td class=\"heat\" style=\"background: color-mix(in srgb, \(color) \(Int(15 + 60 * min(1, share)))%, transparent)\">\(count)</td>"
    }
    let head: [HTML] = labels.map { "<th>\(names[$0 - 1])</th>" } + ["<th>missed</th>"]
    let rows: [HTML] = labels.map { row in
      let all = analysis.classes[row - 1].objects
      let cells = labels.map { cell(counts[[row, $0], default: 0], of: all, isRight: row == $0) }
      return
        "<tr><td>\(names[row - 1])</td>\(cells)\(cell(errors.classes[row - 1].missed, of: all, isRight: false))</tr>\n"
    }
    let nothing: [HTML] = labels.map { label in
      let kinds = errors.classes[label - 1]
      let all = kinds.correct + kinds.duplicate + kinds.localisation + kinds.confusion + kinds.background
      return cell(kinds.background, of: all, isRight: false)
    }
    let totals = Self.kinds.map { kind in (kind.name, errors.classes.reduce(0) { $0 + $1[keyPath: kind.count] }) }
    let facts: [HTML] = totals.map { "<div><b>\($0.1)</b><span>\($0.0)</span></div>" }
    return """
      <div class="facts">\(facts)</div>
      <p>Rows are what was annotated, columns what was detected there, from a score of \(Figures.digits(analysis.threshold, 2)) on. \
      Kinds of errors are those of Hoiem et al. 2012.</p>
      <div class="scroll"><table><thead><tr><th>annotated</th>\(head)</tr></thead><tbody>\(rows)<tr><td>nothing</td>\(nothing)<td></td></tr></tbody></table></div>

      """
  }

  /// How objects of every size are found, and whether default boxes fit them.
  func sizes(_ analysis: DetectorAnalysis) -> HTML {
    let bounds = DetectorAnalysis.sizes
    let rows: [[HTML]] = (0...bounds.count).compactMap { size in
      let own = analysis.targets.filter { $0.size == size }
      guard !own.isEmpty else { return nil }
      let (found, reached) = (own.count { $0.isFound }, own.count { $0.reach >= 0.5 })
      let name =
        size == 0
        ? "below \(Int(bounds[0]))"
        : size == bounds.count
          ? "\(Int(bounds[size - 1])) and more" : "\(Int(bounds[size - 1])) to \(Int(bounds[size]))"
      func share(_ count: Int) -> HTML { "\(Int((100 * Double(count) / Double(own.count)).rounded())) %" }
      return ["\(name)", "\(own.count)", share(found), share(reached)]
    }
    return """
      <p>Where default boxes fit but objects are not found, it is not learnt; where they do not fit, \
      <code>multibox doctor</code> proposes others.</p>
      \(HTML.table(["side in pixels of the input", "objects", "found", "with a default box of IoU 0.5"], rows))
      """
  }

  /// Pictures of errors and of good detections.
  static func pictures(
    _ analysis: DetectorAnalysis, _ split: EvaluatedSplit, _ pictures: inout CasePictures
  ) -> HTML {
    var parts: [HTML] = []
    for (title, cases) in [
      ("Detections of nothing that is annotated, surest first", analysis.falsePositives(12)),
      ("Objects that were missed, largest first", analysis.missedTargets(12)),
      ("Boxes that are badly placed", analysis.misplacedDetections(9)),
      ("Objects that are taken for another class", analysis.confusedDetections(9)),
      ("Good detections", analysis.bestDetections(6)),
    ] where !cases.isEmpty {
      let figures = cases.map { pictures.picture(of: $0) }
      parts.append("<h3>\(title)</h3><div class=\"cases\">\(figures)</div>\n")
    }
    let names = split.dataset.classNames
    let wholes = split.examples(9).map { pictures.picture(of: $0, from: analysis.threshold, classNames: names) }
    return """
      <p>Annotated objects <i class="key" style="border-top: 3px dashed #00b84a"></i> and detections \
      <i class="key" style="border-top: 3px solid #ff3d5a"></i>.</p>
      \(parts)<h3>Whole images</h3><div class="pairs">\(wholes)</div>

      """
  }
}
