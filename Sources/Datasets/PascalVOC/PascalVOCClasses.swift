/// The classes of the Pascal VOC challenges.
package enum PascalVOCClasses {
  /// The 20 names in alphabetical order; the first is label 1.
  package static let names = [
    "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog",
    "horse",
    "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
  ]
}
