import Evaluation
import Foundation
import TestSupport
import Testing
import Training

/// The twelve numbers beside those of pycocotools 2.0.11.
struct PycocotoolsParityTests {
  private struct Fixture: Decodable {
    struct Case: Decodable {
      let name: String
      let ground_truth: String
      let results: String
      let statistics: [Double]
    }
    let cases: [Case]
  }

  private func statistics(_ sheet: ScoreSheet) throws -> [Double] {
    guard case .coco(let result) = sheet.result else { return [] }
    return COCOStatistic.allCases.map { result[$0] ?? -1 }
  }

  /// `Tests/Fixtures/generate_pycocotools.py` tells what the cases are.
  @Test func `Random cases agree to the last bit`() throws {
    let path = ChildProcess.repository + "/Tests/Fixtures/pycocotools-scores.json"
    let fixture = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    #expect(fixture.cases.count >= 30)
    var proper = 0
    for example in fixture.cases {
      let files = try ScoringFiles(groundTruth: example.ground_truth, detections: example.results)
      let statistics = try statistics(files.score(.coco))
      #expect(statistics == example.statistics, "case \(example.name)")
      proper += statistics.count { $0 > 0 && $0 < 1 }
    }
    #expect(proper > 150)
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
