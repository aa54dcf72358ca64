import Foundation
import Images

/// The image files of a command line: those named, those that patterns name, and those in the directories named.
struct ImageList {
  /// Stands for the image that standard input has.
  static let standardInput = "-"

  private static let drawingSuffix = ".detections"
  /// The endings of names that make a file in a directory an image; some are refused when their turn comes, by name.
  private static let extensions: Set = [
    "jpg", "jpeg", "jpe", "jfif", "png", "webp", "gif", "bmp", "tif", "tiff", "heic", "heif", "avif",
  ]

  /// The files, in the order of the arguments, those of a directory by name.
  let paths: [String]
  /// Directories without an image or that cannot be read, and what is no file.
  let errors: [ImageError]
  /// The name of the image that is drawn from each image; with the ending of the image where others are called the same.
  let drawingNames: [String]

  /// Lists the directories among the arguments. Hidden files are no images, nor are images that `detect` has drawn.
  init(_ arguments: [String]) {
    var (paths, errors): ([String], [ImageError]) = ([], [])
    for argument in arguments.flatMap(Self.expanded) {
      var isDirectory: ObjCBool = false
      guard FileManager.default.fileExists(atPath: argument, isDirectory: &isDirectory), isDirectory.boolValue else {
        paths.append(argument)
        continue
      }
      let directory = argument.hasSuffix("/") ? argument : argument + "/"
      do {
        let found = try FileManager.default.contentsOfDirectory(atPath: argument).sorted().filter(Self.isImage)
        if found.isEmpty { errors.append(ImageError(path: argument, reason: "a directory without an image")) }
        paths += found.map { directory + $0 }
      } catch {
        errors.append(ImageError(path: argument, reason: "a directory that cannot be listed"))
      }
    }
    // Opening a pipe would block until somebody writes to it.
    for path in paths where Self.isSpecial(path) {
      errors.append(ImageError(path: path, reason: "a pipe or device, not a file"))
    }
    self.paths = paths.filter { !Self.isSpecial($0) }
    self.errors = errors
    let urls = self.paths.map { URL(fileURLWithPath: $0) }
    let stems = self.paths.map(DetectedImage.stem)
    let counts = stems.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    drawingNames = zip(urls, stems).map { url, stem in
      (counts[stem] == 1 ? stem : url.lastPathComponent) + Self.drawingSuffix
        + (VideoReader.isVideo(url.path) ? ".mp4" : ".png")
    }
  }

  /// What is wrong with the list itself.
  ///
  /// - Parameters:
  ///   - drawing: whether images are drawn, which then need names of their own.
  ///   - annotating: whether images get files of annotations, which have the names of the images without their endings.
  func fault(drawing: Bool, annotating: Bool) -> String? {
    if paths.count(where: { $0 == Self.standardInput }) > 1 { return "- is given twice; standard input has one image" }
    if drawing, let (name, images) = Self.shared(paths, by: drawingNames) {
      return "\(images) would all be drawn as \(name); give each directory a call and an --output of its own"
    }
    guard annotating else { return nil }
    let stems = paths.map { DetectedImage.stem(of: $0) }
    if let (name, images) = Self.shared(paths, by: stems) {
      return "\(images) would all have the annotations of \(name); give each directory a call of its own"
    }
    return stems.contains("classes")
      ? "an image called classes would have its labels where the list of classes is" : nil
  }

  /// A name that several paths have, and these.
  private static func shared(_ paths: [String], by names: [String]) -> (name: String, paths: String)? {
    let groups = Dictionary(grouping: paths.indices) { names[$0] }.filter { $1.count > 1 }
    return groups.min { $0.key < $1.key }.map { ($0.key, $0.value.map { paths[$0] }.joined(separator: " and ")) }
  }

  /// What a pattern names, in order; a shell has expanded it already unless it was quoted, or nothing has such a name.
  private static func expanded(_ argument: String) -> [String] {
    guard argument.contains(where: { "*?[".contains($0) }), !FileManager.default.fileExists(atPath: argument) else {
      return [argument]
    }
    var found = glob_t()
    defer { globfree(&found) }
    guard glob(argument, 0, nil, &found) == 0 else { return [argument] }
    return (0..<Int(found.gl_pathc)).compactMap { found.gl_pathv[$0].map { String(cString: $0) } }
  }

  private static func isSpecial(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT)
  }

  private static func isImage(_ name: String) -> Bool {
    let ending = (name as NSString).pathExtension.lowercased()
    return (extensions.contains(ending) || VideoReader.extensions.contains(ending)) && !name.hasPrefix(".")
      && !(name as NSString).deletingPathExtension.hasSuffix(drawingSuffix)
  }
}
