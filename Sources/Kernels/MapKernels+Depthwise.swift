import CKernels

/// Depthwise convolutions: every channel by itself with a kernel [taps][channels].
extension MapKernels {
  /// Rows of the output maps of all images, counted through them: y = finish(Σ_tap x · w[tap]), with x normalised when it is read
  /// and 0 outside the map.
  ///
  /// - Parameters:
  ///   - scratch: ``DepthwiseGeometry/scratchCount`` floats.
  ///   - moments: of what `finish` applies f to, by channel: the means over the rows, then the sums of squared deviations; nil where
  ///     they are not wanted.
  package func depthwiseRows(
    _ geometry: DepthwiseGeometry, _ rows: Range<Int>, _ x: UnsafeRawPointer, reading: Normalization?,
    weights: UnsafePointer<Float>, finish: Normalization, _ writing: MapWriting,
    scratch: UnsafeMutablePointer<Float>, moments: UnsafeMutablePointer<Float>?, into y: UnsafeMutableRawPointer
  ) {
    precondition(rows.lowerBound >= 0 && !rows.isEmpty, "rows \(rows)")
    precondition(reading?.gate == nil && finish.gate == nil, "a gate in front of a depthwise convolution")
    precondition(writing != .adds, "outputs that are added to a map")
    withUnsafePointer(to: geometry.c) { geometry in
      withPointer(to: reading?.c) { reading in
        withPointer(to: finish.c) { finish in
          table.pointee.depthwise_rows(
            geometry, rows.lowerBound, rows.upperBound, x, reading, weights, finish, writing.c, scratch, moments,
            y)
        }
      }
    }
  }

  /// What a depthwise convolution reads, for its gradient.
  package struct DepthwiseInput {
    /// The map.
    package let x: UnsafeRawPointer
    /// What is done to it when it is read.
    package let reading: Normalization?
    /// What is subtracted from x in the second of ``sums``; nil where these are not wanted.
    package let mean: UnsafePointer<Float>?

    package init(x: UnsafeRawPointer, reading: Normalization?, mean: UnsafePointer<Float>? = nil) {
      (self.x, self.reading, self.mean) = (x, reading, mean)
    }
  }

  /// Rows of the gradient of the input maps of all images, counted through them, and what they add to the gradients of kernel and bias.
  ///
  /// - Parameters:
  ///   - z: what the convolution has written, and `gradient` how its gradient follows from that of the normalisation behind it.
  ///   - inputGradient: nil where it is not wanted.
  ///   - weightSums: [taps][channels], set.
  ///   - biasSums: set; every row of the output counts with the first row of the input under its window. Nil without a bias.
  ///   - sums: those of ``normalizationGradientSums(rows:channels:_:_:mean:outputGradient:into:)`` of the input and its whole gradient; nil
  ///     where they are not wanted.
  package func depthwiseGradientRows(
    _ geometry: DepthwiseGeometry, _ rows: Range<Int>, _ input: DepthwiseInput, weights: UnsafePointer<Float>,
    z: UnsafeRawPointer, _ gradient: NormalizationGradient, outputGradient: UnsafeRawPointer,
    _ writing: MapWriting, scratch: UnsafeMutablePointer<Float>, into inputGradient: UnsafeMutableRawPointer?,
    weightSums: UnsafeMutablePointer<Float>, biasSums: UnsafeMutablePointer<Float>?,
    sums: UnsafeMutablePointer<Float>?
  ) {
    precondition(rows.lowerBound >= 0 && !rows.isEmpty, "rows \(rows)")
    precondition(input.reading?.gate == nil, "a gate in front of a depthwise convolution")
    precondition(
      sums == nil || (input.reading != nil && input.mean != nil && inputGradient != nil), "sums of no gradient")
    withUnsafePointer(to: geometry.c) { geometry in
      withPointer(to: input.reading?.c) { reading in
        withUnsafePointer(to: gradient.c) { gradient in
          table.pointee.depthwise_gradient_rows(
            geometry, rows.lowerBound, rows.upperBound, input.x, reading, input.mean, weights, z, gradient,
            outputGradient, writing.c, scratch, inputGradient, weightSums, biasSums, sums)
        }
      }
    }
  }
}
