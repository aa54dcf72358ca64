import Foundation
import PackagePlugin

/// Has `Plugins/identity` write the commit and the compiler into a Swift file of the target `Build`.
@main
struct BuildIdentityPlugin: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) -> [Command] {
    let source = context.pluginWorkDirectoryURL.appending(path: "Identity.swift")
    return [
      .buildCommand(
        displayName: "Identity of the build",
        executable: context.package.directoryURL.appending(path: "Plugins/identity"), arguments: [source.path()],
        // Another file for every process that looks, so that the command runs in every build. What the package manager tells a manifest
        // about git is kept from earlier builds.
        inputFiles: [URL(filePath: "/proc/self/stat")], outputFiles: [source])
    ]
  }
}
