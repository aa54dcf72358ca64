/// Something that is wrong with a data set: of what kind, where, and whether the data can be used nevertheless.
package struct DatasetFault: Sendable, Equatable, CustomStringConvertible {
  /// What can be wrong.
  package enum Kind: String, Sendable, CaseIterable, Codable {
    /// A list of images, or a file with all annotations, cannot be read or contradicts itself.
    case unreadableSplit
    /// An image or annotation that the split names is not there.
    case missingFile
    /// An annotation lacks something, or has something else in its place.
    case brokenAnnotation
    /// An object is of a class that the configuration does not have.
    case unknownClass
    /// The header of an image, or its pixels, cannot be read.
    case brokenImage
    /// An annotation was made on an image of another size.
    case otherSize
    /// Two images have the same name or number.
    case ambiguousImage
    /// A class is named like the background, which is no class.
    case backgroundClass
    /// At least half of the boxes look like fractions of the image.
    case fractionBoxes
    /// A name may mean two images or two files; the message says which is taken.
    case ambiguousName
    /// At least half of the boxes have their edges the wrong way round, as those would of which the last two numbers are sizes.
    case reversedBoxes
    /// Less than half of the boxes look like fractions of the image.
    case fewFractionBoxes
    /// Objects inside another element of an annotation are left out.
    case nestedObject
    /// Images without an annotation are taken as background.
    case unannotatedImage
    /// Images whose annotation states no size; the size of the file is used.
    case unstatedSize
    /// An annotation states width and height exchanged; the image's are used.
    case exchangedSize
    /// An image is listed more than once; it is taken once.
    case repeatedImage
    /// Two objects of a file have the same number; both are taken.
    case repeatedObject
    /// A box without area is dropped.
    case boxWithoutArea
    /// A box outside its image is dropped.
    case boxOutside
    /// A box that reaches beyond its image is clipped.
    case boxClipped
    /// An EXIF orientation is not applied.
    case orientation
    /// Objects of categories that the configuration does not list are left out.
    case unlistedCategory
    /// A class is no category of a file.
    case absentCategory
    /// A category that has no annotation, and the name of another or of a group, is left out.
    case emptyCategory
    /// A category that is listed again, or a name that several numbers have; it is one class.
    case repeatedCategory
    /// Numbers that are written as text; they are used as numbers.
    case numberAsText
    /// Objects without a box; the one around the outline is used.
    case boxFromOutline
    /// Images that are elsewhere, or called otherwise, than their annotation says; they are used.
    case otherPath
    /// An image of 16 bits a sample that use so few of them that it is read as nearly black.
    case darkImage
    /// Annotations of images that their file does not list; they are left out.
    case strayAnnotation
    /// Label files, of which each belongs to an image, have none.
    case labelWithoutImage
    /// A line of labels is there twice; it is taken once.
    case repeatedLine
    /// An image has nothing to train on.
    case imageWithoutObjects
    /// Two images of a split have the same content under different names.
    case sameContent
    /// An image that is trained on has the same content as one that is evaluated on.
    case sharedContent
  }

  /// What is wrong.
  package let kind: Kind
  /// Where, and in which words.
  package let error: DatasetError

  /// Names a fault.
  package init(_ kind: Kind, _ error: DatasetError) {
    self.kind = kind
    self.error = error
  }

  /// Whether training with this data would be wrong.
  package var isError: Bool { kind.isError }

  /// The place and the reason.
  package var description: String { error.description }
}

extension DatasetFault.Kind {
  /// Whether training with such data would be wrong.
  package var isError: Bool {
    switch self {
    case .unreadableSplit, .missingFile, .brokenAnnotation, .unknownClass, .brokenImage, .otherSize, .ambiguousImage,
      .backgroundClass, .fractionBoxes, .reversedBoxes:
      true
    case .ambiguousName, .fewFractionBoxes, .nestedObject, .unannotatedImage, .unstatedSize, .exchangedSize,
      .repeatedImage,
      .repeatedObject, .boxWithoutArea, .boxOutside, .boxClipped, .orientation, .unlistedCategory, .absentCategory,
      .emptyCategory, .repeatedCategory, .numberAsText, .boxFromOutline, .otherPath, .darkImage, .strayAnnotation,
      .labelWithoutImage, .repeatedLine, .imageWithoutObjects, .sameContent, .sharedContent:
      false
    }
  }

  /// Faults of the kind in words, as "boxes without area".
  package var plural: String {
    switch self {
    case .unreadableSplit: "unreadable splits"
    case .missingFile: "missing files"
    case .brokenAnnotation: "broken annotations"
    case .unknownClass: "objects of unknown classes"
    case .brokenImage: "broken images"
    case .otherSize: "annotations of another size than the image"
    case .ambiguousImage: "images with the name or number of another"
    case .backgroundClass: "classes named like the background"
    case .fractionBoxes: "splits whose boxes look like fractions of the image"
    case .reversedBoxes: "splits whose boxes have their edges the wrong way round"
    case .fewFractionBoxes: "splits with a few boxes that look like fractions of the image"
    case .ambiguousName: "names that may mean two things"
    case .nestedObject: "splits with objects inside another element"
    case .unannotatedImage: "splits with images without annotation"
    case .unstatedSize: "files that state no size of images"
    case .exchangedSize: "annotations with width and height exchanged"
    case .repeatedImage: "images listed more than once"
    case .repeatedObject: "objects with the number of another"
    case .boxWithoutArea: "boxes without area"
    case .boxOutside: "boxes outside the image"
    case .boxClipped: "boxes that reach outside the image"
    case .orientation: "images with an EXIF orientation"
    case .unlistedCategory: "files with objects of other categories"
    case .absentCategory: "files that lack a class"
    case .emptyCategory: "categories without an annotation, left out"
    case .repeatedCategory: "files that list a category twice"
    case .numberAsText: "files with numbers written as text"
    case .boxFromOutline: "files with objects that have an outline but no box"
    case .otherPath: "files or lists that name images by another path"
    case .darkImage: "images of 16 bits that are read as nearly black"
    case .strayAnnotation: "files with annotations of images that they do not list"
    case .labelWithoutImage: "splits with label files that have no image"
    case .repeatedLine: "label files with a line that is there twice"
    case .imageWithoutObjects: "images without an object to train on"
    case .sameContent: "images with the content of another"
    case .sharedContent: "training images that the evaluation has too"
    }
  }
}
