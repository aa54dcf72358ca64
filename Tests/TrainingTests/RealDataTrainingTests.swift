import TestSupport
import Testing

struct RealDataTrainingTests {
  private func losses(_ name: String, split: String, classes: String) throws -> [Double] {
    let runs = try NarrowRuns()
    try runs.train(
      name,
      [
        "data.root=\(SharedData.root)/\(name)", "data.train_split=\(split)", "data.classes=\(classes)",
        "training.threads=2",
      ], until: 2)
    return try runs.losses(name)
  }

  @Test(.enabled(if: SharedData.has("voc2007-mini"), "voc2007-mini is not in \(SharedData.root)"))
  func `The excerpt of VOC2007 trains`() throws {
    let losses = try losses("voc2007-mini", split: "trainval", classes: "null")
    #expect(losses.count == 2 && losses.allSatisfy { $0.isFinite && $0 > 0 })
  }

  @Test(.enabled(if: SharedData.has("bccd"), "bccd is not in \(SharedData.root)"))
  func `The blood cells train`() throws {
    let losses = try losses("bccd", split: "train", classes: "[RBC, WBC, Platelets]")
    #expect(losses.count == 2 && losses.allSatisfy { $0.isFinite && $0 > 0 })
  }
}
