import Foundation
import Images

/// The image files of a command line: those named, and those in the directories named.
struct ImageList {
  private static let pictureSuffix = ".detections.png"
  /// The endings of names that make a file in a directory an image; some are refused when their turn comes, by name.
  private static let extensions: Set = [
    "jpg", "jpeg", "jpe", "png", "webp", "gif", "bmp", "tif", "tiff", "heic", "heif", "avif",
  ]

  /// The files, in the order of the arguments, those of a directory by name.
  let paths: [String]
  /// Directories without an image, or that cannot be read.
  let errors: [ImageError]

  /// Lists the directories among the arguments. Hidden files are no images, nor are pictures that `detect` has drawn.
  init(_ arguments: [String]) {
    var (paths, errors): ([String], [ImageError]) = ([], [])
    for argument in arguments {
      var isDirectory: ObjCBool = false
      guard FileManager.default.fileExists(atPath: argument, isDirectory: &isDirectory), isDirectory.boolValue else {
        paths.append(argument)
        continue
      }
      let folder = argument.hasSuffix("/") ? argument : argument + "/"
      do {
        let found = try FileManager.default.contentsOfDirectory(atPath: argument).sorted().filter(Self.isImage)
        if found.isEmpty { errors.append(ImageError(path: argument, reason: "a directory without an image")) }
        paths += found.map { folder + $0 }
      } catch {
        errors.append(ImageError(path: argument, reason: "a directory that cannot be listed"))
      }
    }
    (self.paths, self.errors) = (paths, errors)
  }

  /// The name of the picture that is drawn from an image.
  static func pictureName(of path: String) -> String {
    URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent + pictureSuffix
  }

  /// What is wrong with the list itself.
  ///
  /// - Parameter drawing: whether pictures are drawn, which then need names of their own.
  func fault(drawing: Bool) -> String? {
    guard drawing else { return nil }
    let groups = Dictionary(grouping: paths, by: Self.pictureName)
    guard let (name, images) = groups.filter({ $1.count > 1 }).min(by: { $0.key < $1.key }) else { return nil }
    return "\(images.joined(separator: " and ")) would all be drawn as \(name); draw them one by one"
  }

  private static func isImage(_ name: String) -> Bool {
    let ending = (name as NSString).pathExtension.lowercased()
    return extensions.contains(ending) && !name.hasPrefix(".") && !name.hasSuffix(pictureSuffix)
  }
}
