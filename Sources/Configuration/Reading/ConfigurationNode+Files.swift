import Files
import Foundation

extension ConfigurationNode {
  /// The key under which a file names another one that it adds to.
  private static let baseKey = "config"
  /// Files that add to each other.
  private static let depthLimit = 8

  /// Reads a YAML file and the files that it adds to: `config: base.yaml`, a path from the file's own directory.
  ///
  /// - Throws: ``ConfigurationError``.
  init(contentsOf path: String) throws(ConfigurationError) {
    try self.init(contentsOf: path, readBy: [])
  }

  private init(contentsOf path: String, readBy files: [String]) throws(ConfigurationError) {
    var root = try ConfigurationNode(yaml: Self.text(of: path), name: path)
    guard let base = root.take(Self.baseKey) else {
      self = root
      return
    }
    guard let name = base.text else {
      throw ConfigurationError(
        base.origin, key: Self.baseKey,
        "expected the path of a configuration that this one adds to, found \(base.found)")
    }
    let directory = URL(fileURLWithPath: path).deletingLastPathComponent().relativePath
    let expanded: String
    do {
      expanded = try HomeDirectory.expand(name)
    } catch {
      throw ConfigurationError(base.origin, key: Self.baseKey, error.description)
    }
    let basePath = expanded.hasPrefix("/") || directory == "." ? expanded : "\(directory)/\(expanded)"
    let known = files + [path]
    let places = known.map { URL(fileURLWithPath: $0).standardizedFileURL.path }
    guard !places.contains(URL(fileURLWithPath: basePath).standardizedFileURL.path), known.count < Self.depthLimit
    else {
      throw ConfigurationError(
        base.origin, key: Self.baseKey,
        "\(basePath) is read by \(known.joined(separator: ", which is read by ")): configurations go round in a circle")
    }
    guard FileManager.default.fileExists(atPath: basePath) else {
      throw ConfigurationError(base.origin, key: Self.baseKey, "there is no file \(basePath)")
    }
    self = try ConfigurationNode(contentsOf: basePath, readBy: known)
    for rival in Self.rivals where rival.contains(where: { root.value(at: $0).map { !$0.isNull } == true }) {
      for path in rival where root.value(at: path) == nil { remove(path[...]) }
    }
    merge(root)
  }

  /// Takes over the values of another tree: in mappings key by key, everything else as a whole.
  private mutating func merge(_ other: ConfigurationNode) {
    // A section with nothing in it takes nothing away.
    if case .mapping = content, other.isNull { return }
    guard case .mapping(let entries) = other.content, case .mapping = content else {
      self = other
      return
    }
    origin = other.origin
    for entry in entries { replace(entry) }
  }

  private mutating func replace(_ entry: Entry) {
    guard case .mapping(var entries) = content else { return }
    if let place = entries.firstIndex(where: { $0.key == entry.key }) {
      entries[place].value.merge(entry.value)
    } else {
      entries.append(entry)
    }
    content = .mapping(entries)
  }

  /// The text of a file, if it is one that a configuration may be in.
  private static func text(of path: String) throws(ConfigurationError) -> String {
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
    return yaml
  }
}
