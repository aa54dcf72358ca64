import Datasets
import Detection
import Evaluation
import Images
import Inference

/// An image of an evaluation with boxes on it.
struct EvaluatedPicture {
  /// The image, as it is shown.
  private let image: Image
  /// What a pixel of the file is here.
  private let scale: Double
  private let classNames: [String]

  /// Reads an image; its longer side is at most `side` pixels.
  ///
  /// - Throws: `ImageError`.
  init(_ annotated: AnnotatedImage, side: Int, classNames: [String], limit: ImageLimit) throws {
    image = try Image(contentsOf: annotated.imagePath, limit: limit).fitting(side)
    scale = Double(image.width) / Double(annotated.width)
    self.classNames = classNames
  }

  /// The image with annotated objects.
  func showing(_ objects: [PixelGroundTruth]) -> Image {
    BoxPainter.paint(objects.map { box($0.box, label: $0.label, score: nil) }, on: image)
  }

  /// The image with detections.
  func showing(_ detections: [PixelDetection]) -> Image {
    BoxPainter.paint(detections.map { box($0.box, label: $0.label, score: $0.score) }, on: image)
  }

  private func box(_ box: PixelBox, label: Int, score: Double?) -> LabelledBox {
    LabelledBox(
      left: box.xMin * scale, top: box.yMin * scale, right: box.xMax * scale, bottom: box.yMax * scale,
      name: classNames[label - 1], score: score, classIndex: label - 1)
  }
}
