import Files
import Images

extension ConfigurationTable {
  mutating func addData() {
    add(
      "format", { _ in .choice }, get: { $0.data.format }, set: { $0.data = Configuration.Data(format: $1) },
      "layout of the data")
    add(
      "root", \.data.roots, .paths, change: .neutral, default: "none",
      "directory of the data set, or several; for YOLO also the `data.yaml` in it; required to train and evaluate")
    add(
      "image_directory", \.data.imageDirectories, .pathsOfDirectories, change: .neutral, default: "`null`",
      values: "only with `format: coco`",
      "where images are looked for first, before the [usual places](data.md#coco); relative to the root or to the current directory; one for all roots, or one or `null` for each"
    )
    rule("image_directory") { configuration in
      let (data, directories) = (configuration.data, configuration.data.imageDirectories)
      if data.format != .coco, !directories.isEmpty {
        return "is for format: coco; other formats name the directory of images themselves"
      }
      guard directories.count > 1, directories.count != data.roots.count else { return nil }
      let roots = Quantities.count(data.roots.count, "directory", "directories")
      return "a list of \(directories.count) for \(roots) under data.root; expected one for each, or null"
    }
    add(
      "train_split", \.data.trainSplit, .splits, default: "`trainval`; for COCO `train2017`, for YOLO `train`",
      "split to train on; one for all roots, or one or `null` for each; for COCO also the path of a JSON file, for YOLO that of a directory of images or a list of them"
    )
    addOptional(
      "evaluation_split", \.data.evaluationSplit,
      .splits, expected: "null, text, or a list with a text or null for each directory", change: .neutral,
      default: "`test`; for COCO `val2017`, for YOLO `val`",
      "split to evaluate on, in the same form; `null`: training does not evaluate, and `multibox evaluate` needs `--split`"
    )
    addOptional(
      "classes", \.data.classes, .names,
      default: "the 20 of Pascal VOC, the categories of the COCO file, or the names of YOLO data",
      "names of the classes, without background; their order is the order of the labels")
    add(
      "augmentation", \.data.augmentation, .choice,
      "changes to training images: distortion, expansion, crop and flip; flip alone; none")
    add(
      "difficult", \.data.difficult, .choice,
      "objects marked difficult: trained on and ignored by the metric; not trained on either; like any other")
    add(
      "damaged_images", \.data.damagedImages, .choice,
      "training image that cannot be decoded: exit code 65, or [another image](data.md#damaged-images) in its place")
    add(
      "unannotated_images", \.data.unannotatedImages, .choice,
      "image of a Pascal VOC split without an XML file: exit code 65, or an image without objects. In a COCO file an image without objects, and in YOLO data one without a label file, is always background"
    )
    add(
      "maximum_megapixels", \.data.maximumMegapixels, .number(.above(0, atMost: Self.mostMegapixels)), change: .neutral,
      "largest image that is accepted, in millions of pixels; a loader thread needs 3 bytes for each pixel of the largest image"
    )
    addOptional(
      "loader_threads", \.data.loaderThreads, .integer(.from(1, to: 1024)), change: .neutral, default: "`null`",
      "threads that read and augment images; `null`: as many as compute threads, at most 4")
    add(
      "queue_megabytes", \.data.queueMegabytes, .integer(.atLeast(1)), change: .neutral,
      "memory for prepared images in each rank; the current iteration and one more micro-batch are always kept")
    add(
      "log_images", \.data.logImages, .boolean, change: .neutral,
      "write the names of the images of every iteration to `images.jsonl`")
  }

  /// What the largest sides that can be decoded give, in 10⁶ pixels.
  private static let mostMegapixels = Double(Image.largestSide * Image.largestSide) / 1e6
}
