import Datasets
import Images
import Loading

extension Configuration {
  /// The images and their annotations.
  package struct Data: Sendable, Equatable {
    /// How the directories are laid out.
    package var format: DatasetFormat
    /// Data set directories; empty when the configuration names none.
    package var roots: [String] = []
    /// Where the images of each directory are, with COCO's format; nothing for the usual places.
    package var imageDirectories: [String?] = []
    /// The split that is trained on.
    package var trainSplit: SplitChoice
    /// The split that is evaluated on; nil when there is none.
    package var evaluationSplit: SplitChoice?
    /// Names of the classes, label 1 first, background not among them; nil for those of the format.
    package var classes: [String]?
    /// Random changes to training images.
    package var augmentation = AugmentationPolicy.ssd
    /// What happens to objects marked difficult.
    package var difficult = DifficultPolicy.trainOnly
    /// What becomes of training images that cannot be decoded.
    package var damagedImages = DamagedImagePolicy.stop
    /// What becomes of images that have no annotation file.
    package var unannotatedImages = UnannotatedImagePolicy.stop
    /// How many pixels an image may have, in 10⁶.
    package var maximumMegapixels = Double(Image.largestPixelCount) / 1e6
    /// Threads that prepare images; nil lets the program choose.
    package var loaderThreads: Int?
    /// What prepared images may take in memory, in 10⁶ bytes.
    package var queueMegabytes = 512
    /// Whether the images of every iteration are logged.
    package var logImages = false

    /// The defaults for a format.
    package init(format: DatasetFormat = .pascalVOC) {
      self.format = format
      let (train, evaluation) =
        switch format {
        case .pascalVOC: ("trainval", "test")
        case .coco: ("train2017", "val2017")
        case .yolo: ("train", "val")
        }
      (trainSplit, evaluationSplit) = (.same(train), .same(evaluation))
    }

    /// ``classes``, or Pascal VOC's 20; empty as long as those of COCO and YOLO are left to the data, see ``Configuration/namingClasses()``.
    package var classNames: [String] { classes ?? (format == .pascalVOC ? PascalVOCClasses.names : []) }

    /// How many pixels an image may have.
    package var imageLimit: ImageLimit {
      ImageLimit(pixelCount: Int((maximumMegapixels * 1e6).rounded()), setting: "data.maximum_megapixels")
    }
  }
}
