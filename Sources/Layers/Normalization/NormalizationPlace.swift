import Tensors

/// A batch normalisation behind a convolution.
package struct NormalizationPlace: Sendable {
  /// Before ".weight", ".bias", ".running_mean" and ".running_var".
  package var variableName: String
  /// ε, and how averages move.
  package var settings: BatchNormalization.Settings
  /// Whether the normalised map is computed, because some layer that reads it cannot do so itself.
  package var isComputed: Bool

  /// Left to the readers, by default.
  package init(variableName: String, _ settings: BatchNormalization.Settings, isComputed: Bool = false) {
    self.variableName = variableName
    self.settings = settings
    self.isComputed = isComputed
  }

  func output(channels: Int, activation: Activation, layout: inout VariableLayout) -> NormalizedOutput {
    NormalizedOutput(
      normalization: BatchNormalization(
        variableName: variableName, channels: channels, settings, activation: activation, layout: &layout),
      isComputed: isComputed)
  }
}
