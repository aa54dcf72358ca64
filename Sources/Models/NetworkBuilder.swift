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
    /// Factor on the learning rate of the base network.
    package var baseRateMultiplier: Float = 1
    /// How convolutions are computed.
    package var convolutionMethod: ConvolutionMethod
    /// What maps consist of; float32 where ``ConvolutionMethod/columns`` computes convolutions.
    package var precision: Precision
    /// Whether batch normalisations keep what they have learned.
    package var freezesNormalization = false
    /// Whether weight decay acts on scales and shifts of batch normalisations.
    package var decaysNormalization = false

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
  var layout: VariableLayout
  let options: Options
  /// The layer behind the base network; nil where there is none.
  private let firstNewLayer: String?
  /// What channel counts are multiples of.
  private let channelStep: Int

  init(_ architecture: Architecture, _ options: Options, layout: VariableLayout = VariableLayout()) {
    graph = LayerGraph(
      inputHeight: architecture.input.height, inputWidth: architecture.input.width, inputChannels: 3,
      precision: options.convolutionMethod == .columns ? .float32 : options.precision)
    channelStep = architecture.hasBatchNormalization ? 8 : 1
    self.options = options
    self.layout = layout
    firstNewLayer = architecture.base?.firstNewLayer
    self.layout.rateMultiplier = firstNewLayer == nil ? 1 : options.baseRateMultiplier
  }

  /// A channel count at full width, scaled: to the nearest multiple of 8 in MobileNets, which may not be below nine tenths of it.
  ///
  /// ### Source
  /// `make_divisible` of MobileNet's release.
  func scaled(_ channels: Int) -> Int {
    Self.rounded(Float(channels) * options.widthMultiplier, to: channelStep)
  }

  /// A channel count to the nearest multiple of `step`, at least one, which may not be below nine tenths of it.
  static func rounded(_ channels: Float, to step: Int) -> Int {
    let nearest = max(step, Int((channels / Float(step)).rounded()) * step)
    return step > 1 && Float(nearest) < 0.9 * channels ? nearest + step : nearest
  }

  /// A convolution with `channels` · width multiplier outputs.
  mutating func convolution(
    _ name: String, variable: String, of map: LayerGraph.Map, to channels: Int, kernel: Int, stride: Int = 1,
    padding: Padding = 0, dilation: Int = 1, activation: Activation = .relu
  ) -> LayerGraph.Map {
    exactConvolution(
      name, variable: variable, of: map, to: scaled(channels), kernel: kernel, stride: stride, padding: padding,
      dilation: dilation, activation: activation)
  }

  /// A convolution with exactly `channels` outputs.
  mutating func exactConvolution(
    _ name: String, variable: String, of map: LayerGraph.Map, to channels: Int, kernel: Int, stride: Int = 1,
    padding: Padding = 0, dilation: Int = 1, activation: Activation = .identity, hasBias: Bool = true,
    normalization: NormalizationPlace? = nil, isResult: Bool = false
  ) -> LayerGraph.Map {
    if name == firstNewLayer { layout.rateMultiplier = 1 }
    // OpenBLAS cannot read maps that are still to be normalised.
    let method =
      normalization != nil || (kernel == 1 && channelStep > 1) ? .blockedColumns : options.convolutionMethod
    let layer = Convolution(
      name, variableName: variable, kernel: kernel, stride: stride, padding: padding, dilation: dilation,
      from: graph.shape(map).channels, to: channels, activation: activation, hasBias: hasBias,
      normalization: normalization, biasRateMultiplier: options.biasRateMultiplier, method: method,
      isResult: isResult, layout: &layout)
    return graph.add(layer, to: map)
  }

  /// The predictor of a source map, with exactly `channels` outputs.
  mutating func predictor(
    _ kind: Architecture.Predictor.Kind, _ name: String, variable: String, of map: LayerGraph.Map, isLast: Bool,
    to channels: Int
  ) -> LayerGraph.Map {
    switch kind {
    case .convolution:
      exactConvolution(name, variable: variable, of: map, to: channels, kernel: 3, padding: 1, isResult: true)
    case .separable(let predictor): predictor.append(name, variable, map, isLast: isLast, to: channels, &self)
    }
  }

  /// A channel L2 normalisation whose scale starts at `scale` · √(width multiplier), so that a channel's values are as large at any width.
  mutating func normalization(
    _ name: String, variable: String, of map: LayerGraph.Map, scale: Float
  ) -> LayerGraph.Map {
    // New, though it may lie within the base network.
    let rateMultiplier = layout.rateMultiplier
    layout.rateMultiplier = 1
    defer { layout.rateMultiplier = rateMultiplier }
    let layer = ChannelL2Normalization(
      name, variableName: variable, channels: graph.shape(map).channels,
      start: scale * options.widthMultiplier.squareRoot(), layout: &layout)
    return graph.add(layer, to: map)
  }
}
