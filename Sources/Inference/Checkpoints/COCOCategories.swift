/// The categories of COCO detection.
enum COCOCategories {
  /// The 80 categories in the order of their ids.
  static let names = namesByIdentifier.filter { !$0.hasPrefix("category_") }

  /// One name for each category id from 1 to 90, `category_N` for the ten ids that no annotation uses.
  ///
  /// ### Source
  /// The annotations of COCO 2017; torchvision's detectors use the ids as labels.
  static let namesByIdentifier = [
    "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat", "traffic light",
    "fire hydrant", "category_12", "stop sign", "parking meter", "bench", "bird", "cat", "dog", "horse", "sheep",
    "cow", "elephant", "bear", "zebra", "giraffe", "category_26", "backpack", "umbrella", "category_29", "category_30",
    "handbag", "tie", "suitcase", "frisbee", "skis", "snowboard", "sports ball", "kite", "baseball bat",
    "baseball glove",
    "skateboard", "surfboard", "tennis racket", "bottle", "category_45", "wine glass", "cup", "fork", "knife", "spoon",
    "bowl", "banana", "apple", "sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza", "donut",
    "cake", "chair", "couch", "potted plant", "bed", "category_66", "dining table", "category_68", "category_69",
    "toilet",
    "category_71", "tv", "laptop", "mouse", "remote", "keyboard", "cell phone", "microwave", "oven", "toaster",
    "sink", "refrigerator", "category_83", "book", "clock", "vase", "scissors", "teddy bear", "hair drier",
    "toothbrush",
  ]
}
