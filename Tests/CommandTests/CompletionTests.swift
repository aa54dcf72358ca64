import Foundation
import TestSupport
import Testing

/// `--generate-completion-script`, for each shell.
struct CompletionTests {
  private static func script(_ shell: String) throws -> String {
    try MultiboxProcess.run("--generate-completion-script", shell).succeeded().output
  }

  @Test(arguments: ["bash", "zsh", "fish"]) func `Scripts know commands and options`(shell: String) throws {
    let script = try Self.script(shell)
    for word in ["multibox", "train", "evaluate", "synthesize", "stop-at", "score-threshold"] {
      #expect(script.contains(word), "\(word)")
    }
  }

  @Test func `Bash completes commands, options and files`() throws {
    let directory = try TemporaryDirectory()
    try Self.script("bash").write(toFile: directory.path + "/completions", atomically: true, encoding: .utf8)
    try "version: 1\n".write(toFile: directory.path + "/street.yaml", atomically: true, encoding: .utf8)
    // What a shell does at the tabulator key.
    let commands = """
      source completions
      declare -a registered=($(complete -p multibox))
      for ((i = 0; i < ${#registered[@]}; i++)); do
        if [[ ${registered[i]} == -F ]]; then function=${registered[i + 1]}; fi
      done
      try() {
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMPREPLY=()
        "$function" multibox "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" 2>/dev/null
        printf '%s ' "${COMPREPLY[@]}"; echo
      }
      try multibox synth
      try multibox train --stop
      try multibox train str
      """
    let shell = try ChildProcess(
      URL(fileURLWithPath: "/bin/bash"), ["--norc", "-c", commands], directory: directory.path)
    let lines = try shell.wait().succeeded().output.split(separator: "\n", omittingEmptySubsequences: false).map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    #expect(lines.prefix(3) == ["synthesize", "--stop-at", "street.yaml"])
  }
}
