import Evaluation
import Foundation
import Inference
import TestSupport
import Testing

/// The twelve numbers beside those of pycocotools 2.0.11.
struct PycocotoolsParityTests {
  private struct Fixture: Decodable {
    struct Case: Decodable {
      let seed: Int
      let digest: String
      let statistics: [Double]
    }
    let cases: [Case]
  }

  /// The numbers for 200 cases, or another file of the same script.
  private static let file =
    ProcessInfo.processInfo.environment["MULTIBOX_PYCOCOTOOLS_SCORES"]
    ?? ChildProcess.repository + "/Tests/Fixtures/pycocotools-scores.json"

  private func statistics(_ sheet: ScoreSheet) throws -> [Double] {
    guard case .coco(let result) = sheet.result else { return [] }
    return COCOStatistic.allCases.map { result[$0] ?? -1 }
  }

  /// `Tests/Fixtures/generate_pycocotools.py` tells what the cases are.
  @Test func `Two hundred random cases agree to the last bit`() throws {
    let fixture = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: URL(fileURLWithPath: Self.file)))
    #expect(fixture.cases.count >= 200)
    var proper = 0
    for expected in fixture.cases {
      let example = PycocotoolsCase(seed: expected.seed)
      #expect(example.digest == expected.digest, "the texts of case \(expected.seed) differ from those of the script")
      let files = try ScoringFiles(groundTruth: example.groundTruth, detections: example.results)
      let statistics = try statistics(files.score(.coco))
      #expect(statistics == expected.statistics, "case \(expected.seed), \(example.kind)")
      proper += statistics.count { $0 > 0 && $0 < 1 }
    }
    #expect(proper > 5 * fixture.cases.count)
  }

  /// A hundred images of COCO; the numbers are those of the evaluator's own repository, with more digits.
  @Test(.enabled(if: SharedData.has("coco/fakebbox100"), "coco/fakebbox100 is not in \(SharedData.root)"))
  func `A hundred images of COCO agree`() throws {
    let folder = SharedData.root + "/coco/fakebbox100/"
    let sheet = try FileScoring(
      groundTruth: .coco(file: folder + "instances_val2014_100.json"),
      detections: folder + "instances_val2014_fakebbox100_results.json", metric: .coco
    ).score()
    let expected = [
      0.504580698725, 0.69697272473, 0.572981666990, 0.585625720941, 0.519399694804, 0.501397898635, 0.386812779646,
      0.593679576284, 0.595352982878, 0.639810962611, 0.566420597899, 0.5642905982905982,
    ]
    for (statistic, (actual, expected)) in zip(COCOStatistic.allCases, zip(try statistics(sheet), expected)) {
      #expect(abs(actual - expected) < 1e-9, "\(statistic.rawValue)")
    }
    #expect(sheet.imageCount == 100 && sheet.classNames.count == 80 && sheet.classNames.first == "person")
  }
}
