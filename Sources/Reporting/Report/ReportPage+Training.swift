import Images

extension ReportPage {
  /// Losses, learning rate, evaluations and speed over the iterations.
  var curves: HTML {
    let metrics = subject.metrics
    guard !metrics.iterations.isEmpty else { return "<p>No iteration was logged.</p>" }
    func chart(_ title: String, _ series: [Chart.Series], vertical: ClosedRange<Double>? = nil) -> HTML {
      Chart(title: title, horizontal: "iteration", verticalRange: vertical, series: series).html
    }
    let loss = [
      Chart.Series(name: "", points: metrics.points(\.loss), color: 0, isFaint: true),
      Chart.Series(name: "loss", points: metrics.points(\.loss).smoothed, color: 0),
      Chart.Series(name: "classes", points: metrics.points(\.confidence_loss).smoothed, color: 1),
      Chart.Series(name: "boxes", points: metrics.points(\.location_loss).smoothed, color: 2),
    ]
    let rates = metrics.iterations.map { Point(x: Double($0.iteration), y: $0.learning_rate) }
    let worlds = metrics.iterations.map { Point(x: Double($0.iteration), y: Double($0.world_size)) }
    let ranks =
      Set(metrics.iterations.map(\.world_size)).count > 1
      ? chart("Ranks", [Chart.Series(name: "", points: worlds, color: 7)]) : HTML()
    return """
      <div class="charts">\(chart("Loss for each matched default box", loss))\(chart("mAP and AP of each class", precisions, vertical: 0...1))\
      \(chart("Learning rate", [Chart.Series(name: "", points: rates, color: 5)]))\
      \(chart("Images per second", [Chart.Series(name: "", points: metrics.points(\.images_per_second).smoothed, color: 4)]))\(ranks)</div>

      """
  }

  /// The mean in front of the classes, of which those are named that are the weakest at the end.
  private var precisions: [Chart.Series] {
    let evaluations = subject.metrics.evaluations
    func points(_ value: (RunMetrics.Evaluation) -> Double?) -> [Point] {
      evaluations.compactMap { line in value(line).map { Point(x: Double(line.iteration), y: $0) } }
    }
    let names = subject.configuration.data.classNames.sorted { one, other in
      ((evaluations.last?.AP[one] ?? nil) ?? 2, one) < ((evaluations.last?.AP[other] ?? nil) ?? 2, other)
    }
    let classes = names.enumerated().map { index, name in
      Chart.Series(
        name: index < 5 ? name : "", points: points { $0.AP[name] ?? nil },
        color: 1 + index % (PageStyle.colorCount - 1),
        isFaint: true)
    }
    return classes.reversed() + [Chart.Series(name: "mAP", points: points(\.mAP), color: 0)]
  }

  /// Images and objects of the splits.
  var data: HTML {
    let configuration = subject.configuration
    var rows: [[HTML]] = []
    let trained = subject.trainingCounts
    for (index, name) in configuration.data.classNames.enumerated() {
      rows.append([
        "\(name)", trained.map { "\($0[index + 1, default: 0])" } ?? "–",
        analysis.map { "\($0.classes[index].objects)" } ?? "–",
      ])
    }
    let evaluated = subject.evaluation.map { ", \($0.split.report.evaluation.images.count) were evaluated" } ?? ""
    let images =
      switch subject.training {
      case .success(let dataset): "\(dataset.images.count) images are trained on\(evaluated)"
      case .failure(let error): "The data that were trained on are not at hand (\(error))\(evaluated)"
      }
    return """
      <p>\(images). Objects that are difficult, or crowds, are not counted where they do not matter.</p>
      <div class="charts">\(objectSizes)</div>
      \(HTML.table(["class", "objects trained on", "objects evaluated"], rows, class: "sortable"))
      """
  }

  /// Shares of objects by size, of the training split.
  private var objectSizes: HTML {
    guard let training = try? subject.training.get() else { return HTML() }
    let input = subject.configuration.model.architecture.input
    let objects = training.images.flatMap { $0.trainingObjects(difficult: subject.configuration.data.difficult) }
    guard !objects.isEmpty else { return HTML() }
    func histogram(_ title: String, _ horizontal: String, _ values: [Double], width: Double) -> HTML {
      var bins: [Int: Int] = [:]
      for value in values where value.isFinite { bins[Int((value / width).rounded(.down)), default: 0] += 1 }
      guard let first = bins.keys.min(), let last = bins.keys.max() else { return HTML() }
      let points = (first...last).flatMap { bin -> [Point] in
        let share = Double(bins[bin, default: 0]) / Double(values.count)
        return [Point(x: Double(bin) * width, y: share), Point(x: Double(bin + 1) * width, y: share)]
      }
      return Chart(title: title, horizontal: horizontal, series: [Chart.Series(name: "", points: points, color: 3)])
        .html
    }
    let sides = objects.map { Double($0.box.area * Float(input.width * input.height)).squareRoot() }
    let ratios = objects.map { object in
      Double((object.box.xMax - object.box.xMin) * Float(input.width))
        / max(1e-6, Double((object.box.yMax - object.box.yMin) * Float(input.height)))
    }.map { min(4, $0) }
    return """
      \(histogram("Sizes of objects trained on", "pixels of the input, square root of the area", sides, width: Double(input.width) / 30))\
      \(histogram("Width over height", "width / height, at most 4", ratios, width: 0.1))
      """
  }

  /// Where it ran, how fast, and where the time went.
  var machine: HTML {
    let facts: [[HTML]] = subject.machine.map { ["\($0.name)", "\($0.value)"] }
    let lines = subject.metrics.iterations.suffix(1000)
    let parts = RunMetrics.phases.enumerated().map { index, phase in
      Bar.Part(
        name: phase, value: lines.reduce(0) { $0 + ($1.seconds[phase] ?? 0) },
        color: "var(--c\(index % PageStyle.colorCount))")
    }
    let total = parts.reduce(0) { $0 + $1.value }
    let rows: [[HTML]] = parts.map { part in
      [
        "\(part.name)", "\(Figures.digits(part.value / Double(max(1, lines.count)), 4))",
        "\(Figures.digits(100 * part.value / max(total, 1e-9), 1)) %",
      ]
    }
    let evaluations = subject.metrics.evaluations.map(\.seconds).reduce(0, +)
    return """
      \(HTML.table(["", ""], facts, class: "plain"))
      <p>Seconds of an iteration at rank 0, of the last \(lines.count): \(Bar(parts: parts).html)</p>
      \(HTML.table(["phase", "seconds", "share"], rows))
      <p class="soft">Evaluations took \(Figures.duration(evaluations)) in all.</p>
      """
  }

  /// A word for the shell.
  private static func word(_ text: String) -> String {
    text.wholeMatch(of: #/[A-Za-z0-9_.\/-]+/#) != nil ? text : "'\(text.replacing("'", with: "'\\''"))'"
  }

  /// The configuration and how to go on.
  var repetition: HTML {
    let run =
      subject.directory.count > 1 && subject.directory.hasSuffix("/")
      ? String(subject.directory.dropLast()) : subject.directory
    return """
      <p>These settings and the same data give the same bits, on any number of ranks, with the same build:</p>
      <p class="soft">\(subject.metrics.builds.last ?? "unknown build")</p>
      <details><summary>config.yaml</summary><pre>\(subject.configuration.resolvedYAML)</pre></details>
      <pre>multibox train \(Self.word(run + "/config.yaml")) --output \(Self.word(run + "-again"))
      multibox evaluate \(Self.word(run))
      multibox compare \(Self.word(run)) \(Self.word(run + "-again"))</pre>

      """
  }
}
