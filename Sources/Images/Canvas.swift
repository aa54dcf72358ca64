import CCairo

/// An image to draw on with anti-aliased lines, areas and text.
///
/// Coordinates are pixels from the upper left corner of the image: the first pixel covers 0...1 in both directions.
package final class Canvas {
  /// The number of columns.
  package let width: Int
  /// The number of rows.
  package let height: Int
  private let surface: OpaquePointer
  let context: OpaquePointer

  /// An image of one colour.
  ///
  /// - Precondition: the sides are within 1...`Image.largestSide`.
  package init(width: Int, height: Int, background: Color) {
    let sides = 1...Image.largestSide
    precondition(
      sides.contains(width) && sides.contains(height), "a canvas of \(width)×\(height) pixels is outside \(sides)")
    guard let surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(width), Int32(height)),
      cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS, let context = cairo_create(surface)
    else { fatalError("no memory for a canvas of \(width)×\(height) pixels") }
    (self.width, self.height, self.surface, self.context) = (width, height, surface, context)
    setSource(background)
    cairo_paint(context)
  }

  /// A copy of an image.
  ///
  /// - Precondition: the sides are within 1...`Image.largestSide`; decoded files always are.
  package convenience init(_ image: Image) {
    self.init(width: image.width, height: image.height, background: .black)
    cairo_surface_flush(surface)
    forEachRow { y, row in
      for x in 0..<width {
        let sample = (y &* width &+ x) &* 3
        row[x] =
          UInt32(image.pixels[sample]) << 16 | UInt32(image.pixels[sample &+ 1]) << 8
          | UInt32(image.pixels[sample &+ 2])
      }
    }
    cairo_surface_mark_dirty(surface)
  }

  deinit {
    cairo_destroy(context)
    cairo_surface_destroy(surface)
  }

  /// What has been drawn so far.
  package func image() -> Image {
    cairo_surface_flush(surface)
    let pixels = [UInt8](unsafeUninitializedCapacity: width * height * 3) { pixels, count in
      forEachRow { y, row in
        for x in 0..<width {
          let (sample, color) = ((y &* width &+ x) &* 3, row[x])
          pixels[sample] = UInt8(truncatingIfNeeded: color >> 16)
          pixels[sample &+ 1] = UInt8(truncatingIfNeeded: color >> 8)
          pixels[sample &+ 2] = UInt8(truncatingIfNeeded: color)
        }
      }
      count = width * height * 3
    }
    return Image(width: width, height: height, pixels: pixels)
  }

  /// Calls `body` with each row's pixels, 0x00RRGGBB.
  private func forEachRow(_ body: (Int, UnsafeMutablePointer<UInt32>) -> Void) {
    guard let data = cairo_image_surface_get_data(surface) else { fatalError("a Cairo surface without pixels") }
    let stride = Int(cairo_image_surface_get_stride(surface))
    for y in 0..<height {
      (data + y * stride).withMemoryRebound(to: UInt32.self, capacity: width) { body(y, $0) }
    }
  }

  /// The image as an RGB PNG file.
  func png(path: String) throws -> [UInt8] {
    var bytes = [UInt8]()
    let status = withUnsafeMutablePointer(to: &bytes) { bytes in
      cairo_surface_write_to_png_stream(
        surface,
        { context, data, count in
          context?.assumingMemoryBound(to: [UInt8].self).pointee.append(
            contentsOf: UnsafeBufferPointer(start: data, count: Int(count)))
          return CAIRO_STATUS_SUCCESS
        }, bytes)
    }
    guard status == CAIRO_STATUS_SUCCESS else {
      throw ImageError(path: path, reason: String(cString: cairo_status_to_string(status)))
    }
    return bytes
  }

  /// Lays a Cairo surface over the image, corner on corner.
  func draw(_ other: OpaquePointer?) {
    cairo_set_source_surface(context, other, 0, 0)
    cairo_paint(context)
  }

  func setSource(_ color: Color) {
    cairo_set_source_rgba(context, color.red, color.green, color.blue, color.alpha)
  }
}
