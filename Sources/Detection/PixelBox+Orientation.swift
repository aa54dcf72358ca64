/// Boxes on images whose file asks to turn or mirror them, by EXIF's orientation 1, as it is, to 8.
///
/// ### Source
/// CIPA DC-008 (EXIF 2.3), section 4.6.4.
extension PixelBox {
  /// The box on the image as people see it, from that on the stored rows and columns.
  package func seen(orientation: Int, storedWidth width: Double, storedHeight height: Double) -> PixelBox {
    mapped { x, y in
      switch orientation {
      case 2: (width - x, y)
      case 3: (width - x, height - y)
      case 4: (x, height - y)
      case 5: (y, x)
      case 6: (height - y, x)
      case 7: (height - y, width - x)
      case 8: (y, width - x)
      default: (x, y)
      }
    }
  }

  /// The box on the stored rows and columns, from that on the image as people see it.
  package func stored(orientation: Int, storedWidth width: Double, storedHeight height: Double) -> PixelBox {
    mapped { x, y in
      switch orientation {
      case 2: (width - x, y)
      case 3: (width - x, height - y)
      case 4: (x, height - y)
      case 5: (y, x)
      case 6: (y, height - x)
      case 7: (width - y, height - x)
      case 8: (width - y, x)
      default: (x, y)
      }
    }
  }

  private func mapped(_ place: (_ x: Double, _ y: Double) -> (x: Double, y: Double)) -> PixelBox {
    let (one, other) = (place(xMin, yMin), place(xMax, yMax))
    return PixelBox(
      xMin: min(one.x, other.x), yMin: min(one.y, other.y), xMax: max(one.x, other.x), yMax: max(one.y, other.y))
  }
}
