import Foundation
import Inference
import Kernels
import TestSupport
import Testing

/// `--version`, and where else a build is named.
struct VersionTests {
  private static func lines() throws -> [String] {
    try MultiboxProcess.run("--version").succeeded().output.split(separator: "\n").map(String.init)
  }

  @Test func `The version names commit, compiler, instruction sets and MPI`() throws {
    let lines = try Self.lines()
    #expect(lines.count == 4)
    #expect(lines[0].wholeMatch(of: #/multibox \d+\.\d+\.\d+ \(([0-9a-f]{7,}\+?|unknown)\)/#) != nil, "\(lines[0])")
    #expect(lines[1].wholeMatch(of: #/compiler +Swift \d+\.\d.*/#) != nil, "\(lines[1])")
    #expect(lines[2].contains("  baseline, avx2, avx512, amx, avx512-bfloat16; ") && lines[2].hasSuffix(" in use"))
    #expect(lines[3].wholeMatch(of: #/MPI +(Open MPI v|MPICH )\d.*/#) != nil, "\(lines[3])")
    let chosen = try MultiboxProcess(["--version"], environment: ["MULTIBOX_ISA": "baseline"]).wait().succeeded().output
    #expect(chosen.contains("; baseline in use\n"))
    let wrong = try MultiboxProcess(["--version"], environment: ["MULTIBOX_ISA": "mmx"]).wait().succeeded().output
    #expect(wrong.contains("; none in use, see MULTIBOX_ISA\n"))
  }

  @Test func `The changelog begins with this version`() throws {
    let version = try #require(try Self.lines()[0].split(separator: " ").dropFirst().first)
    let heading = try #require(Document("docs/changelog.md").headings.dropFirst().first)
    #expect(heading.hasPrefix("\(version)"), "\(heading)")
  }

  @Test func `Checkpoints, metrics and exported weights name the build`() throws {
    let workspace = try Workspace()
    try workspace.train("output=\(workspace.run)", stopAt: 1).succeeded()
    try workspace.train("output=\(workspace.run)", stopAt: 3).succeeded()
    let name = try Self.lines()[0] + ", "
    let checkpoint = try Checkpoint(contentsOf: workspace.checkpoint(3))
    let build = try #require(checkpoint.metadata?.build)
    #expect(build.hasPrefix(name) && build.contains(" kernels, \(MPILauncher.name) "), "\(build)")
    try checkpoint.export(to: workspace.path + "/weights.safetensors")
    #expect(try Checkpoint(contentsOf: workspace.path + "/weights.safetensors").metadata?.build == build)

    struct Line: Decodable { let build: String? }
    let metrics = try String(contentsOfFile: workspace.run + "/metrics.jsonl", encoding: .utf8).split(separator: "\n")
    let builds = try metrics.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)).build }
    #expect(builds.count >= 3 && builds.compactMap { $0 } == [build], "a build is named where it begins: \(builds)")
    #expect(builds[0] == build)
  }

  @Test func `The doctor names the build, as text and as JSON`() throws {
    let name = try Self.lines()[0]
    let text = try MultiboxProcess.run("doctor").output
    #expect(text.contains(try Regex("ok +build +\(NSRegularExpression.escapedPattern(for: name)), Swift ")), "\(text)")
    struct Report: Decodable { let build: BuildIdentity }
    let build = try JSONDecoder().decode(Report.self, from: Data(MultiboxProcess.run("doctor", "--json").output.utf8))
      .build
    #expect(
      build.name == name && build.instructionSets == Kernels.compiled && build.mpi?.hasPrefix(MPILauncher.name) == true)
  }
}
