import Kernels
import Tensors

/// Multiplies every channel of an image by a gate: y[b, i, j, c] = x[b, i, j, c] · g[b, c], g = min(max(l + 3, 0), 6) / 6, the hard sigmoid of l.
/// With what computes l from the means of x it is a squeeze-and-excitation.
///
/// The map in memory stays as it is; readers multiply.
///
/// ### Shapes
/// x, y: [batch, height, width, channels]; l: [batch, 1, 1, channels].
///
/// ### Source
/// Hu, Shen and Sun, *Squeeze-and-Excitation Networks*, 2018; with the hard sigmoid of Howard et al. 2019.
package struct ChannelGate: Layer {
  /// See ``Layer/name``.
  package let name: String

  /// Declares the layer.
  package init(_ name: String) { self.name = name }

  /// None.
  package var variables: [Variable] { [] }
  /// The map stays where it is.
  package var sharing: Sharing { .everything }

  /// The shape of x; the gate is float32.
  package func outputShape(for inputs: [Shape]) -> Shape {
    precondition(
      inputs[1] == Shape(batch: inputs[0].batch, height: 1, width: 1, channels: inputs[0].channels),
      "\(name): a gate \(inputs[1]) for \(inputs[0])")
    return inputs[0]
  }

  /// The gates are kept, and x.
  package func demand(for inputs: [Shape], _ mode: Mode) -> Demand {
    Demand(
      stateBytes: inputs[1].count * MemoryLayout<Float>.stride,
      scratch: ScratchSize(floatsPerWorker: inputs[0].channels), keepsInputs: true, describesOutput: true)
  }

  /// See ``Layer/pending(state:input:_:)``.
  package func pending(
    state: UnsafeMutableRawPointer, input: PendingNormalization?, _ mode: Mode
  ) -> PendingNormalization? {
    var reading = input?.reading ?? Normalization()
    precondition(reading.gate == nil, "\(name): a gate behind a gate")
    reading.gate = UnsafePointer(state.assumingMemoryBound(to: Float.self))
    return PendingNormalization(reading: reading)
  }

  /// See ``Layer/forward(_:)``.
  package func forward(_ pass: ForwardPass) {
    let logits = pass.inputs[1]
    precondition(logits.reading == nil, "\(name): logits that are still to be normalised")
    for (index, logit) in logits.tensor.floats.enumerated() {
      // A NaN passes through.
      let raised = logit + 3
      pass.floats[index] = (raised < 0 ? 0 : raised > 6 ? 6 : raised) / 6
    }
  }

  /// dl = Σ_pixels dy · x / 6 where l is inside −3 … 3; dx = dy · g, in place of dy.
  package func backward(_ pass: BackwardPass) {
    let (map, logits) = (pass.forward.inputs[0], pass.forward.inputs[1].tensor)
    let (pixels, channels) = (map.tensor.shape.height * map.tensor.shape.width, map.tensor.shape.channels)
    let gates = pass.forward.floats
    let kernels = pass.context.kernels.maps(map.tensor.shape.precision)
    pass.context.pool.forEach(map.tensor.shape.batch) { image, worker in
      let gradient = pass.outputGradient.image(image)
      if let logitGradient = pass.inputGradients[1] {
        let (sums, target) = (pass.context.scratch(worker: worker), logitGradient.tensor.floats(image: image))
        kernels.normalizedSums(
          rows: pixels, channels: channels, map.tensor.image(image), map.reading ?? Normalization(),
          factors: gradient, into: sums)
        for channel in 0..<channels {
          let logit = logits.floats(image: image)[channel]
          let slope = logit > -3 && logit < 3 ? sums[channel] / 6 : 0
          target[channel] = logitGradient.accumulates ? target[channel] + slope : slope
        }
      }
      if pass.inputGradients[0] != nil {
        kernels.normalize(
          rows: pixels, channels: channels, gradient, Normalization(scale: gates + image * channels), into: gradient)
      }
    }
  }
}
