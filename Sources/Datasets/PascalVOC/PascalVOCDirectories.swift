/// The annotations and images of a root in the layout of Pascal VOC, found by name.
package struct PascalVOCDirectories {
  /// An image as a list means it.
  package struct Name: Equatable {
    /// Path of the image below `JPEGImages` and of the annotation below `Annotations`, without extension.
    package let identifier: String
    /// The extension of an image that the list states, in lower case; nothing when it states none.
    let imageExtension: String?
    /// The directories that the list states and that are not part of the identifier.
    package let directories: String

    /// Whether a list means another file by the other name, although both come down to the same identifier.
    func contradicts(_ other: Name) -> Bool {
      if let imageExtension, let another = other.imageExtension, imageExtension != another { return true }
      let (one, another) = ("/" + directories, "/" + other.directories)
      return !directories.isEmpty && !other.directories.isEmpty && !one.hasSuffix(another) && !another.hasSuffix(one)
    }
  }

  /// Extensions of image files that are read, the preferred one first. The content decides what a file is.
  package static let imageExtensions = ["jpg", "jpeg", "png", "jfif"]
  /// Extensions of image files, read or not.
  static let knownExtensions = Set(
    imageExtensions + ["jpe", "bmp", "gif", "tif", "tiff", "webp", "heic", "avif"])

  private var annotations: FileIndex
  private var images: FileIndex

  package let root: String

  package init(root: String) {
    self.root = root
    annotations = FileIndex(directory: "\(root)/Annotations", extensions: ["xml"])
    images = FileIndex(directory: "\(root)/JPEGImages", extensions: Self.imageExtensions)
  }

  /// Where an image's annotation is, or would be.
  package mutating func annotationPath(_ identifier: String) -> (path: String, exists: Bool) {
    guard let file = annotations.files(named: identifier).first else {
      return ("\(annotations.directory)/\(identifier).xml", false)
    }
    return ("\(annotations.directory)/\(file)", true)
  }

  /// The image files of an identifier, the preferred one first.
  mutating func imagePaths(_ identifier: String) -> [String] {
    images.files(named: identifier).map { "\(images.directory)/\($0)" }
  }

  /// What is there to read of an image; of several files of one name it depends on the annotation which is the image.
  mutating func files(of identifier: String) -> SplitFiles.Entry {
    let annotation = annotationPath(identifier)
    let images = imagePaths(identifier)
    return SplitFiles.Entry(
      annotation: annotation.exists ? annotation.path : nil, image: images.count == 1 ? images[0] : nil)
  }

  /// Why an image has no file.
  mutating func reasonForMissingImage(_ identifier: String) -> String {
    let expected = "image \(identifier) has no file \(defaultImagePath(identifier)) (nor .jpeg, .png or .jfif)"
    guard
      let other = images.others(named: identifier).first(where: {
        Self.knownExtensions.contains(FileIndex.extension(of: $0))
      })
    else { return expected }
    return "\(expected); there is \(images.directory)/\(other), but only JPEG and PNG are read: convert it"
  }

  /// Where an image is expected that is nowhere.
  func defaultImagePath(_ identifier: String) -> String { "\(images.directory)/\(identifier).\(images.extensions[0])" }

  /// Which image a name means that lists may write with an extension or with directories in front.
  ///
  /// - Returns: the first with an annotation or an image file, of the text as it is, without an extension, and the same
  ///   without one leading directory after the other; nothing when there is none.
  package mutating func image(meantBy text: String) -> Name? {
    let components = text.replacing("\\", with: "/").split(separator: "/").map(String.init).filter { $0 != "." }
    let imageExtension = components.last.map(FileIndex.extension(of:)).flatMap {
      Self.knownExtensions.contains($0) ? $0 : nil
    }
    for start in components.indices {
      let rest = components[start...]
      if rest.contains("..") { continue }
      let path = rest.joined(separator: "/")
      let directories = components[..<start].joined(separator: "/")
      if let identifier = identifier(path) {
        return Name(identifier: identifier, imageExtension: nil, directories: directories)
      }
      if let imageExtension, let identifier = identifier(FileIndex.stem(of: path)) {
        return Name(identifier: identifier, imageExtension: imageExtension, directories: directories)
      }
    }
    return nil
  }

  /// Whether a name has directories in front of which the last is not that of the annotations or images.
  func isElsewhere(_ name: Name) -> Bool {
    guard let last = name.directories.split(separator: "/").last, last != ".." else { return false }
    return !places.flatMap { [$0, RootNames.canonical($0)] }.contains { FileIndex.split($0).last == last }
  }

  /// Where annotations and images are looked for.
  package var places: [String] { [annotations.directory, images.directory] }

  /// What a file of a name on a list is called, without directories and the extension of an image.
  package static func stem(of text: String) -> String {
    let name = FileIndex.split(text.replacing("\\", with: "/")).last
    return knownExtensions.contains(FileIndex.extension(of: name)) ? FileIndex.stem(of: name) : name
  }

  /// The name as its annotation or image file has it; nothing when there is neither.
  private mutating func identifier(_ path: String) -> String? {
    (annotations.files(named: path).first ?? images.files(named: path).first).map(FileIndex.stem(of:))
  }
}
