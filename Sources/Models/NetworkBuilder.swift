import Kernels
import Layers
import Tensors

/// A graph and its variables under construction. Channel counts are given at full width and scaled here.
package struct NetworkBuilder {
  /// What a network may be varied by.
  package struct Options: Sendable {
    /// Factor on the channel counts of the base network and the extra layers.
    package var widthMultiplier: Float
    /// Factor on the learning rate of biases.
    package var biasRateMultiplier: Float
    /// How convolutions are computed.
    package var convolutionMethod: ConvolutionMethod
    /// What they multiply.
    package var precision: Precision

    /// The network as it was published, by default.
    package init(
      widthMultiplier: Float = 1, biasRateMultiplier: Float = 1, convolutionMethod: ConvolutionMethod = .fastest,
      precision: Precision = .float32
    ) {
      self.widthMultiplier = widthMultiplier
      self.biasRateMultiplier = biasRateMultiplier
      self.convolutionMethod = convolutionMethod
      self.precision = precision
    }
  }

  var graph: LayerGraph
  var layout = VariableLayout()
  let options: Options

  init(_ input: ImageInput, _ options: Options) {
    graph = LayerGraph(inputHeight: input.height, inputWidth: input.width, inputChannels: 3)
    self.options = options
  }

  /// A convolution with `channels` · width multiplier outputs.
  mutating func convolution(
    _ name: String, variable: String, of map: LayerGraph.Map, to channels: Int, kernel: Int, stride: Int = 1,
    padding: Int = 0, dilation: Int = 1, activation: Activation = .relu
  ) -> LayerGraph.Map {
    let scaled = max(1, Int((Float(channels) * options.widthMultiplier).rounded()))
    let layer = Convolution(
      name, variableName: variable, kernel: kernel, stride: stride, padding: padding, dilation: dilation,
      from: graph.shape(map).channels, to: scaled, activation: activation,
      biasRateMultiplier: options.biasRateMultiplier, method: options.convolutionMethod,
      precision: options.precision, layout: &layout)
    return graph.add(layer, to: map)
  }

  /// A linear 3×3 convolution with exactly `channels` outputs: a prediction.
  mutating func predictor(_ name: String, variable: String, of map: LayerGraph.Map, to channels: Int) -> LayerGraph.Map
  {
    let layer = Convolution(
      name, variableName: variable, kernel: 3, padding: 1, from: graph.shape(map).channels, to: channels,
      activation: .identity, biasRateMultiplier: options.biasRateMultiplier, method: options.convolutionMethod,
      precision: options.precision, layout: &layout)
    return graph.add(layer, to: map)
  }

  /// A channel L2 normalisation whose scale starts at `scale` · √(width multiplier), so that a channel's values are as large at any width.
  mutating func normalization(
    _ name: String, variable: String, of map: LayerGraph.Map, scale: Float
  ) -> LayerGraph.Map {
    let layer = ChannelL2Normalization(
      name, variableName: variable, channels: graph.shape(map).channels,
      start: scale * options.widthMultiplier.squareRoot(), layout: &layout)
    return graph.add(layer, to: map)
  }
}
