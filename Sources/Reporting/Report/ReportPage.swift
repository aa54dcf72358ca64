import Evaluation
import Files
import Foundation
import Inference

/// The report of a run as one file: what was trained, how it went, what the detector finds and what it does wrong, with pictures.
package struct ReportPage {
  let subject: ReportSubject
  let analysis: DetectorAnalysis?

  package init(_ subject: ReportSubject) {
    self.subject = subject
    analysis = subject.evaluation.map { DetectorAnalysis(subject, $0.split) }
  }

  /// Writes the file, which appears complete or not at all.
  ///
  /// - Throws: `FileError`.
  package func write(to path: String) throws(FileError) {
    try AtomicFile.replace(path, with: text, isDurable: false)
  }

  /// The page.
  var text: String {
    var sections: [(name: String, title: String, content: HTML)] = [("curves", "Training", curves)]
    if let (_, split) = subject.evaluation, let analysis {
      var pictures = CasePictures(split.dataset, limit: subject.configuration.data.imageLimit)
      sections += [
        ("classes", "Classes", classes(analysis, split)), ("errors", "Errors", errors(analysis)),
        ("sizes", "Sizes", sizes(analysis)), ("pictures", "Pictures", Self.pictures(analysis, split, &pictures)),
      ]
    }
    sections += [
      ("data", "Data", data), ("machine", "Machine and speed", machine), ("again", "To repeat it", repetition),
    ]
    let links: [HTML] = sections.map { "<a href=\"#\($0.name)\">\($0.title)</a>" }
    let content: [HTML] = sections.map { HTML.section($0.name, $0.title, $0.content) }
    return HTML.page(
      title: "\(name), Multibox", "\(head)<nav>\(links)</nav>\n\(content)\(numbers)", script: Self.sorting)
  }

  /// The run's name.
  var name: String { URL(fileURLWithPath: subject.directory).lastPathComponent }

  // MARK: The head

  private var head: HTML {
    let (configuration, metrics) = (subject.configuration, subject.metrics)
    let last = metrics.iterations.last
    let mAP = subject.evaluation.flatMap { $0.split.report.sheet.result.meanAveragePrecision }
    var facts: [(String, String)] = []
    if let (iteration, split) = subject.evaluation {
      facts.append((Figures.digits(mAP), "mAP (\(split.report.sheet.result.metric.rawValue)) after \(iteration)"))
    }
    if let best = metrics.best, metrics.evaluations.count > 1 {
      facts.append((Figures.digits(best.mAP), "best, after \(best.iteration)"))
    }
    facts.append(("\(last?.iteration ?? 0)", "iterations of \(configuration.training.globalBatch) images"))
    if let speed = Figures.median(metrics.iterations.suffix(200).compactMap(\.images_per_second)) {
      facts.append(
        (Figures.digits(speed, 1), "images/s on \(last?.world_size ?? 1) rank\(last?.world_size == 1 ? "" : "s")"))
    }
    if let seconds = last.flatMap({ metrics.secondsOfTraining[$0.iteration] }) {
      facts.append((Figures.duration(seconds), "of training"))
    }
    let cells: [HTML] = facts.map { "<div><b>\($0.0)</b><span>\($0.1)</span></div>" }
    let warnings: [HTML] = self.warnings.map { "<p class=\"warn\">\($0)</p>" }
    return """
      <h1>\(name)</h1>
      <p class="soft">\(configuration.model.architecture.name), \(configuration.training.precision.rawValue), \(configuration.data.classNames.count) classes</p>
      <div class="facts">\(cells)</div>
      <p>\(verdict)</p>\(warnings)

      """
  }

  /// How the run stands, in a sentence.
  private var verdict: String {
    let evaluations = subject.metrics.evaluations.filter { $0.mAP != nil }
    guard let best = subject.metrics.best, let last = evaluations.last else {
      return "There was no evaluation, so nothing is known of how well it detects."
    }
    let split = last.split.map { " on \($0)" } ?? ""
    guard evaluations.count > 1 else { return "It was evaluated once, on \(last.images) images." }
    if best.iteration == last.iteration {
      return "The last evaluation\(split) is the best so far: it may still be rising."
    }
    let fall = (best.mAP ?? 0) - (last.mAP ?? 0)
    return fall < 0.01
      ? "The best evaluation\(split) was after iteration \(best.iteration); it has been level since."
      : "The best evaluation\(split) was after iteration \(best.iteration); it has fallen by \(Figures.digits(fall)) since, and checkpoints/best.safetensors has the better detector."
  }

  private var warnings: [String] {
    var texts: [String] = []
    if let (_, split) = subject.evaluation {
      let damaged = split.report.evaluation.damagedImageCount
      if damaged > 0 { texts.append("\(damaged) damaged images are left out of the evaluation.") }
      let empty = analysis?.classes.filter { $0.objects == 0 }.map(\.name) ?? []
      if !empty.isEmpty { texts.append("The evaluation split has no object of \(empty.joined(separator: ", ")).") }
      let dropped = split.dataset.warnings
      if !dropped.isEmpty {
        texts.append("While reading: \(dropped[0])\(dropped.count > 1 ? " and \(dropped.count - 1) more lines" : "")")
      }
    }
    return texts
  }

  // MARK: For programs

  private struct Numbers: Encodable {
    struct Class: Encodable {
      let name: String
      let AP: Double?
      let objects: Int
      let precision, recall, score_threshold: Double
      let reasons: [String]
    }

    let run, model: String
    let iterations: Int
    let metric: String?
    let mAP: Double?
    let score_threshold: Double?
    let classes: [Class]
  }

  /// The numbers of the page as JSON, for programs.
  private var numbers: HTML {
    let result = subject.evaluation?.split.report.sheet.result
    let numbers = Numbers(
      run: name, model: subject.configuration.model.architecture.name,
      iterations: subject.metrics.iterations.last?.iteration ?? 0, metric: result?.metric.rawValue,
      mAP: result?.meanAveragePrecision, score_threshold: analysis?.threshold,
      classes: analysis.map { analysis in
        analysis.classes.enumerated().map { index, each in
          Numbers.Class(
            name: each.name, AP: each.averagePrecision, objects: each.objects, precision: each.best.precision,
            recall: each.best.recall, score_threshold: each.best.threshold, reasons: analysis.reasons(of: index + 1))
        }
      } ?? [])
    // A name must not end the element.
    let text = ((try? JSONText.line(numbers)) ?? "{}").replacing("<", with: "\\u003c")
    return "<script type=\"application/json\" id=\"numbers\">\(HTML(stringLiteral: text))</script>\n"
  }

  /// Sorts tables by the column whose head is clicked.
  private static let sorting = """
    document.querySelectorAll("table.sortable th").forEach((head, column) => {
      head.classList.add("sort");
      head.addEventListener("click", () => {
        const table = head.closest("table"), body = table.tBodies[0], place = head.cellIndex;
        const falls = head.dataset.falls !== "yes"; head.dataset.falls = falls ? "yes" : "no";
        const key = row => row.cells[place].textContent;
        [...body.rows].sort((a, b) => {
          const [x, y] = [parseFloat(key(a)), parseFloat(key(b))];
          const order = isNaN(x) || isNaN(y) ? key(a).localeCompare(key(b)) : x - y;
          return falls ? -order : order;
        }).forEach(row => body.append(row));
      });
    });
    """
}
