/// A category of COCO's annotations.
struct COCOCategory: JSONRecordContent {
  static let wholeNumbers: Set = ["id"]

  let id: Int
  let name: String
}

/// An image of COCO's annotations.
struct COCOImage: JSONRecordContent {
  static let wholeNumbers: Set = ["id", "width", "height"]

  let id: Int
  /// Relative to the folder of images.
  let file_name: String
  let width: Int
  let height: Int
}

/// An object of COCO's annotations, without its outline.
struct COCOAnnotation: JSONRecordContent {
  static let wholeNumbers: Set = ["id", "image_id", "category_id", "iscrowd", "difficult", "ignore"]

  let id: Int
  let image_id: Int
  let category_id: Int
  /// Left and upper edge, width and height, in continuous pixels from 0.
  let bbox: [Double]
  /// 1 for a box around many objects that were not told apart.
  let iscrowd: Int?
  /// Pixels of the outline.
  let area: Double?
  /// 1 for an object that is hard to recognise; not in COCO itself.
  let difficult: Int?
  /// The same under another name.
  let ignore: Int?

  var isCrowd: Bool { iscrowd == 1 }
  var isDifficult: Bool { difficult == 1 || ignore == 1 }

  /// Why the annotation is of no use, if so.
  var problem: String? {
    if bbox.count != 4 { return "bbox: expected 4 numbers, found \(bbox)" }
    for (key, mark) in [("iscrowd", iscrowd), ("difficult", difficult), ("ignore", ignore)] {
      if let mark, mark != 0, mark != 1 { return "\(key): expected 0 or 1, found \(mark)" }
    }
    return nil
  }
}

/// The numbers by which files of COCO results refer to images and classes.
public struct COCOIdentifiers: Sendable, Equatable {
  /// The number of each image of the data set.
  public let images: [Int]
  /// The category of each class, label 1 first.
  public let categories: [Int]
}
