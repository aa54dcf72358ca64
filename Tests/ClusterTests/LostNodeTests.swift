import Foundation
import TestSupport
import Testing

extension ClusterTests {
  /// `launch/slurm.sbatch` on four nodes of which some fail, with commands that answer as Slurm and mpirun do; under a real Slurm it is tested
  /// with two.
  @Suite(.enabled(if: Requirement.forMPI.isEmpty, "missing: \(Requirement.forMPI)"))
  struct LostNodeTests {
    private let experiment: Experiment

    init() throws {
      experiment = try Experiment()
      try FileManager.default.createDirectory(atPath: experiment.path("bin"), withIntermediateDirectories: false)
      try command(
        "scontrol",
        """
        case "$*" in
          *"show job"*) echo "JobId=7 Command=\(ChildProcess.repository)/launch/slurm.sbatch JobState=RUNNING EndTime=Unknown" ;;
          "show hostnames n[1-4]") printf '%s\\n' n1 n2 n3 n4 ;;
          "requeue 7") echo yes >requeued ;;
          *) exit 1 ;;
        esac
        """)
      try command(
        "srun",
        """
        for word; do
          case $word in --nodelist=*) if grep --quiet --line-regexp "${word#--nodelist=}" down; then exit 1; fi ;; esac
        done
        """)
      try experiment.write("", to: "starts")
      try experiment.write("", to: "down")
    }

    private func command(_ name: String, _ script: String) throws {
      try ChildProcess.write(script: script, to: experiment.path("bin/\(name)"))
    }

    /// Runs the script; at the first start of mpirun the given nodes go down, and it fails. Five ranks are refused.
    private func run(losing nodes: String, tasks: String = "2(x3),1") throws -> ChildProcess.Outcome {
      try command(
        "mpirun",
        """
        if [ "$1" = --version ]; then echo 'mpirun (Open MPI) 4.1.4'; exit 0; fi
        while [ $# -gt 0 ]; do
          case $1 in --hostfile) hosts=$(paste --serial --delimiters=, "$2") ;; -np) number=$2 ;; esac
          shift
        done
        echo "$number: $hosts" >>starts
        if [ "$(wc -l <starts)" = 1 ]; then printf '%s\\n' \(nodes) >down; exit 77; fi
        if [ "$number" = 5 ]; then echo 'multibox: error: start one of 1, 2, 4, 8 ranks' >&2; exit 64; fi
        for rank in $(seq 0 $((number - 1))); do
          printf 'rank %d on n1: begins\\nrank %d on n1: ended with 0\\n' "$rank" "$rank" >&2
        done
        """)
      let script = "\(ChildProcess.repository)/launch/slurm.sbatch"
      return try ChildProcess(
        URL(fileURLWithPath: "/bin/bash"), [script] + experiment.arguments("run", iterations: 1),
        environment: Experiment.environment.merging([
          "PATH": experiment.path("bin") + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"),
          "SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "n[1-4]", "SLURM_TASKS_PER_NODE": tasks,
          "SLURM_JOB_NUM_NODES": "4", "SLURM_SUBMIT_DIR": experiment.path, "MULTIBOX_MPI": "openmpi",
        ]) { $1 }, directory: experiment.path
      ).wait(timeout: 60)
    }

    private var starts: [String] {
      ((try? String(contentsOfFile: experiment.path("starts"), encoding: .utf8)) ?? "").split(separator: "\n")
        .map(String.init)
    }
    private var isRequeued: Bool { FileManager.default.fileExists(atPath: experiment.path("requeued")) }

    @Test(.timeLimit(.minutes(2)))
    func `As many ranks as the nodes that answer can have go on inside the job`() throws {
      let outcome = try run(losing: "n3").succeeded()
      #expect(
        starts == [
          "7: n1 slots=2,n2 slots=2,n3 slots=2,n4 slots=1", "5: n1 slots=2,n2 slots=2,n4 slots=1",
          "4: n1 slots=2,n2 slots=2,n4 slots=1",
        ])
      #expect(outcome.messages.contains("ended with 77; starting again"))
      #expect(outcome.messages.contains("n3 does not answer"))
      #expect(outcome.messages.contains("5 slots: starting 4 ranks instead"))
      #expect(!isRequeued)
    }

    @Test(.timeLimit(.minutes(2)))
    func `Half of the nodes are enough, fewer send the job back to the queue`() throws {
      try run(losing: "n1 n2", tasks: "1(x4)").succeeded()
      #expect(starts == ["4: n1 slots=1,n2 slots=1,n3 slots=1,n4 slots=1", "2: n3 slots=1,n4 slots=1"])
      #expect(!isRequeued)

      try experiment.write("", to: "starts")
      let outcome = try run(losing: "n1 n2 n4", tasks: "1(x4)").ended(with: 77)
      #expect(starts.count == 1)
      #expect(outcome.messages.contains("1 of 4 hosts answer, fewer than 2"))
      #expect(outcome.messages.contains("ended with 77; requeueing"))
      #expect(isRequeued)
    }
  }
}
