public enum AugmentationPolicy: String, CaseIterable, Sendable { case ssd, flip, none }
public enum DifficultPolicy: String, CaseIterable, Sendable {
  case trainOnly = "train-only"
  case never
  case always
}
public enum VOCMetric: String, CaseIterable, Sendable { case voc07, voc12 }
public enum PascalVOCClasses {
  public static let names = [
    "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog",
    "horse",
    "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
  ]
}
