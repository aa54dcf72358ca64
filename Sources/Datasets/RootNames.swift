import Foundation

/// Names for the images of several roots, told apart where two roots have an image of the same name.
///
/// Such images are called by the end of their root's path as well, as short as tells the roots apart:
/// `VOC2007/000001` and `VOC2012/000001`. All others keep their name.
struct RootNames {
  private var roots: [String] = []
  private var names: [String] = []

  /// A root whatever way its path is written.
  static func canonical(_ root: String) -> String {
    URL(fileURLWithPath: root).resolvingSymlinksInPath().standardizedFileURL.path
  }

  /// Takes the next image.
  ///
  /// - Parameters:
  ///   - name: unique in the root.
  ///   - root: as ``canonical(_:)`` has it.
  mutating func append(_ name: String, root: String) {
    names.append(name)
    roots.append(root)
  }

  /// The names, in the order in which the images were taken.
  var identifiers: [String] {
    var rootOfName: [String: String] = [:]
    var shared: Set<String> = []
    for (name, root) in zip(names, roots) {
      if rootOfName.updateValue(root, forKey: name).map({ $0 != root }) ?? false { shared.insert(name) }
    }
    if shared.isEmpty { return names }
    let components = Dictionary(
      Set(roots).map { ($0, $0.split(separator: "/")) }, uniquingKeysWith: { first, _ in first })
    let deepest = components.values.map(\.count).max() ?? 0
    for depth in 1...max(1, deepest) {
      let labels = components.mapValues { $0.suffix(depth).joined(separator: "/") }
      let identifiers = zip(names, roots).map { shared.contains($0) ? "\(labels[$1]!)/\($0)" : $0 }
      if Set(identifiers).count == identifiers.count { return identifiers }
    }
    return zip(names, roots).map { "\($1)/\($0)" }
  }
}

extension AnnotatedImage {
  /// The same image with another name.
  package func named(_ identifier: String) -> AnnotatedImage {
    AnnotatedImage(
      identifier: identifier, imagePath: imagePath, annotationPath: annotationPath, width: width, height: height,
      objects: objects)
  }
}
