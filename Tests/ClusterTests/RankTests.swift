import Foundation
import TestSupport
import Testing

extension ClusterTests {
  /// `launch/rank`.
  struct RankTests {
    private func rank(_ command: String..., local rank: Int = 0, of count: Int = 1) throws -> ChildProcess.Outcome {
      try start(command, local: rank, of: count).wait()
    }

    private func start(_ command: [String], local rank: Int = 0, of count: Int = 1) throws -> ChildProcess {
      try ChildProcess(
        URL(fileURLWithPath: "\(ChildProcess.repository)/launch/rank"), command,
        environment: [
          "OMPI_COMM_WORLD_RANK": "\(rank)", "OMPI_COMM_WORLD_LOCAL_RANK": "\(rank)",
          "OMPI_COMM_WORLD_LOCAL_SIZE": "\(count)",
        ])
    }

    /// The processors that each of so many ranks on this machine is bound to.
    private func processors(ofRanks count: Int) throws -> [Set<Int>] {
      try (0..<count).map { index in
        let line = try rank("grep", "Cpus_allowed_list", "/proc/self/status", local: index, of: count).succeeded()
          .output
        return numbers(in: try #require(line.split(whereSeparator: \.isWhitespace).last))
      }
    }

    /// The numbers in "0-3,8".
    private func numbers(in list: some StringProtocol) -> Set<Int> {
      Set(
        list.split(separator: ",").flatMap { range in
          let ends = range.split(separator: "-").compactMap { Int($0) }
          return Array(ends[0]...ends[ends.count - 1])
        })
    }

    /// The processors of a core share a cache, so binding a rank to half a core would slow its neighbour.
    private func cores(_ processors: Set<Int>) -> Set<Set<Int>> {
      Set(
        processors.map { processor in
          let file = "/sys/devices/system/cpu/cpu\(processor)/topology/thread_siblings_list"
          let list = try? String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
          return list.map { numbers(in: $0).intersection(processors) } ?? [processor]
        })
    }

    @Test(arguments: [1, 2, 3])
    func `Ranks of a host divide its cores`(count: Int) throws {
      let all = try processors(ofRanks: 1)[0]
      let cores = cores(all)
      let shares = try processors(ofRanks: count)
      if count <= cores.count {
        #expect(Set(shares.joined()) == all && shares.map(\.count).reduce(0, +) == all.count)
        for (share, core) in shares.flatMap({ share in cores.map { (share, $0) } }) {
          #expect(core.isSubset(of: share) || core.isDisjoint(with: share))
        }
      } else {
        #expect(Set(shares) == cores)
      }
    }

    @Test func `The exit code is that of the program`() throws {
      for code: Int32 in [0, 65, 75, 77] { try rank("sh", "-c", "exit \(code)").ended(with: code) }
      let killed = try rank("sh", "-c", "kill -s SEGV $$").ended(with: 128 + SIGSEGV)
      #expect(killed.messages.contains("rank 0 on ") && killed.messages.contains("ended by SIGSEGV"))
    }

    /// Slurm, mpirun and the launch scripts all signal when a job is to end, at nearly the same time.
    @Test(.timeLimit(.minutes(1)))
    func `Many signals at once do not end the script before the program`() throws {
      let directory = try TemporaryDirectory()
      let begun = directory.path + "/begun"
      let process = try start(["sh", "-c", "trap '' USR1 TERM; touch \(begun); sleep 2; exit 75"])
      #expect(waits { FileManager.default.fileExists(atPath: begun) })
      for round in 1...200 {
        process.signal(round.isMultiple(of: 2) ? SIGUSR1 : SIGTERM)
        if round.isMultiple(of: 9) { Thread.sleep(forTimeInterval: 0.03) }
      }
      let outcome = try process.wait(timeout: 30).ended(with: 75)
      #expect(outcome.messages.isEmpty, "\(outcome.messages)")
    }
  }
}
