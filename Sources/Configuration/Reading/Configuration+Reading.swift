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
    let file = ConfigurationOrigin.file(path, line: nil)
    var isDirectory: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue {
      let inside = path + "/config.yaml"
      let hint = FileManager.default.fileExists(atPath: inside) ? "; that of this run is \(inside)" : ""
      throw ConfigurationError(file, "expected a configuration (YAML), found a directory\(hint)")
    }
    if let reason = FileSignature(ofFile: path)?.refusalAsConfiguration { throw ConfigurationError(file, reason) }
    let bytes: [UInt8]
    do {
      bytes = try FileContent.bytes(of: path)
    } catch {
      throw ConfigurationError(file, "cannot be read: \(SystemError(error)?.description ?? error.reason)")
    }
    guard let yaml = String(bytes: bytes, encoding: .utf8) else { throw ConfigurationError(file, "is not UTF-8 text") }
    self = try Configuration(yaml: yaml, name: path, overrides: overrides).namingClasses()
  }

  /// Reads YAML text.
  ///
  /// - Parameters:
  ///   - name: what messages call the text; its last component without extension names the default run directory.
  ///   - overrides: `KEY=VALUE` arguments, applied in order; KEY is dotted, VALUE is YAML.
  /// - Throws: ``ConfigurationError`` with every fault of the text and the overrides.
  package init(yaml: String, name: String, overrides: [String] = []) throws(ConfigurationError) {
    var tree = try ConfigurationNode(yaml: yaml, name: name)
    for argument in overrides { try tree.override(argument) }
    self = try ConfigurationReader(tree, source: name).configuration
  }

  /// The last component of a path, without extension.
  static func stem(_ path: String) -> String {
    URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
  }
}
