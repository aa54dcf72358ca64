/// The loss or a gradient became infinite or not a number. The newest checkpoint is from before.
package struct NonFiniteLossError: SharedFailure, CustomStringConvertible {
  /// Names the iteration, rank, images, the parts of the loss and the layer in which it began.
  package let description: String

  package init(iteration: Int, _ loss: NonFiniteLoss, rank: Int, images: [String], layer: String?) {
    description = """
      iteration \(iteration): the loss is not finite (confidence \(loss.sums.confidence), location \(loss.sums.location), \
      \(loss.positives) positives) at rank \(rank) on the images \(images.joined(separator: ", ")); \
      \(layer.map { "the first layer whose output is not finite is \($0)" } ?? "the outputs of all layers are finite"); \
      \(Self.advice)
      """
  }

  package init(iteration: Int, _ gradient: NonFiniteGradient) {
    description = """
      iteration \(iteration): the gradient of \(gradient.parameter) is not finite, though the loss was; \(Self.advice)
      """
  }

  package init(_ description: String) {
    self.description = description
  }

  private static let advice = "try a lower learning rate or a longer warm-up"
}
