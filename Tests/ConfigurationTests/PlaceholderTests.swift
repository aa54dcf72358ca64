import Configuration
import Testing

struct PlaceholderTests {
  private func configuration(
    _ yaml: String = "version: 1", _ overrides: String..., environment: [String: String] = [:]
  ) throws -> Configuration {
    try Configuration(yaml: yaml, name: "a.yaml", overrides: overrides, environment: environment)
  }

  @Test func `Words in braces stand for what tells jobs apart`() throws {
    let environment = ["SLURM_JOB_ID": "12", "SLURM_ARRAY_JOB_ID": "10", "SLURM_ARRAY_TASK_ID": "3", "HOST_NAME": "n1"]
    let found = try configuration(
      "{version: 1, output: 'runs/{job}-{task}-{seed}'}", "training.seed={task}", environment: environment)
    #expect(found.output == "runs/10-3-3" && found.training.seed == 3)
    #expect(try configuration("{version: 1, output: 'runs/{HOST_NAME}'}", environment: environment).output == "runs/n1")
    #expect(try configuration("version: 1", "output=runs/{seed}", "training.seed=7").output == "runs/7")
    #expect(
      try configuration("version: 1", "training.seed={task}", environment: ["PBS_ARRAY_INDEX": "5"]).training.seed == 5)
    // What is no placeholder stays.
    #expect(try configuration("{version: 1, output: 'runs/{}'}").output == "runs/{}")
    #expect(
      try configuration("{version: 1, output: 'r/{job}'}", environment: ["PBS_JOBID": "12[5].srv"]).output == "r/12.srv"
    )
    let schedule = try configuration("version: 1", "training.schedule={milestones: [0.5], factor: 0.2}")
    #expect(schedule.training.schedule.factor == 0.2)
  }

  @Test(arguments: [
    ("training.seed={job}", "--set training.seed={job}: training.seed: {job} stands for the number of a job"),
    (
      "output=runs/{task}",
      "--set output=runs/{task}: output: {task} stands for the number in an array of jobs, as by sbatch --array"
    ),
    ("output=runs/{NO_SUCH}", "output: {NO_SUCH} stands for a variable that the environment does not have"),
    ("output=runs/{EMPTY}", "output: {EMPTY} stands for a variable that the environment does not have, or has empty"),
    ("output=runs/{taks}", "output: {taks} stands for nothing; there are {seed}, {job}, {task}"),
    ("output=runs/{Host}", "output: {Host} stands for nothing"),
  ])
  func `A placeholder without a value is named`(argument: String, text: String) throws {
    let environment = ["EMPTY": "", "SGE_TASK_ID": "undefined", "LSB_JOBINDEX": "0"]
    #expect {
      try Configuration(yaml: "version: 1", name: "a.yaml", overrides: [argument], environment: environment)
        .requireOutput()
    } throws: { "\($0)".contains(text) }
  }

  @Test func `A directory that is not known here matters only to what trains`() throws {
    let found = try configuration("{version: 1, output: 'runs/{task}'}")
    #expect(throws: ConfigurationError.self) { try found.requireOutput() }
  }
}
