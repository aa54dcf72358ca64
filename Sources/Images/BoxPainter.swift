import Foundation

/// A box with what is known about it, to be drawn on an image.
package struct LabelledBox: Sendable {
  /// The edges in pixels from the upper left corner of the image.
  package var left, top, right, bottom: Double
  /// What the label says.
  package var name: String
  /// The probability that the label gives too, if there is one.
  package var score: Double?
  /// Chooses the colour; boxes of one class share it.
  package var classIndex: Int

  /// Describes a box by its edges in pixels, its class and, for a detection, its score.
  package init(
    left: Double, top: Double, right: Double, bottom: Double, name: String, score: Double? = nil, classIndex: Int
  ) {
    (self.left, self.top, self.right, self.bottom) = (left, top, right, bottom)
    (self.name, self.score, self.classIndex) = (name, score, classIndex)
  }
}

/// Draws labelled boxes on an image, readable on any background and at any size of the image.
///
/// Lines and letters grow with the image. Around a box runs a rim, dark or bright to contrast with
/// its colour; its label stands on a plate of the box's colour. Plates stay inside the image and avoid each other where one of the usual places is free; higher scores choose first.
package struct BoxPainter {
  /// Twenty colours that are easy to tell apart (Trubetskoy, *List of 20 Simple, Distinct Colors*, 2017).
  private static let palette: [Color] = [
    0xE6194B, 0x3CB44B, 0xFFE119, 0x4363D8, 0xF58231, 0x911EB4, 0x42D4F4, 0xF032E6, 0xBFEF45, 0xFABED4,
    0x469990, 0xDCBEFF, 0x9A6324, 0xFFFAC8, 0x800000, 0xAAFFC3, 0x808000, 0xFFD8B1, 0x000075, 0xA9A9A9,
  ].map(Color.init(hex:))

  private let canvas: Canvas
  private let lineWidth: Double
  private let fontSize: Double

  package init(_ image: Image) {
    canvas = Canvas(image)
    let side = (Double(image.width) * Double(image.height)).squareRoot()
    lineWidth = max(1.5, side / 200)
    fontSize = max(11, side / 32)
  }

  /// The image with boxes and labels on it.
  package static func paint(_ boxes: [LabelledBox], on image: Image) -> Image {
    let painter = BoxPainter(image)
    // The highest score is drawn last, on top.
    let order = boxes.indices.sorted { (boxes[$0].score ?? 1, $1) < (boxes[$1].score ?? 1, $0) }
    for index in order { painter.drawOutline(boxes[index]) }
    for plate in painter.plates(for: order.map { boxes[$0] }).reversed() { painter.draw(plate) }
    return painter.canvas.image()
  }

  /// The colour of a class, repeating after twenty.
  package static func color(ofClass index: Int) -> Color {
    let count = palette.count
    return palette[(index % count + count) % count]
  }

  private func drawOutline(_ box: LabelledBox) {
    let rim = max(1, lineWidth / 4)
    let margin = lineWidth / 2 + rim
    let (left, right) = clamp(box.left, box.right, to: Double(canvas.width), margin: margin)
    let (top, bottom) = clamp(box.top, box.bottom, to: Double(canvas.height), margin: margin)
    let outline = Path.rectangle(left: left, top: top, width: right - left, height: bottom - top)
    let color = Self.color(ofClass: box.classIndex)
    canvas.stroke(outline, with: color.contrast.withAlpha(0.7), LineStyle(width: lineWidth + 2 * rim))
    canvas.stroke(outline, with: color, LineStyle(width: lineWidth))
  }

  /// Two opposite edges moved inside the image.
  private func clamp(_ low: Double, _ high: Double, to limit: Double, margin: Double) -> (Double, Double) {
    func inside(_ value: Double) -> Double { max(min(value, limit - margin), min(margin, limit / 2)) }
    return (inside(min(low, high)), inside(max(low, high)))
  }

  private func draw(_ plate: LabelPlate) {
    let color = Self.color(ofClass: plate.classIndex)
    let area = Path.rectangle(
      left: plate.left, top: plate.top, width: plate.width, height: plate.height, cornerRadius: plate.padding)
    canvas.fill(area, with: color)
    canvas.draw(plate.text, at: plate.baseline, font: plate.font, color: color.contrast)
  }

  /// A place for each label; the last box chooses first.
  package func plates(for boxes: [LabelledBox]) -> [LabelPlate] {
    var placed: [LabelPlate] = []
    for box in boxes.reversed() {
      let plate = LabelPlate(box, canvas: canvas, fontSize: fontSize)
      let candidates = plate.candidates(box, gap: lineWidth / 2, canvas: canvas)
      placed.append(
        candidates.first { candidate in placed.allSatisfy { $0.overlap(candidate) == 0 } }
          ?? candidates.min { first, second in
            placed.map(first.overlap).reduce(0, +) < placed.map(second.overlap).reduce(0, +)
          } ?? plate)
    }
    return placed
  }
}

/// A line of text on a filled rectangle, in pixels.
package struct LabelPlate {
  package let text: String
  let classIndex: Int
  let font: Font
  package let textSize: TextSize
  let padding: Double
  package var left = 0.0
  package var top = 0.0

  package var width: Double { textSize.width + 2 * padding }
  package var height: Double { textSize.height + padding }
  package var baseline: Point { Point(x: left + padding, y: top + padding / 2 + textSize.ascent) }

  /// Writes smaller where the text would not fit into the image.
  init(_ box: LabelledBox, canvas: Canvas, fontSize: Double) {
    let text = box.name + (box.score.map { String(format: " %.2f", $0) } ?? "")
    (self.text, classIndex) = (text, box.classIndex)
    func proportions(_ size: Double) -> (font: Font, text: TextSize, padding: Double) {
      let font = Font(size: size, isBold: true)
      return (font, canvas.measure(text, font: font), size * 0.25)
    }
    let full = proportions(fontSize)
    let room = min(
      Double(canvas.width) / (full.text.width + 2 * full.padding),
      Double(canvas.height) / (full.text.height + full.padding))
    (font, textSize, padding) = room < 1 ? proportions(fontSize * room) : full
  }

  /// The usual places from best to worst: above the box, inside its top, below, inside its bottom, each at the left and
  /// at the right edge; moved into the image.
  func candidates(_ box: LabelledBox, gap: Double, canvas: Canvas) -> [LabelPlate] {
    let rows = [box.top - gap - height, box.top + gap, box.bottom + gap, box.bottom - gap - height]
    let columns = [box.left - gap, box.right + gap - width]
    let fitting = rows.filter { $0 >= 0 && $0 + height <= Double(canvas.height) }
    return (fitting.isEmpty ? rows : fitting).flatMap { row in
      columns.map { column in
        var plate = self
        plate.left = max(0, min(column, Double(canvas.width) - width))
        plate.top = max(0, min(row, Double(canvas.height) - height))
        return plate
      }
    }
  }

  /// The area common to two plates.
  package func overlap(_ other: LabelPlate) -> Double {
    let common = (
      width: min(left + width, other.left + other.width) - max(left, other.left),
      height: min(top + height, other.top + other.height) - max(top, other.top)
    )
    return max(0, common.width) * max(0, common.height)
  }
}
