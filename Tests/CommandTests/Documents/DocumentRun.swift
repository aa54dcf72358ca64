import Foundation
import TestSupport
import Testing

/// Commands of a document that run one after the other, as a reader would type them: in a directory that has `configs`,
/// `launch`, and ``DocumentedData`` in place of the data that the document names.
///
/// `multibox` is a script that starts the program with options behind those of the document: `--set` and the options of
/// benchmarks that come last win. So a narrow network is trained for two iterations.
struct DocumentRun {
  let directory: TemporaryDirectory
  /// What the commands have printed.
  let outcome: ChildProcess.Outcome

  /// What every training, examination and preview is given besides.
  private static let settings = [
    "model.width_multiplier=0.0625", "model.weights=null", "training.iterations=2", "training.global_batch=2",
    "training.micro_batch=1", "training.schedule={kind: steps, milestones: []}",
    "training.schedule.warmup_iterations=0",
    "training.precision=float32", "training.threads=1", "evaluation.every=2", "data.loader_threads=1",
  ]

  private static func script(_ program: String) -> String {
    """
    case "$1 $2" in
      doctor\\ |doctor\\ -*) ;;
      train\\ *|doctor\\ *|preview\\ *|benchmark\\ loader)
        for setting in \(settings.map { "'\($0)'" }.joined(separator: " ")); do set -- "$@" --set "$setting"; done
    esac
    case "$1 $2" in
      preview\\ *|benchmark\\ loader) set -- "$@" --images 2 ;;
      synthesize\\ *) set -- "$@" --images 12 ;;
      benchmark\\ step|benchmark\\ inference) set -- "$@" --width-multiplier 0.0625 --iterations 1 ;;
      benchmark\\ convolution) set -- "$@" --batch 1 --repetitions 1 ;;
    esac
    echo "+ multibox $*" >&2
    exec '\(program)' "$@"
    """
  }

  /// Runs those of the commands that can be run, and expects them to succeed.
  init(_ commands: [ShellCommand], sourceLocation: SourceLocation = #_sourceLocation) throws {
    directory = try TemporaryDirectory()
    let path = directory.path
    try DocumentedData(directory: path).make()
    for name in ["configs", "launch"] {
      try FileManager.default.createSymbolicLink(
        atPath: "\(path)/\(name)", withDestinationPath: "\(ChildProcess.repository)/\(name)")
    }
    let programs = try TemporaryDirectory()
    try ChildProcess.write(script: Self.script(MultiboxProcess.executable.path), to: programs.path + "/multibox")
    var lines = ["set -eE", #"trap 'echo "failed: $BASH_COMMAND" >&2' ERR"#]
    if commands.contains(where: { $0.text.contains("ssd300-coco.pth") }) {
      // A detector in place of torchvision's.
      lines += ["multibox train configs/ssd300-vgg16-voc.yaml --output torchvision"]
      lines += ["multibox export torchvision ssd300-coco.pth"]
    }
    lines += commands.filter { $0.kind == .runs }.map(\.text)
    let search = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    let shell = try ChildProcess(
      URL(fileURLWithPath: "/bin/bash"), ["-c", lines.joined(separator: "\n")],
      environment: [
        // What a document puts into the reader's home stays here.
        "HOME": path, "PATH": "\(programs.path):\(search)", "MULTIBOX_PROGRAM": programs.path + "/multibox",
        // Open MPI refuses root without these; tests may run in a container.
        "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
      ], directory: path)
    outcome = try shell.wait(timeout: 600).succeeded(sourceLocation: sourceLocation)
    // The programs are needed until here.
    withExtendedLifetime(programs) {}
  }
}
