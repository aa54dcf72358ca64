import Kernels
import Tensors

/// The mean of every channel over the pixels of an image, in float32: [batch, height, width, channels] → [batch, 1, 1, channels].
///
/// It reads maps that are still to be normalised.
package struct GlobalAveragePooling: Layer {
  /// See ``Layer/name``.
  package let name: String

  /// Declares the layer.
  package init(_ name: String) { self.name = name }

  /// None.
  package var variables: [Variable] { [] }

  /// See ``Layer/outputShape(for:)``.
  package func outputShape(for inputs: [Shape]) -> Shape {
    Shape(batch: inputs[0].batch, height: 1, width: 1, channels: inputs[0].channels)
  }

  /// Nothing is kept, and multiply–adds are not counted.
  package func demand(for inputs: [Shape], _ mode: Mode) -> Demand {
    Demand(
      scratch: ScratchSize(
        floatsPerWorker: inputs[0].channels, commonFloats: inputs[0].batch * 2 * inputs[0].channels))
  }

  /// See ``Layer/forward(_:)``.
  package func forward(_ pass: ForwardPass) {
    let input = pass.inputs[0]
    let (pixels, channels) = (input.tensor.shape.height * input.tensor.shape.width, input.tensor.shape.channels)
    pass.context.pool.forEach(input.tensor.shape.batch) { image, _ in
      let mean = pass.output.floats(image: image)
      pass.context.kernels.maps(input.tensor.shape.precision).normalizedSums(
        rows: pixels, channels: channels, input.tensor.image(image), input.reading ?? Normalization(), factors: nil,
        into: mean)
      for channel in 0..<channels { mean[channel] /= Float(pixels) }
    }
  }

  /// Every pixel has an equal part of the gradient of the mean. The normalisation in front gets its sums while the map is in the caches.
  package func backward(_ pass: BackwardPass) {
    guard let inputGradient = pass.inputGradient else { return }
    let (input, target, sums) = (pass.forward.inputs[0], inputGradient.tensor, pass.context.scratch)
    let normalization = inputGradient.isLast ? input.pending : nil
    let (pixels, channels) = (target.shape.height * target.shape.width, target.shape.channels)
    let kernels = pass.context.kernels.maps(target.shape.precision)
    pass.context.pool.forEach(target.shape.batch) { image, worker in
      let (gradient, part) = (pass.outputGradient.floats(image: image), pass.context.scratch(worker: worker))
      for channel in 0..<channels { part[channel] = gradient[channel] / Float(pixels) }
      let rows = target.image(image)
      if !inputGradient.accumulates {
        rows.initializeMemory(
          as: UInt8.self, repeating: 0, count: pixels * channels * target.shape.precision.byteCount)
      }
      kernels.normalize(
        rows: pixels, channels: channels, rows, Normalization(shift: part), into: rows)
      if let normalization, let wanted = normalization.gradientSums {
        kernels.normalizationGradientSums(
          rows: pixels, channels: channels, input.tensor.image(image), normalization.reading, mean: wanted.mean,
          outputGradient: rows, into: sums + image * 2 * channels)
      }
    }
    normalization?.gradientSums?.set(sums, parts: target.shape.batch, channels: channels, context: pass.context)
  }
}
