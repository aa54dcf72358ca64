import Layers

/// Convolutions in front of a batch normalisation: they have no bias, and what reads their maps normalises them.
struct NormalizedLayers {
  /// ε and momentum.
  let settings: BatchNormalization.Settings
  /// Zeros around maps where the stride is 2.
  var strided: (_ kernel: Int) -> Padding = { .symmetric($0 / 2) }
  /// The names of the variables of a convolution and its normalisation.
  let names: Names

  /// How names of variables are made.
  enum Names {
    /// "NAME.0.weight" and "NAME.1.bias", as in a `Sequential` of PyTorch.
    case numbered
    /// "NAME.conv.weight" and "NAME.bn.bias", as mmdetection does.
    case named

    func parts(of name: String) -> (kernel: String, normalization: String) {
      switch self {
      case .numbered: (name + ".0", name + ".1")
      case .named: (name + ".conv", name + ".bn")
      }
    }
  }
}

extension NetworkBuilder {
  /// A convolution and its batch normalisation, with exactly `channels` outputs.
  ///
  /// - Parameters:
  ///   - variables: names of the convolution and the normalisation.
  ///   - isComputed: see ``NormalizationPlace/isComputed``.
  mutating func normalizedConvolution(
    _ name: String, _ variables: (kernel: String, normalization: String), of map: LayerGraph.Map, to channels: Int,
    kernel: Int = 1, stride: Int = 1, _ layers: NormalizedLayers, activation: Activation, isComputed: Bool = false
  ) -> LayerGraph.Map {
    exactConvolution(
      name, variable: variables.kernel, of: map, to: channels, kernel: kernel, stride: stride,
      padding: padding(kernel: kernel, stride: stride, layers), activation: activation, hasBias: false,
      normalization: place(variables.normalization, layers, isComputed: isComputed))
  }

  /// A depthwise convolution and its batch normalisation.
  mutating func depthwise(
    _ name: String, _ variables: (kernel: String, normalization: String), of map: LayerGraph.Map, kernel: Int = 3,
    stride: Int = 1, hasBias: Bool = false, _ layers: NormalizedLayers, activation: Activation
  ) -> LayerGraph.Map {
    let layer = DepthwiseConvolution(
      name, variableName: variables.kernel, kernel: kernel, stride: stride,
      padding: padding(kernel: kernel, stride: stride, layers), channels: graph.shape(map).channels, hasBias: hasBias,
      normalization: place(variables.normalization, layers), activation: activation,
      biasRateMultiplier: options.biasRateMultiplier, layout: &layout)
    return graph.add(layer, to: map)
  }

  private func padding(kernel: Int, stride: Int, _ layers: NormalizedLayers) -> Padding {
    stride == 1 ? .symmetric(kernel / 2) : layers.strided(kernel)
  }

  private func place(_ name: String, _ layers: NormalizedLayers, isComputed: Bool = false) -> NormalizationPlace {
    var settings = layers.settings
    settings.isFrozen = options.freezesNormalization
    settings.decays = options.decaysNormalization
    return NormalizationPlace(variableName: name, settings, isComputed: isComputed)
  }
}
