import Foundation
import TestSupport
import Testing

/// `docs/performance/compare.py` with programs that only say what they have measured.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/python3"), "needs /usr/bin/python3"))
struct ComparisonTests {
  private let directory: TemporaryDirectory
  private var multibox: String { directory.path + "/multibox" }
  private var python: String { directory.path + "/python" }

  /// Multibox takes 2 s, in bfloat16 1 s. PyTorch takes 8 s, and half of that with `channels_last`.
  init() throws {
    directory = try TemporaryDirectory()
    let sizes = #""batch": 6, "peak_memory_bytes": 2000000000"#
    try ChildProcess.write(
      script: """
        echo "multibox $*" >> \(directory.path)/calls
        case "$*" in *bfloat16*) seconds='1, 1, 1' ;; *) seconds='2, 1, 3' ;; esac
        echo '{"seconds": ['$seconds'], \(sizes), "instruction_set": "'${MULTIBOX_ISA:-avx512}'"}'
        """, to: multibox)
    try ChildProcess.write(
      script: """
        [ "$1" = -c ] && exit 0
        shift
        echo "torch $*" >> \(directory.path)/calls
        case "$*" in *channels_last*) seconds='4, 4, 9' ;; *) seconds='8, 8, 8' ;; esac
        echo '{"seconds": ['$seconds'], \(sizes), "torch": "9.1", "torchvision": "9.2", "instruction_set": "AVX512"}'
        """, to: python)
  }

  private func compare(_ arguments: String..., python: String? = nil) throws -> ChildProcess.Outcome {
    let script = ChildProcess.repository + "/docs/performance/compare.py"
    let programs = ["--multibox", multibox, "--python", python ?? self.python]
    return try ChildProcess(
      URL(fileURLWithPath: "/usr/bin/python3"), ["-B", script] + arguments + programs,
      environment: ["MULTIBOX_ISA": ""]
    ).wait()
  }

  @Test func `The programs take turns and the better layout is the faster one`() throws {
    let json = directory.path + "/comparison.json"
    let output = try compare("step", "--batch", "6", "--threads", "2", "--rounds", "2", "--json", json).succeeded()
      .output
    let calls = try String(contentsOfFile: directory.path + "/calls", encoding: .utf8).split(separator: "\n")
    #expect(calls.map { $0.hasPrefix("multibox") } == [true, false, false, true, false, false])
    #expect(calls.allSatisfy { $0.contains("--batch 6") && $0.contains("--threads 2") })
    for row in [
      "| Multibox float32 | 2.000 | 1.000 | 3.000 | 2.00 GB | |",
      "| PyTorch float32 contiguous | 8.000 | 8.000 | 0.750 | 2.00 GB | 4.00 (4.00 to 4.00) |",
      "| PyTorch float32 channels_last (its better layout) | 4.000 | 4.000 | 1.500 | 2.00 GB | 2.00 (2.00 to 2.00) |",
    ] {
      #expect(output.contains(row), "\(row) is not in\n\(output)")
    }
    #expect(
      output.contains("step of ssd300-vgg16, batch 6, 2 threads") && output.contains("PyTorch 9.1, torchvision 9.2"))

    struct Comparison: Decodable {
      struct Result: Decodable {
        let program: String
        let rounds: [[Double]]
        let images_per_second: Double
        let is_better_layout: Bool?
      }
      let results: [Result]
    }
    let comparison = try JSONDecoder().decode(Comparison.self, from: Data(contentsOf: URL(fileURLWithPath: json)))
    #expect(comparison.results.map(\.program) == ["Multibox", "PyTorch", "PyTorch"])
    #expect(comparison.results.map(\.images_per_second) == [3, 0.75, 1.5])
    #expect(comparison.results.map(\.is_better_layout) == [nil, false, true])
    #expect(comparison.results.allSatisfy { $0.rounds.count == 2 })
  }

  @Test func `Multibox takes part in both precisions`() throws {
    let output = try compare(
      "step", "--batch", "6", "--threads", "1", "--rounds", "1", "--multibox-precision", "float32", "bfloat16",
      "--layout", "contiguous"
    ).succeeded().output
    for row in [
      "| | seconds | fastest | images/s | peak memory | Multibox float32 is … times as fast | Multibox bfloat16 is … times as fast |",
      "| Multibox float32 | 2.000 | 1.000 | 3.000 | 2.00 GB | | 2.00 (2.00 to 2.00) |",
      "| Multibox bfloat16 | 1.000 | 1.000 | 6.000 | 2.00 GB | 0.50 (0.50 to 0.50) | |",
      "| PyTorch float32 contiguous | 8.000 | 8.000 | 0.750 | 2.00 GB | 4.00 (4.00 to 4.00) | 8.00 (8.00 to 8.00) |",
    ] {
      #expect(output.contains(row), "\(row) is not in\n\(output)")
    }
  }

  @Test func `A program that does not keep to AVX2 is refused`() throws {
    let outcome = try compare("inference", "--instruction-set", "avx2", "--rounds", "1").ended(with: 1)
    #expect(outcome.messages.contains("PyTorch float32 contiguous was to be kept to AVX2 and used AVX512"))
    #expect(outcome.output.isEmpty)
  }

  @Test func `Without PyTorch it says how to get it`() throws {
    let outcome = try compare("step", python: "/bin/false").ended(with: 1)
    #expect(outcome.messages.contains("/bin/false has no working torch and torchvision"))
    #expect(outcome.messages.contains("pip install torch torchvision"))
  }
}
