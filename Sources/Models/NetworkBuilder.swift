import Kernels
import Layers
import Tensors

/// A graph and its parameters under construction. Channel counts are given at full width and scaled here.
struct NetworkBuilder {
  var graph: LayerGraph
  var layout = ParameterLayout()
  let widthMultiplier: Float
  let convolutionMethod: ConvolutionMethod
  let precision: Precision

  init(
    inputHeight: Int, inputWidth: Int, widthMultiplier: Float, convolutionMethod: ConvolutionMethod,
    precision: Precision
  ) {
    graph = LayerGraph(inputHeight: inputHeight, inputWidth: inputWidth, inputChannels: 3)
    self.widthMultiplier = widthMultiplier
    self.convolutionMethod = convolutionMethod
    self.precision = precision
  }

  /// A convolution with ReLU and `channels` · width multiplier outputs.
  mutating func convolution(
    _ name: String, parameter: String, of map: LayerGraph.Map, to channels: Int, kernel: Int, stride: Int = 1,
    padding: Int = 0, dilation: Int = 1
  ) -> LayerGraph.Map {
    let scaled = max(1, Int((Float(channels) * widthMultiplier).rounded()))
    let layer = Convolution(
      name, parameterName: parameter, kernel: kernel, stride: stride, padding: padding, dilation: dilation,
      from: graph.shape(map).channels, to: scaled, rectifies: true, method: convolutionMethod,
      precision: precision, layout: &layout)
    return graph.add(layer, to: map)
  }

  /// A linear 3×3 convolution with exactly `channels` outputs: a prediction.
  mutating func predictor(_ name: String, parameter: String, of map: LayerGraph.Map, to channels: Int) -> LayerGraph.Map
  {
    let layer = Convolution(
      name, parameterName: parameter, kernel: 3, padding: 1, from: graph.shape(map).channels, to: channels,
      rectifies: false, method: convolutionMethod, precision: precision, layout: &layout)
    return graph.add(layer, to: map)
  }

  mutating func normalization(_ name: String, parameter: String, of map: LayerGraph.Map) -> LayerGraph.Map {
    let layer = ChannelL2Normalization(
      name, parameterName: parameter, channels: graph.shape(map).channels, layout: &layout)
    return graph.add(layer, to: map)
  }
}
