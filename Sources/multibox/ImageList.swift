import Foundation
import Images

/// The image files of a command line: those named, and those in the directories named.
struct ImageList {
  private static let drawingSuffix = ".detections.png"
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
    for argument in arguments {
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
    let stems = urls.map { $0.deletingPathExtension().lastPathComponent }
    let counts = stems.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    drawingNames = zip(urls, stems).map { url, stem in
      (counts[stem] == 1 ? stem : url.lastPathComponent) + Self.drawingSuffix
    }
  }

  /// What is wrong with the list itself.
  ///
  /// - Parameter drawing: whether images are drawn, which then need names of their own.
  func fault(drawing: Bool) -> String? {
    guard drawing else { return nil }
    let groups = Dictionary(grouping: paths.indices) { drawingNames[$0] }
    guard let (name, images) = groups.filter({ $1.count > 1 }).min(by: { $0.key < $1.key }) else { return nil }
    return
      "\(images.map { paths[$0] }.joined(separator: " and ")) would all be drawn as \(name); give each directory a call and an --output of its own"
  }

  private static func isSpecial(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT)
  }

  private static func isImage(_ name: String) -> Bool {
    let ending = (name as NSString).pathExtension.lowercased()
    return extensions.contains(ending) && !name.hasPrefix(".") && !name.hasSuffix(drawingSuffix)
  }
}
