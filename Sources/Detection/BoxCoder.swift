import Glibc

/// Divisors of the encoded centre and size offsets, which bring both to about unit variance.
///
/// The default is the authors' release and every published weight file; (center: 0.2, size: 0.1) has the two exchanged.
/// A network only makes sense together with the variances it was trained with.
package struct BoxVariances: Sendable, Equatable {
  /// Divides the offset of the centre.
  package var center: Float
  /// Divides the logarithm of the size ratio.
  package var size: Float

  /// Creates a pair of variances.
  ///
  /// - Precondition: both are positive.
  package init(center: Float = 0.1, size: Float = 0.2) {
    precondition(center > 0 && size > 0, "variances must be positive, got center \(center), size \(size)")
    self.center = center
    self.size = size
  }
}

/// A box relative to a default box: (centre x, centre y, width, height), the network's regression output. No unit.
package typealias Location = SIMD4<Float>

/// Converts boxes to locations, the regression targets relative to default boxes, and back.
///
///     l.x = (g.centerX − d.centerX) / (d.width · variances.center)      l.z = log(g.width / d.width) / variances.size
///
/// and likewise l.y, l.w with the vertical centre and the height. `decode(encode(g, d), d) == g` up to rounding.
///
/// ### Source
/// Liu et al. 2016, section 2.2, equation 2; variances from the authors' release.
package struct BoxCoder: Sendable, Equatable {
  /// Largest log(decoded size / default size): 1000 / 16. An untrained network cannot overflow the exponential.
  ///
  /// ### Source
  /// torchvision, `BoxCoder.bbox_xform_clip`.
  package static let maximumLogSize = log(Float(1000) / 16)

  /// Divisors of the offsets.
  package let variances: BoxVariances

  /// Creates a coder.
  package init(variances: BoxVariances = BoxVariances()) {
    self.variances = variances
  }

  /// The location of `box` relative to `defaultBox`.
  ///
  /// - Precondition: both boxes have positive width and height.
  package func encode(_ box: CornerBox, relativeTo defaultBox: CenterBox) -> Location {
    precondition(
      box.isNondegenerate && defaultBox.width > 0 && defaultBox.height > 0,
      "cannot encode \(box) relative to \(defaultBox): sizes must be positive")
    let box = box.centered
    return Location(
      (box.centerX - defaultBox.centerX) / defaultBox.width / variances.center,
      (box.centerY - defaultBox.centerY) / defaultBox.height / variances.center,
      log(box.width / defaultBox.width) / variances.size,
      log(box.height / defaultBox.height) / variances.size)
  }

  /// The box at `location` relative to `defaultBox`; at most 62.5 times as wide and high as the default box.
  ///
  /// A location that is not finite gives a box that is not finite.
  package func decode(_ location: Location, relativeTo defaultBox: CenterBox) -> CenterBox {
    CenterBox(
      centerX: defaultBox.centerX + location.x * variances.center * defaultBox.width,
      centerY: defaultBox.centerY + location.y * variances.center * defaultBox.height,
      width: defaultBox.width * sizeFactor(location.z),
      height: defaultBox.height * sizeFactor(location.w))
  }

  private func sizeFactor(_ encoded: Float) -> Float {
    let logarithm = encoded * variances.size
    return exp(logarithm > Self.maximumLogSize ? Self.maximumLogSize : logarithm)
  }
}
