import Datasets
import Detection
import Evaluation
import Foundation
import Images

/// Draws cases and whole images for a page.
struct CasePictures {
  private let dataset: Dataset
  private let limit: ImageLimit
  private var images: [Int: Image?] = [:]

  init(_ dataset: Dataset, limit: ImageLimit) {
    (self.dataset, self.limit) = (dataset, limit)
  }

  private mutating func image(_ index: Int) -> Image? {
    if let image = images[index] { return image }
    // Large images would fill the memory; what is left of them is enough for a page.
    let image = (try? Image(contentsOf: dataset.images[index].imagePath, limit: limit))?.fitting(1600)
    // Neighbours in a list are often of one image.
    if images.count >= 8 { images = [:] }
    images[index] = image
    return image
  }

  /// Pixels of the longer side of a picture of a case.
  private static let caseSide = 220
  /// Pixels of the longer side of a whole image.
  private static let imageSide = 320

  /// A case with what is around it; nothing when the image cannot be read.
  mutating func picture(of each: ReportCase) -> HTML {
    let annotated = dataset.images[each.imageIndex]
    guard let image = image(each.imageIndex) else { return HTML() }
    let scale = Double(image.width) / Double(annotated.width)
    let boxes = [each.found?.box, each.truth?.box].compactMap { $0?.scaled(by: scale) }
    let (left, right) = (boxes.map(\.xMin).min() ?? 0, boxes.map(\.xMax).max() ?? 0)
    let (top, bottom) = (boxes.map(\.yMin).min() ?? 0, boxes.map(\.yMax).max() ?? 0)
    let margin = max(12, 0.4 * max(right - left, bottom - top))
    func range(_ low: Double, _ high: Double, _ size: Int) -> Range<Int> {
      let start = min(max(0, Int(low - margin)), size - 1)
      return start..<max(start + 1, min(size, Int((high + margin).rounded(.up))))
    }
    let (columns, rows) = (range(left, right, image.width), range(top, bottom, image.height))
    return figure(
      image.part(columns: columns, rows: rows).fitting(Self.caseSide), zoom: columns.count,
      found: each.found.map { [$0.box.scaled(by: scale)] } ?? [],
      truth: each.truth.map { [$0.box.scaled(by: scale)] } ?? [],
      origin: Point(x: Double(columns.lowerBound), y: Double(rows.lowerBound)),
      caption: "<b>\(each.caption)</b><br>\(annotated.identifier)")
  }

  /// A whole image with its objects and the detections from a score on.
  mutating func picture(of result: ImageResult, from threshold: Double, classNames: [String]) -> HTML {
    let annotated = dataset.images[result.imageIndex]
    guard let image = image(result.imageIndex) else { return HTML() }
    let scale = Double(image.width) / Double(annotated.width)
    let found = result.detections.filter { $0.score >= threshold }
    let names = found.prefix(6).map { String(format: "%@ %.2f", classNames[$0.label - 1], $0.score) }
    let more = found.count > names.count ? " and \(found.count - names.count) more" : ""
    return figure(
      image.fitting(Self.imageSide), zoom: image.width, found: found.map { $0.box.scaled(by: scale) },
      truth: result.groundTruth.map { $0.box.scaled(by: scale) }, origin: Point(x: 0, y: 0),
      caption: "<b>\(annotated.identifier)</b><br>\(names.joined(separator: ", "))\(more)")
  }

  /// - Parameter zoom: columns of the part of the image that is shown.
  private func figure(
    _ shown: Image, zoom: Int, found: [PixelBox], truth: [PixelBox], origin: Point, caption: HTML
  ) -> HTML {
    guard let file = try? shown.jpeg(quality: 82) else { return HTML() }
    let scale = Double(shown.width) / Double(zoom)
    func outline(_ box: PixelBox, _ name: String) -> HTML {
      func text(_ value: Double) -> String { String(format: "%.1f", value * scale) }
      let place: HTML =
        "x=\"\(text(box.xMin - origin.x))\" y=\"\(text(box.yMin - origin.y))\" width=\"\(text(box.xMax - box.xMin))\" height=\"\(text(box.yMax - box.yMin))\""
      let width = Double(max(shown.width, shown.height)) / 110
      return """
        <rect class="rim" stroke-width="\(String(format: "%.1f", width + 1.2))" \(place)/>\
        <rect class="\(name)" stroke-width="\(String(format: "%.1f", width))" \(place)/>
        """
    }
    let boxes: [HTML] = truth.map { outline($0, "truth") } + found.map { outline($0, "found") }
    return """
      <figure><svg viewBox="0 0 \(shown.width) \(shown.height)" role="img"><image width="\(shown.width)" height="\(shown.height)" \
      href="data:image/jpeg;base64,\(Data(file).base64EncodedString())"/>\(boxes)</svg><figcaption>\(caption)</figcaption></figure>

      """
  }
}

extension PixelBox {
  fileprivate func scaled(by factor: Double) -> PixelBox {
    PixelBox(xMin: xMin * factor, yMin: yMin * factor, xMax: xMax * factor, yMax: yMax * factor)
  }
}
