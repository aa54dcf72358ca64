import Foundation
import Kernels
import Layers
import TestSupport
import Testing

struct BenchmarkTests {
  private struct Report: Decodable {
    struct Layer: Decodable {
      let name: String
      let forward_seconds: Double
      let backward_seconds: Double?
      let multiply_adds: Int
      let effective_gflops: Double
      let forward_bytes: Double
      let backward_bytes: Double
      let gigabytes_per_second: Double
    }
    let model: String
    let batch: Int
    let micro_batch: Int
    let precision: String
    let threads: Int
    let instruction_set: String
    let images_per_second: Double
    let images_per_second_median: Double
    let seconds: [Double]
    let peak_memory_bytes: Int
    let processor_share: Double
    let phases: [String: Double]
    let layers: [Layer]
    let effective_gflops: Double
    let peak_gflops: Double
    let memory_gigabytes_per_second: Double
    let seconds_outside_convolutions: Double
    let share_outside_convolutions: Double
  }

  private struct LoaderReport: Decodable {
    let images_per_second: Double
    let images: Int
    let seconds: Double
    let threads: Int
  }

  /// A sixteenth of the channels: an iteration takes a fraction of a second.
  private let narrow = ["--width-multiplier", "0.0625", "--classes", "7"]

  private func run(_ words: [String], environment: [String: String] = [:]) throws -> MultiboxProcess.Outcome {
    try MultiboxProcess(["benchmark"] + words, environment: environment).wait().succeeded()
  }

  /// What holds for steps and inference alike.
  private func check(_ report: Report) {
    #expect(report.model == "ssd300-vgg16" && report.layers.count == 41)
    #expect(report.seconds.allSatisfy { $0 > 0 })
    let best = report.seconds.min() ?? 0
    #expect(abs(report.images_per_second * best - Double(report.batch)) < 1e-9 * Double(report.batch))
    #expect(report.images_per_second_median <= report.images_per_second)
    #expect(report.layers.allSatisfy { $0.forward_seconds > 0 })
    #expect(report.layers.allSatisfy { ($0.effective_gflops > 0) == ($0.multiply_adds > 0) })
    // Clocks of processors and of the wall differ a little.
    #expect(report.processor_share > 0 && report.processor_share < 1.1)
    #expect(report.effective_gflops > 0 && report.peak_gflops > 0.1 && report.memory_gigabytes_per_second > 0.1)
    // The first convolution reads images and writes 4 channels.
    let bytes = report.precision == "bfloat16" ? 2 : 4
    #expect(report.layers[0].forward_bytes == Double(report.batch * 300 * 300 * (3 + 4) * bytes))
    // Poolings that the convolution before does move nothing forward.
    #expect(report.layers.allSatisfy { $0.gigabytes_per_second > 0 || $0.multiply_adds == 0 })
    #expect(report.share_outside_convolutions > 0 && report.share_outside_convolutions < 1)
    // Weights and activations of the narrow network are some ten megabytes.
    #expect(report.peak_memory_bytes > 10_000_000 && report.peak_memory_bytes < 1_000_000_000)
  }

  /// With two iterations medians are means, which can be added up.
  @Test func `A training step is divided into phases and layers`() throws {
    let options = ["--batch", "4", "--micro-batch", "2", "--threads", "2", "--iterations", "2"]
    let report = try run(["step"] + narrow + options + ["--json"]).decoded(Report.self)
    check(report)
    #expect(report.batch == 4 && report.micro_batch == 2 && report.threads == 2 && report.seconds.count == 2)
    let step = report.seconds.reduce(0, +) / 2
    #expect(Set(report.phases.keys) == ["loss", "forward", "backward", "gradient_sum", "update"])
    #expect(report.phases.values.allSatisfy { $0 > 0 })
    let phases = report.phases.values.reduce(0, +)
    #expect(phases <= step * (1 + 1e-9) && phases > step / 2)
    let forward = report.layers.reduce(0) { $0 + $1.forward_seconds }
    let backward = try report.layers.reduce(0) { $0 + (try #require($1.backward_seconds)) }
    for (phase, seconds) in [("forward", forward), ("backward", backward)] {
      let whole = try #require(report.phases[phase])
      #expect(seconds <= whole * (1 + 1e-9), "\(phase)")
    }
    let others = report.layers.filter { $0.multiply_adds == 0 }.reduce(0) {
      $0 + $1.forward_seconds + ($1.backward_seconds ?? 0)
    }
    let outside = step - (forward + backward - others)
    #expect(abs(report.seconds_outside_convolutions - outside) < 1e-9 * step)
  }

  @Test func `Inference is divided into the network and decoding`() throws {
    let report = try run(["inference"] + narrow + ["--batch", "3", "--warm-up", "0", "--iterations", "2", "--json"])
      .decoded(Report.self)
    check(report)
    #expect(report.batch == 3 && report.micro_batch == 3 && report.seconds.count == 2)
    #expect(Set(report.phases.keys) == ["forward", "decode"] && report.phases.values.allSatisfy { $0 > 0 })
    #expect(report.layers.allSatisfy { $0.backward_seconds == nil })
  }

  @Test(arguments: ["step", "inference"])
  func `People get tables`(command: String) throws {
    let output = try run([command] + narrow + ["--batch", "1", "--iterations", "1"]).output
    for text in [
      "images/s", "GFLOP/s", "at the peak", "peak memory", "forward", "outside convolutions", "conv4_3_norm",
    ] {
      #expect(output.contains(text), "\(text)")
    }
    #expect(output.contains("backward ms") == (command == "step"))
    #expect(output.contains("decode") == (command == "inference"))
  }

  @Test func `The instruction set that was asked for is measured`() throws {
    for name in Kernels.available.map(\.instructionSet) {
      let report = try run(
        ["inference"] + narrow + ["--batch", "1", "--iterations", "1", "--json"], environment: ["MULTIBOX_ISA": name]
      ).decoded(Report.self)
      #expect(report.instruction_set == name)
    }
  }

  @Test(.enabled(if: Kernels.multiplyBFloat16, "this processor has no AVX512-BF16"), arguments: ["step", "inference"])
  func `The precision that was asked for is measured`(command: String) throws {
    let arguments = [command] + narrow + ["--batch", "1", "--iterations", "1", "--precision", "bfloat16"]
    let report = try run(arguments + ["--json"]).decoded(Report.self)
    check(report)
    #expect(report.precision == "bfloat16")
    let kernels = try #require(Kernels.multiplyingBFloat16)
    #expect(try run(arguments).output.contains("bfloat16, \(kernels.instructionSet) kernels"))
  }

  @Test func `The loader prepares whole iterations of the configured data set`() throws {
    let workspace = try Workspace()
    let report = try run(["loader", workspace.config, "--threads", "2", "--images", "9", "--json"])
      .decoded(LoaderReport.self)
    // Iterations of four.
    #expect(report.images == 12 && report.threads == 2 && report.seconds > 0)
    #expect(abs(report.images_per_second * report.seconds - 12) < 1e-9 * 12)
    let text = try run(["loader", workspace.config, "--images", "4", "--set", "data.augmentation=none"]).output
    #expect(text.contains(#/^\d+\.\d images/s: 4 images in .* 1 thread\n$/#))
    #expect(!FileManager.default.fileExists(atPath: workspace.run))
  }

  @Test func `The loader reports an image that it cannot read`() throws {
    let workspace = try Workspace()
    let image = workspace.data + "/JPEGImages/000001.jpg"
    try workspace.cut(image, to: 0.5)
    let outcome = try MultiboxProcess.run("benchmark", "loader", workspace.config, "--images", "10")
    #expect(outcome.ended(with: 65).messages.contains(image))
    #expect(outcome.output.isEmpty)
  }

  private struct ConvolutionReport: Decodable {
    struct Layer: Decodable {
      let name: String
      let algorithm: String
      let precision: String
      let instruction_set: String
      let multiply_adds: Int
      let seconds: [String: Double]
      let effective_gflops: [String: Double]
    }
    let batch: Int
    let threads: Int
    let layers: [Layer]
  }

  @Test func `Convolutions are timed by pass, by every algorithm that they have, and by instruction set`() throws {
    let report = try run(
      ["convolution", "--layers", "conv11", "--batch", "2", "--threads", "1", "--repetitions", "1", "--all", "--json"]
    ).decoded(ConvolutionReport.self)
    #expect(report.batch == 2 && report.threads == 1)
    let expected = Kernels.available.reversed().flatMap { kernels in
      let precisions = kernels.supports(.bfloat16) ? ["float32", "bfloat16"] : ["float32"]
      return [("conv11_1", ["blocked-columns"]), ("conv11_2", ["winograd", "blocked-columns"])].flatMap {
        layer, algorithms in
        precisions.flatMap { precision in
          (algorithms + (precision == "float32" ? ["columns"] : [])).map {
            [layer, $0, precision, kernels.instructionSet]
          }
        }
      }
    }
    #expect(report.layers.map { [$0.name, $0.algorithm, $0.precision, $0.instruction_set] } == expected)
    for layer in report.layers {
      #expect(Set(layer.seconds.keys) == ["forward", "input_gradient", "weight_gradient"])
      for (pass, seconds) in layer.seconds {
        let rate = try #require(layer.effective_gflops[pass])
        #expect(seconds > 0 && abs(rate * seconds * 1e9 - 2 * Double(layer.multiply_adds)) < 1)
      }
    }
  }
}
