import Foundation
import MessagePassing
import Prediction
import Testing

struct ForecastTests {
  private static let program = ProgramVersion(version: "0.1.0", commit: "abc")
  private static let build = #""build": {"version": "0.1.0", "commit": "abc"}"#

  /// One second of compute a micro-batch of 4 images, 4 MB of gradients.
  private static func step(
    _ changes: [String: String] = [:], threads: Int = 4, seconds: String = "[1.0]"
  ) -> String {
    var members = [
      "measurement": #""step""#, "build": #"{"version": "0.1.0", "commit": "abc"}"#, "model": #""net""#,
      "width_multiplier": "1", "classes": "21", "batch": "8", "micro_batch": "4", "precision": #""float32""#,
      "threads": "\(threads)", "processors": "8", "arena_values": "1000000",
      "phases": #"{"loss": 0.2, "forward": 0.6, "backward": 1.2, "gradient_sum": 0.001, "update": 0.002}"#,
      "gradient_curve": #"{"offsets": [500000, 0], "seconds": [0.3, 0.6]}"#, "seconds": seconds,
      "memory_gigabytes_per_second": "20", "thread_memory_gigabytes_per_second": "12",
    ]
    members.merge(changes) { $1 }
    return "{" + members.filter { $1 != "" }.map { "\"\($0)\": \($1)" }.joined(separator: ", ") + "}"
  }

  private static let links =
    #"{"measurement": "doctor", \#(build), "host_of_rank": [0, 1], "links": [{"ranks": [0, 1], "latency_seconds": 3e-5, "bytes_per_second": 1.25e9}]}"#

  private func subject(_ change: (inout Subject) -> Void = { _ in }) -> Subject {
    var subject = Subject(
      name: "a.yaml",
      shape: .init(model: "net", widthMultiplier: 1, classes: 21, microBatch: 4, precision: "float32"),
      globalBatch: 256, threads: nil, wire: .float32, bucketMegabytes: 2, clips: false, keepsAverage: false,
      arenaCount: 1_000_000,
      buckets: { megabytes in
        let size = max(16, Int((megabytes ?? 0.25) * 250_000))
        return stride(from: 1_000_000, to: 0, by: -size).map { max(0, $0 - size)..<$0 }
      }, loaderThreads: { min(4, $0) }, iterations: 1000, epochs: nil, program: Self.program)
    change(&subject)
    return subject
  }

  private func forecast(
    _ files: [String], _ question: Question = Question(ranks: [1, 8, 64]), _ change: (inout Subject) -> Void = { _ in }
  ) throws(PredictionError) -> Forecast {
    try Forecast(
      subject(change), question, Measurements(files.enumerated().map { (name: "file\($0.offset)", text: $0.element) }))
  }

  private func fault(
    _ files: [String], _ question: Question = Question(ranks: [1, 8, 64]), _ change: (inout Subject) -> Void = { _ in }
  ) -> String {
    do {
      _ = try forecast(files, question, change)
      return "none"
    } catch { return error.description }
  }

  @Test func `A step and links give a forecast`() throws {
    let forecast = try forecast([Self.step(), Self.links])
    #expect(forecast.points.map(\.ranks) == [1, 8, 64] && forecast.points.map(\.hosts) == [1, 8, 64])
    let (one, most) = (forecast.points[0], forecast.points[2])
    // 64 micro-batches of a second, 63 additions, an update.
    #expect(abs(one.result.iteration - (64 + 63 * 0.001 + 0.002)) < 1e-9 && abs(one.efficiency - 1) < 1e-9)
    #expect(most.result.iteration > 1.002 && most.result.iteration < 1.1)
    #expect(most.efficiency > 0.9 && most.efficiency < 1)
    #expect(abs(most.nodeHours! - 64 * 1000 * most.result.iteration / 3600) < 1e-9)
    #expect(forecast.text.contains("efficiency") && forecast.text.contains("assumed"))
    let json = try #require(JSONSerialization.jsonObject(with: Data(forecast.json().utf8)) as? [String: Any])
    #expect((json["points"] as? [Any])?.count == 3 && json["measurement"] as? String == "prediction")
  }

  @Test func `A file may have several measurements, and be indented`() throws {
    let both = Self.step() + "\n\n" + Self.links + "\n"
    #expect(try forecast([both]).points == forecast([Self.step(), Self.links]).points)
    let pretty = Self.step().replacingOccurrences(of: ", ", with: ",\n  ")
    #expect(try forecast([pretty, Self.links]).points == forecast([Self.step(), Self.links]).points)
  }

  @Test func `What was not measured is said`() throws {
    let text = try forecast([Self.step(), Self.links]).text
    for words in ["no loader measured", "too few for their spread", "no sum over machines measured"] {
      #expect(text.contains(words), "\(words)")
    }
    let stated = try forecast([Self.step()], Question(ranks: [8], bandwidth: 1.25e9, latency: 3e-5))
    #expect(stated.assumptions.contains { $0.contains("stated, not measured: 10.0 Gbit/s, 30.0 µs") })
    #expect(try stated.points[0].result == forecast([Self.step(), Self.links], Question(ranks: [8])).points[0].result)
    let alone = try forecast([Self.step()], Question(ranks: [1]))
    #expect(!alone.text.contains("machines measured"))
  }

  @Test func `Faults are named with what helps`() {
    let step =
      "multibox benchmark step --model net --width-multiplier 1.0 --classes 21 --batch 8 --micro-batch 4 --precision float32"
    #expect(fault([Self.links]).contains("no measured training step among --measurements; \(step)"))
    #expect(fault([Self.step()]).contains("--host A,B multibox doctor --json"))
    #expect(fault([Self.step(), ""]).contains("file1: empty; expected"))
    #expect(fault([Self.step(), "hello"]).contains("file1: no JSON object"))
    #expect(fault([Self.step(), "{}"]).contains("file1: JSON that does not say what it measures"))
    #expect(fault([#"{"measurement": "inference"}"#]).contains("file0: a measurement of 'inference'"))
    #expect(
      fault([Self.step(["phases": #"{"loss": 1}"#])]).contains(
        "file0: not what 'multibox benchmark step --json' writes: phases.forward is missing or wrong"))
    #expect(fault([Self.step(["threads": ""])]).contains("threads is missing or wrong"))
    #expect(
      fault([Self.step(["gradient_curve": #"{"offsets": [0, 5], "seconds": [1, 2]}"#])]).contains("gradient_curve"))
    #expect(fault([Self.step(["gradient_curve": #"{"offsets": [0], "seconds": [1e999]}"#])]).contains("file0: "))
    #expect(fault([Self.step() + "\n{"]).contains("file0, line 2: no JSON object"))
    #expect(
      fault([Self.step(["classes": "7", "precision": #""bfloat16""#])]).contains(
        "file0: measured otherwise than a.yaml trains: classes 7, not 21, precision bfloat16, not float32; \(step)"))
    #expect(fault([Self.step(["arena_values": "1000001"])]).contains("1000001 values of gradients, not 1000000"))
    #expect(
      fault([Self.step(["build": #"{"version": "0.0.9", "commit": "abc"}"#])]).contains(
        "file0: measured by multibox 0.0.9 (abc), this is multibox 0.1.0 (abc)"))
    #expect(fault([Self.step()], Question(ranks: [1]), { $0.threads = 2 }).contains("training.threads is 2"))
    #expect(
      fault([Self.step()], Question(ranks: [48])).contains(
        "they cannot share evenly; take 1, 2, 4, 8, 16, 32, 64, or another batch: --set training.global_batch=192"))
    #expect(fault([Self.step()], Question(ranks: [1], epochs: 3)).contains("--images N"))
    let loader =
      #"{"measurement": "loader", \#(Self.build), "model": "other", "images_per_second": 9, "threads": 1, "training_images": 100}"#
    #expect(
      fault([Self.step(), loader], Question(ranks: [1])).contains("file1: measured for other, a.yaml trains net"))
  }

  @Test func `Measured sums correct what links promise`() throws {
    // Links of 1 GB/s; two ranks whose sum of 4 MB takes 8 ms where the links promise 4.
    let sums =
      #"{"measurement": "allreduce", \#(Self.build), "world_size": 2, "host_of_rank": [0, 1], "groups": [2], "bytes": [4096, 4000000], "seconds": {"reproducible": [0.0004, 0.008]}}"#
    let links = Self.links.replacingOccurrences(of: "1.25e9", with: "1e9")
    let corrected = try forecast([Self.step(), links, sums])
    let source = try #require(corrected.sources.first { $0.contains("file2") })
    #expect(source.contains(#/sums reach 5\d % of what links between machines have/#))
    #expect(
      corrected.points[1].result.communication > 1.5
        * (try forecast([Self.step(), links]).points[1].result.communication))
  }

  @Test func `Node-hours go by the images of the loader`() throws {
    let loader =
      #"{"measurement": "loader", \#(Self.build), "model": "net", "images_per_second": 1000, "threads": 4, "training_images": 2560}"#
    let point = try forecast([Self.step(), loader], Question(ranks: [1], epochs: 3)).points[0]
    #expect(abs(point.nodeHours! - 30 * point.result.iteration / 3600) < 1e-9)
    let slow = loader.replacingOccurrences(of: "1000", with: "2")
    #expect(try forecast([Self.step(), slow], Question(ranks: [1])).points[0].result.loading > 60)
  }

  @Test func `A slow network wants larger or smaller buckets, half the bytes, and fewer ranks`() throws {
    let advice = try forecast([Self.step()], Question(ranks: [64], bandwidth: 2e6, latency: 1e-4)) {
      $0.bucketMegabytes = 4
    }.advice
    func text(_ subject: String) throws -> String { try #require(advice.first { $0.subject == subject }).text }
    #expect(try text("bucket").contains("--set communication.bucket_megabytes="))
    #expect(try text("wire").contains("--set communication.wire=bfloat16"))
    #expect(try text("ranks").contains("efficiency falls below 80 %"))
    #expect(try text("ranks").contains("add less than half their share"))
    #expect(try text("shape").contains("--threads"))
  }

  @Test func `Shapes of a machine are compared where they were measured`() throws {
    let whole = Self.step(
      ["phases": #"{"loss": 0.1, "forward": 0.3, "backward": 0.6, "gradient_sum": 0.001, "update": 0.002}"#], threads: 8
    )
    let advice = try forecast([Self.step() + "\n" + whole, Self.links], Question(ranks: [8])).advice
    let text = try #require(advice.first { $0.subject == "shape" }).text
    #expect(text.contains("1 x 8: ") && text.contains("2 x 4: ") && text.contains("8 machines"))
  }

  @Test func `Large batches are warned of, and numbers of ranks that send twice`() throws {
    #expect(try !forecast([Self.step(), Self.links]).advice.contains { $0.subject == "batch" })
    let large = try forecast([Self.step(), Self.links]) { $0.globalBatch = 1024 }.advice
    #expect(try #require(large.first { $0.subject == "batch" }).text.contains("LARS"))
    let odd = try forecast([Self.step(), Self.links], Question(ranks: [32])) { $0.globalBatch = 4 * 96 }.advice
    #expect(try #require(odd.first { $0.subject == "pieces" }).text.contains("or 48 ranks"))
  }
}
