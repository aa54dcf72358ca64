import Files
import Foundation
import Yams

extension Configuration {
  /// Reads a YAML file, and where it leaves the names of the classes to the data, those.
  ///
  /// - Parameter overrides: `KEY=VALUE` arguments, applied in order; KEY is dotted, VALUE is YAML.
  /// - Throws: ``ConfigurationError`` with every fault of the file and the overrides; `DatasetError` when the names of the
  ///   classes cannot be read.
  package init(contentsOf path: String, overrides: [String] = []) throws {
    self = try Configuration(ConfigurationNode(contentsOf: path), name: path, overrides: overrides).namingClasses()
  }

  /// Reads YAML text.
  ///
  /// - Parameters:
  ///   - name: what messages call the text; its last component without extension names the default run directory.
  ///   - overrides: `KEY=VALUE` arguments, applied in order; KEY is dotted, VALUE is YAML.
  ///   - environment: what placeholders may name.
  /// - Throws: ``ConfigurationError`` with every fault of the text and the overrides.
  package init(
    yaml: String, name: String, overrides: [String] = [],
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(ConfigurationError) {
    try self.init(ConfigurationNode(yaml: yaml, name: name), name: name, overrides: overrides, environment: environment)
  }

  private init(
    _ root: ConfigurationNode, name: String, overrides: [String],
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(ConfigurationError) {
    var tree = root
    let placeholders = Placeholders(environment: environment)
    for argument in overrides { try tree.override(argument, placeholders) }
    self = try ConfigurationReader(tree, source: name).configuration
    do throws(ConfigurationError) {
      output = try placeholders.expand(output: output, seed: training.seed, origin: tree.origin(ofKey: "output"))
    } catch {
      // Commands that write no run need no directory for it.
      outputFault = error
    }
  }

  /// Refuses a run directory with a word in braces that stands for nothing here.
  ///
  /// - Throws: ``ConfigurationError``.
  package func requireOutput() throws(ConfigurationError) { if let outputFault { throw outputFault } }

  /// The last component of a path, without extension.
  static func stem(_ path: String) -> String {
    URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
  }
}
