import Layers

/// The VGG-16 base network as SSD reshapes it: fc6 becomes a dilated convolution (conv6), fc7 a pointwise one (conv7), pool5 keeps
/// the resolution, and the classifier is gone.
///
/// ### Source
/// Simonyan and Zisserman, *Very Deep Convolutional Networks*, 2015; Liu et al. 2016, section 3. Variable names are torchvision's.
struct VGG16 {
  /// conv4_3 after the ReLU, scaled by channel L2 normalisation.
  let conv4: LayerGraph.Map
  /// conv7 after the ReLU.
  let conv7: LayerGraph.Map

  /// conv1_1 to conv5_3, as an ImageNet classifier has them.
  static let base = Architecture.Base(
    firstNewLayer: "conv6", lastTensor: "backbone.extra.0.5.weight", firstNewTensor: "backbone.extra.0.7.1.weight",
    spread: 64,
    names: [.caffe, .amdegrootBase, .amdegroot, .lufficc, .torchvisionVGG16Features, .torchvisionVGG16],
    subsamplings: [
      "backbone.extra.0.7.1.weight": fc6, "backbone.extra.0.7.1.bias": fc6, "backbone.extra.0.7.3.weight": fc7,
      "backbone.extra.0.7.3.bias": fc7,
    ])

  /// From 4096 outputs of 7×7×512 inputs to 1024 of 3×3×512.
  private static let fc6 = Subsampling(outputs: 4, inputs: 1, side: 7)
  /// From 4096 outputs and inputs to 1024.
  private static let fc7 = Subsampling(outputs: 4, inputs: 4, side: 1)

  /// Of ImageNet's images.
  static let inputMean: [Float] = [122.99925, 116.9991, 103.9992]

  /// The first value of the scale of conv4_3 at full width. Liu et al. 2016, section 3.1.
  private static let normalizationScale: Float = 20

  private enum Stage {
    case convolution(String, variable: String, to: Int)
    case pool(MaxPooling)
  }

  private static let untilConv4: [Stage] = [
    .convolution("conv1_1", variable: "features.0", to: 64),
    .convolution("conv1_2", variable: "features.2", to: 64),
    .pool(MaxPooling("pool1", kernel: 2, stride: 2, ceilMode: true)),
    .convolution("conv2_1", variable: "features.5", to: 128),
    .convolution("conv2_2", variable: "features.7", to: 128),
    .pool(MaxPooling("pool2", kernel: 2, stride: 2, ceilMode: true)),
    .convolution("conv3_1", variable: "features.10", to: 256),
    .convolution("conv3_2", variable: "features.12", to: 256),
    .convolution("conv3_3", variable: "features.14", to: 256),
    .pool(MaxPooling("pool3", kernel: 2, stride: 2, ceilMode: true)),
    .convolution("conv4_1", variable: "features.17", to: 512),
    .convolution("conv4_2", variable: "features.19", to: 512),
    .convolution("conv4_3", variable: "features.21", to: 512),
  ]

  private static let afterConv4: [Stage] = [
    .pool(MaxPooling("pool4", kernel: 2, stride: 2, ceilMode: true)),
    .convolution("conv5_1", variable: "extra.0.1", to: 512),
    .convolution("conv5_2", variable: "extra.0.3", to: 512),
    .convolution("conv5_3", variable: "extra.0.5", to: 512),
    .pool(MaxPooling("pool5", kernel: 3, stride: 1, padding: 1)),
  ]

  /// Appends the base network to a builder.
  init(_ builder: inout NetworkBuilder) {
    var map = Self.append(Self.untilConv4, to: builder.graph.input, &builder)
    conv4 = builder.normalization(
      "conv4_3_norm", variable: "backbone.scale_weight", of: map, scale: Self.normalizationScale)
    map = Self.append(Self.afterConv4, to: map, &builder)
    map = builder.convolution(
      Self.base.firstNewLayer, variable: "backbone.extra.0.7.1", of: map, to: 1024, kernel: 3, padding: 6, dilation: 6)
    conv7 = builder.convolution("conv7", variable: "backbone.extra.0.7.3", of: map, to: 1024, kernel: 1)
  }

  private static func append(
    _ stages: [Stage], to input: LayerGraph.Map, _ builder: inout NetworkBuilder
  ) -> LayerGraph.Map {
    stages.reduce(input) { map, stage in
      switch stage {
      case .convolution(let name, let variable, let channels):
        builder.convolution(name, variable: "backbone." + variable, of: map, to: channels, kernel: 3, padding: 1)
      case .pool(let layer): builder.graph.add(layer, to: map)
      }
    }
  }
}
