import Layers

/// SSDLite's predictor: a depthwise 3×3 convolution with batch normalisation and ReLU6, and a pointwise convolution with a bias.
///
/// ### Source
/// Sandler et al. 2018, *MobileNetV2*, section 6.2.
package struct SeparablePredictor: Sendable {
  /// ε and momentum.
  let settings: BatchNormalization.Settings
  /// Whether the depthwise convolution has a bias, which the normalisation undoes.
  let hasDepthwiseBias: Bool
  /// Whether the last source map, a single pixel, has a pointwise convolution alone.
  let isLastPointwise: Bool
  /// The names of the depthwise convolution, its normalisation and the pointwise one, behind the predictor's.
  let names: (depthwise: String, normalization: String, pointwise: String)

  func append(
    _ name: String, _ variable: String, _ map: LayerGraph.Map, isLast: Bool, to channels: Int,
    _ builder: inout NetworkBuilder
  ) -> LayerGraph.Map {
    if isLast && isLastPointwise {
      return builder.exactConvolution(name, variable: variable, of: map, to: channels, kernel: 1, isResult: true)
    }
    let filtered = builder.depthwise(
      name + "_depthwise", (variable + names.depthwise, variable + names.normalization), of: map,
      hasBias: hasDepthwiseBias, NormalizedLayers(settings: settings, names: .numbered), activation: .relu6)
    return builder.exactConvolution(
      name, variable: variable + names.pointwise, of: filtered, to: channels, kernel: 1, isResult: true)
  }
}
