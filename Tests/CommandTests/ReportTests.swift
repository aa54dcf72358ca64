import Foundation
import Images
import TestSupport
import Testing

/// Pages that show runs.
struct ReportTests {
  private let workspace: Workspace
  private var page: String { workspace.run + "/report.html" }

  init() throws { workspace = try Workspace() }

  private struct Numbers: Decodable {
    struct Class: Decodable {
      let name: String
      let objects: Int
      let reasons: [String]
    }

    let run: String
    let iterations: Int
    let mAP: Double?
    let classes: [Class]
  }

  private func numbers(_ text: String) throws -> Numbers {
    let start = try #require(text.range(of: "<script type=\"application/json\" id=\"numbers\">"))
    let end = try #require(text[start.upperBound...].range(of: "</script>"))
    return try JSONDecoder().decode(Numbers.self, from: Data(text[start.upperBound..<end.lowerBound].utf8))
  }

  private func read(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

  @Test func `Training leaves a page that needs nothing else, and the command makes the same`() throws {
    try workspace.train("evaluation.every=2", "training.iterations=4").succeeded()
    let text = try read(page)
    let metrics = try read(workspace.run + "/metrics.jsonl").split(separator: "\n").last!
    let found = try numbers(text)
    #expect(found.run == "run" && found.iterations == 4 && found.classes.count == 6)
    #expect(metrics.contains("\"mAP\":\(try #require(found.mAP))"))
    for name in ["curves", "classes", "errors", "sizes", "pictures", "data", "machine", "again"] {
      #expect(text.contains("<section id=\"\(name)\">"), "\(name)")
    }
    #expect(text.contains("data:image/jpeg;base64,") && text.contains("<polyline"))
    // Nothing is fetched.
    for link in ["http:", "https:", "src=", "<link", "@import", "url("] { #expect(!text.contains(link), "\(link)") }

    let again = workspace.path + "/again.html"
    try MultiboxProcess.run("report", workspace.run, "--output", again).succeeded()
    #expect(try read(again) == text)
    try MultiboxProcess.run("report", workspace.run, "--output", again, "--best").succeeded()
    #expect(try numbers(read(again)).iterations == 4)
  }

  @Test func `A run without evaluation has a page too, and without the key there is none`() throws {
    try workspace.train("data.evaluation_split=null", stopAt: 2).succeeded()
    let text = try read(page)
    #expect(text.contains("There was no evaluation") && text.contains("<section id=\"curves\">"))
    #expect(try numbers(text).mAP == nil)
    try MultiboxProcess.run("report", workspace.run).succeeded()
    #expect(try read(page).contains("There was no evaluation"))
    try MultiboxProcess.run("report", workspace.run, "--set", "data.train_split=gone").succeeded()
    let reason = try #require(read(page).firstMatch(of: #/The data that were trained on are not at hand \((.*)\)\./#))
    #expect(reason.output.1.contains("gone"), "\(reason.output.1)")

    try workspace.train("evaluation.report=false", "output=\(workspace.path)/other", stopAt: 1).succeeded()
    #expect(!FileManager.default.fileExists(atPath: workspace.path + "/other/report.html"))
  }

  @Test func `Names of classes are text, whatever they are`() throws {
    let odd = #"</script><b>&"'"#
    for file in try FileManager.default.contentsOfDirectory(atPath: workspace.data + "/Annotations") {
      let path = "\(workspace.data)/Annotations/\(file)"
      let name = odd.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      try workspace.write(read(path).replacing("<name>circle</name>", with: "<name>\(name)</name>"), to: path)
    }
    let classes = try #require(
      String(data: JSONEncoder().encode([odd, "square", "triangle", "star", "cross", "ring"]), encoding: .utf8))
    try workspace.train("data.classes=\(classes)", "evaluation.every=2", stopAt: 2).succeeded()
    let text = try read(page)
    #expect(!text.contains(odd) && text.contains("&lt;/script&gt;&lt;b&gt;&amp;&quot;&#39;"))
    #expect(try numbers(text).classes[0].name == odd)
  }

  @Test func `Runs side by side show what they reached and which settings differ`() throws {
    try workspace.train("evaluation.every=2", "training.iterations=4").succeeded()
    let other = workspace.path + "/other"
    try workspace.train("training.iterations=4", "training.learning_rate=0.002", "output=\(other)").succeeded()
    let output = workspace.path + "/both.html"
    let outcome = try MultiboxProcess.run("compare", workspace.run, other, "--output", output).succeeded()
    let lines = outcome.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(lines[0] == ["run", "other"])
    #expect(lines.contains(["training.learning_rate", "0.001", "0.002"]), "\(outcome.output)")
    #expect(lines.contains(["evaluation.every", "2", "null"]) && lines.contains(["iterations", "4", "4"]))
    #expect(!outcome.output.contains("training.seed"))
    let text = try read(output)
    #expect(text.contains("By time") && text.contains("training.learning_rate") && text.contains("<polyline"))
  }

  @Test func `What is no run is named`() throws {
    for arguments in [["compare", workspace.data], ["report", workspace.data], ["report", workspace.path + "/none"]] {
      let outcome = try MultiboxProcess(arguments).wait().ended(with: 74)
      #expect(outcome.messages.contains(arguments[1]), "\(outcome.messages)")
    }
    try workspace.train(stopAt: 1).succeeded()
    for arguments in [["report", workspace.run], ["compare", workspace.run]] {
      let outcome = try MultiboxProcess(arguments + ["--output", workspace.path + "/none/a.html"]).wait().ended(
        with: 74)
      #expect(outcome.messages.contains("cannot create a file in \(workspace.path)/none"), "\(outcome.messages)")
    }
  }

  private static let browser = ["/usr/bin/chromium", "/usr/bin/google-chrome"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  @Test(.enabled(if: browser != nil, "there is no chromium"), arguments: [1180, 420])
  func `A browser shows the page, bright and dark`(width: Int) throws {
    try workspace.train("evaluation.every=2", "training.iterations=4").succeeded()
    func browse(_ arguments: String...) throws -> ChildProcess.Outcome {
      let options = [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--host-resolver-rules=MAP * ~NOTFOUND",
        "--user-data-dir=\(workspace.path)/profile", "--window-size=\(width),2600",
      ]
      return try ChildProcess(URL(fileURLWithPath: Self.browser!), options + arguments + ["file://" + page]).wait()
        .succeeded()
    }
    // What the browser has made of it: the script has run, and every section is there.
    let document = try browse("--dump-dom").output
    #expect(document.contains("<th class=\"sort\">") && document.contains("id=\"again\""))
    var brightness: [Double] = []
    for dark in [false, true] {
      let file = workspace.path + "/page.png"
      _ = try browse("--screenshot=\(file)", "--blink-settings=preferredColorScheme=\(dark ? 0 : 1)")
      let image = try Image(contentsOf: file)
      #expect(image.width == width)
      let samples = stride(from: 0, to: image.pixels.count, by: 3)
      brightness.append(samples.reduce(0) { $0 + Double(image.pixels[$1]) } / Double(image.width * image.height))
      #expect(Set(samples.map { image.pixels[$0..<$0 + 3] }).count > 500, "hardly anything is drawn")
    }
    #expect(brightness[0] > 200 && brightness[1] < 80, "\(brightness)")
  }
}
